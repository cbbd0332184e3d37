#include "apps/daemon/keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/engine_test_world.h"
#include "storage/memory_store.h"

namespace leumund::apps {
namespace {

using namespace std::chrono_literals;
using model::Subject;
using model::SubjectKind;

// A store on a disk that is full for a while.
class StoreOnADisk final : public storage::Store {
 public:
  std::atomic<bool> full = false;

  using storage::Store::save;
  base::Status save(const storage::Checkpoint& checkpoint) override {
    if (full) return no_room();
    return kept_.save(checkpoint);
  }
  base::Status load(const std::function<void(std::string_view, std::string_view)>& v) override {
    return kept_.load(v);
  }
  base::Result<std::map<std::string, std::string>> load_marks() override {
    return kept_.load_marks();
  }
  base::Result<std::vector<model::QueuedMail>> load_queue(std::size_t most) override {
    return kept_.load_queue(most);
  }
  base::Result<std::vector<model::QueuedMail>> queued_of(const Subject& subject,
                                                         const model::QueueKey& after,
                                                         std::size_t most) override {
    return kept_.queued_of(subject, after, most);
  }
  base::Result<std::vector<model::QueuedMail>> queued_after(const model::QueueKey& after,
                                                            std::size_t most) override {
    return kept_.queued_after(after, most);
  }
  base::Result<storage::QueueRecords> queue_records() override { return kept_.queue_records(); }
  base::Result<std::uint64_t> forget_queued(std::uint64_t keep) override {
    return kept_.forget_queued(keep);
  }
  base::Status commit(std::span<const model::Decision> decisions) override {
    if (full) return no_room();
    return kept_.commit(decisions);
  }
  base::Result<action::StandingRecord> load_standing() override { return kept_.load_standing(); }
  base::Result<std::vector<model::Decision>> decisions(std::uint64_t after,
                                                       std::size_t limit) override {
    return kept_.decisions(after, limit);
  }
  base::Result<std::vector<model::Decision>> decisions_about(const Subject& subject,
                                                             std::size_t limit) override {
    return kept_.decisions_about(subject, limit);
  }
  base::Status save_attempts(
      std::span<const std::pair<Subject, action::Attempts>> attempts) override {
    if (full) return no_room();
    return kept_.save_attempts(attempts);
  }
  base::Status replace_standing(const action::StandingRecord& standing) override {
    if (full) return no_room();
    return kept_.replace_standing(standing);
  }
  base::Status save_cases(const action::CaseSave& save) override {
    if (full) return no_room();
    return kept_.save_cases(save);
  }
  base::Result<action::CaseRecord> load_cases() override { return kept_.load_cases(); }
  base::Status save_list(const listing::ListSave& save) override {
    if (full) return no_room();
    return kept_.save_list(save);
  }
  base::Result<listing::ListRecord> load_list(const std::string& list,
                                              base::TimePoint since) override {
    return kept_.load_list(list, since);
  }
  base::Result<listing::ListRecord> load_listed(const std::string& list,
                                                base::TimePoint now) override {
    return kept_.load_listed(list, now);
  }
  base::Result<std::vector<listing::ListHistoryRecord>> list_history(
      const std::string& list, const std::optional<base::IpPrefix>& what,
      std::size_t most) override {
    return kept_.list_history(list, what, most);
  }
  base::Result<std::vector<listing::NameHistoryRecord>> name_history(
      const std::string& list, const std::optional<std::string>& name, std::size_t most) override {
    return kept_.name_history(list, name, most);
  }
  [[nodiscard]] bool keeps() const override { return kept_.keeps(); }
  base::Status forget_list(listing::ListForgetting& way) override { return kept_.forget_list(way); }
  base::Result<std::uint64_t> forget_decisions(base::TimePoint before) override {
    return kept_.forget_decisions(before);
  }

 private:
  static base::Error no_room() { return {base::ErrorCode::exhausted, "the disk is full"}; }
  storage::MemoryStore kept_;
};

class KeeperTest : public testing::Test {
 protected:
  void start(KeeperLimits limits = {}) {
    keeper_ = std::make_unique<Keeper>(store_, nullptr, limits);
    pipeline_ = std::make_unique<Pipeline>(engine::Settings{}, engine::shipped_replies(), *keeper_);
    keeper_->start(
        *pipeline_, [] { return std::vector<base::Gate::Pass>(); },
        [] { return std::vector<storage::Mark>(); });
  }
  ~KeeperTest() override {
    if (keeper_) keeper_->stop();
  }
  static Subject account(int n) {
    return {SubjectKind::account, "a" + std::to_string(n) + "@c.test"};
  }
  void suspend(const Subject& subject) {
    std::ignore = pipeline_->command([&](engine::Engine& engine) {
      model::Restriction order;
      order.subject = subject;
      auto decision = engine.book().suspend(order, now_);
      return std::pair(0, std::vector{std::move(decision)});
    });
  }
  void release(const Subject& subject) {
    std::ignore = pipeline_->command([&](engine::Engine& engine) {
      auto decision =
          engine.book().release(subject, {.done = {}, .without_checklist = true}, "admin", now_);
      return std::pair(0, std::vector{std::move(decision).value()});
    });
  }
  static bool within(std::chrono::milliseconds patience, const std::function<bool()>& true_now) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      if (true_now()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return true_now();
  }

  const base::TimePoint now_ = base::from_unix_seconds(1'700'000'000);
  StoreOnADisk store_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(KeeperTest, WhatWaitsForADownStoreIsBoundedAndWhatStandsIsWrittenWhenItIsBack) {
  start({.batches_max = 1000, .decisions_max = 10, .unsaved_max = 10});
  suspend(account(0));
  ASSERT_TRUE(within(10s, [&] { return store_.load_standing()->restrictions.size() == 1; }));
  store_.full = true;
  release(account(0));
  for (int n = 1; n <= 60; ++n) suspend(account(n));
  ASSERT_TRUE(within(10s, [&] { return keeper_->status().decisions_dropped == 51; }))
      << keeper_->status().decisions_dropped;
  EXPECT_EQ(keeper_->status().decisions_waiting, 10U);
  EXPECT_EQ(keeper_->status().trouble, "the disk is full");
  store_.full = false;
  // The release was among the dropped ones; all the same nobody stands who does not.
  EXPECT_TRUE(within(10s, [&] {
    const auto standing = store_.load_standing().value();
    return standing.restrictions.size() == 60 &&
           standing.restrictions.front().subject != account(0);
  }));
  EXPECT_EQ(store_.decisions(0, 1000)->size(), 11U) << "the first, and the ten newest";
  EXPECT_EQ(store_.load_standing()->last_number, 62U);
  suspend(account(0));  // and from here on as ever
  EXPECT_TRUE(within(10s, [&] { return store_.load_standing()->restrictions.size() == 61; }));
}

TEST_F(KeeperTest, TheTroubleIsOverWithTheFirstDecisionWrittenThoughNothingIsCounted) {
  start();
  store_.full = true;
  suspend(account(1));
  ASSERT_TRUE(within(10s, [&] { return keeper_->status().trouble == "the disk is full"; }));
  store_.full = false;
  EXPECT_TRUE(within(10s, [&] { return keeper_->status().trouble.empty(); }));
  EXPECT_EQ(store_.load_standing()->restrictions.size(), 1U);
}

TEST_F(KeeperTest, QueuedMailIsKeptUntilItLeavesTheQueue) {
  start();
  const model::QueueKey key{"", "", "4XyZ1234"};
  model::Submission mail;
  mail.account = "a@c.test";
  mail.queue = key;
  mail.source = model::Source::log;
  mail.recipient_count = 1;
  // The keeper has begun to collect once its first checkpoint is done.
  model::Submission first = mail;
  first.queue.queue_id = "4XyZ0000";
  std::ignore = pipeline_->with_engine([](engine::Engine& engine) { return engine.drain_queue(); });
  pipeline_->feed({now_, now_, first}, now_);
  pipeline_->feed({now_, now_, mail}, now_);
  ASSERT_TRUE(within(10s, [&] { return store_.load_queue(100)->size() == 2; }));
  EXPECT_EQ(store_.load_queue(1)->size(), 1U);
  EXPECT_EQ(store_.load_queue(100)->back().subject, "account:a@c.test");
  EXPECT_EQ(store_.load_queue(100)->back().uncounted, 1U);
  store_.full = true;
  pipeline_->feed({now_, now_, model::QueueRemoval{key}}, now_);
  ASSERT_TRUE(within(10s, [&] { return keeper_->status().failures > 0; }));
  store_.full = false;
  EXPECT_TRUE(within(10s, [&] { return store_.load_queue(100)->size() == 1; }));
}

}  // namespace
}  // namespace leumund::apps
