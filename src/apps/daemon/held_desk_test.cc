// Mail on hold that nobody thinks of is told, found and in the end forgotten in bounds.
#include "apps/daemon/held_desk.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "apps/daemon/fake_writer.h"
#include "engine/engine_test_world.h"
#include "storage/memory_store.h"

namespace leumund::apps {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class HeldDeskTest : public testing::Test {
 protected:
  HeldDeskTest() : pipeline_(engine::test_settings(), engine::shipped_replies(), writer_) {
    std::string name = (fs::temp_directory_path() / "leumund-held-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(helper()) << "#!/bin/sh\ncat " << (folder_ / "list").string() << "\n";
    fs::permissions(helper(), fs::perms::owner_all);
    list({});
    options_.helper = helper().string();
  }
  ~HeldDeskTest() override { fs::remove_all(folder_); }

  fs::path helper() { return folder_ / "helper"; }
  // Queue ids and the queues they are in, as postqueue tells them.
  void list(const std::vector<std::pair<std::string, std::string>>& mails) {
    std::ofstream out(folder_ / "list.new");
    for (const auto& [id, queue] : mails) {
      out << R"({"queue_name":")" << queue << R"(","queue_id":")" << id
          << R"(","arrival_time":1700000000,"message_size":300,"sender":"a@c.test",)"
          << R"("recipients":[{"address":"x@y.test"}]})"
          << "\n";
    }
    out.close();
    fs::rename(folder_ / "list.new", folder_ / "list");
  }
  void on_record(const std::string& id, const std::string& campaign, base::Micros age = 48h) {
    const std::vector<model::QueuedMail> queue = {
        {{"", "", id}, "account:a@c.test", clock_.now() - age, 0, false, campaign}};
    ASSERT_TRUE(store_.save(storage::Checkpoint{{}, {}, queue}));
  }
  HeldDesk::Around around(std::chrono::milliseconds every = 1h) {
    return {.pipeline = pipeline_,
            .store = store_,
            .clock = clock_,
            .queue = [this] { return action::QueueControl(options_); },
            .tell_over =
                [this](const model::Decision& decision, std::size_t mails, std::size_t senders) {
                  told_.with([&](auto& all) {
                    all.push_back(
                        fmt::format("{} {} {}", decision.subject.to_string(), mails, senders));
                  });
                },
            .look_every = every};
  }
  template <typename Is>
  bool soon(Is&& is) {
    for (int i = 0; i < 500; ++i, std::this_thread::sleep_for(20ms)) {
      if (is()) return true;
    }
    return false;
  }
  std::vector<std::string> told() {
    return told_.with([](auto& all) { return all; });
  }
  static model::Decision ended(const char* subject) {
    model::Decision decision;
    decision.kind = model::DecisionKind::ended;
    decision.subject = *model::Subject::parse(subject);
    return decision;
  }
  void suspended(const char* subject) {
    pipeline_.with_engine([&](engine::Engine& engine) {
      model::Restriction stop;
      stop.subject = *model::Subject::parse(subject);
      stop.by = "admin";
      std::ignore = engine.book().suspend(stop, clock_.now());
    });
  }

  fs::path folder_;
  action::QueueControlOptions options_;
  Clock clock_;
  storage::MemoryStore store_;
  FakeWriter writer_;
  Pipeline pipeline_;
  base::Guarded<std::vector<std::string>> told_;
};

TEST_F(HeldDeskTest, TellsWhatACampaignThatIsOverLeavesOnHold) {
  on_record("4A1F0C", "campaign:7f", 24h * 30);
  on_record("4A2F0C", "campaign:7f");
  on_record("4A3F0C", "campaign:7f");
  on_record("4B1F0C", "campaign:99");
  list({{"4A1F0C", "hold"}, {"4A2F0C", "hold"}, {"4A3F0C", "deferred"}});
  HeldDesk desk(around());
  desk.note({ended("campaign:7f"), ended("campaign:99")});
  ASSERT_TRUE(soon([&] { return !told().empty(); }));
  EXPECT_THAT(told(), testing::ElementsAre("campaign:7f 2 0")) << "nothing of 99 is on hold";
  ASSERT_TRUE(soon([&] { return desk.part().has_value(); }));
  EXPECT_EQ(desk.part()->detail,
            "2 mails on hold and 0 senders stopped by what is over, to be decided on: "
            "campaign:7f");
  // Somebody lets it go.
  list({{"4A1F0C", "active"}, {"4A2F0C", "active"}});
  desk.look_soon();
  EXPECT_TRUE(soon([&] { return !desk.part(); }));
}

TEST_F(HeldDeskTest, TellsWhatARestrictionThatEndedLeavesOnHold) {
  on_record("4A1F0C", "", 24h);
  on_record("4A2F0C", "");
  on_record("4A3F0C", "");
  on_record("4A4F0C", "campaign:7f");  // which goes on
  on_record("4A5F0C", "", 1h);         // after the end: on hold for another reason
  list({{"4A1F0C", "hold"},
        {"4A2F0C", "hold"},
        {"4A3F0C", "active"},
        {"4A4F0C", "hold"},
        {"4A5F0C", "hold"}});
  suspended("campaign:7f");
  model::Decision end = ended("account:a@c.test");
  end.number = 2;
  end.at = clock_.now() - 2h;
  const char* said =
      "2 mails on hold and 0 senders stopped by what is over, to be decided on: "
      "account:a@c.test";
  {
    HeldDesk desk(around());
    desk.note({end});
    ASSERT_TRUE(soon([&] { return !told().empty(); })) << "before the end is in the journal";
    EXPECT_THAT(told(), testing::ElementsAre("account:a@c.test 2 0"));
    ASSERT_TRUE(soon([&] { return desk.part().has_value(); }));
    EXPECT_EQ(desk.part()->detail, said);
  }
  ASSERT_TRUE(store_.commit(std::vector{end}));
  HeldDesk anew(around(100ms));
  ASSERT_TRUE(soon([&] { return anew.part().has_value(); })) << "a restart forgets nothing";
  EXPECT_EQ(anew.part()->detail, said);
  model::Decision released = end;
  released.number = 3;
  released.kind = model::DecisionKind::released;
  ASSERT_TRUE(store_.commit(std::vector{released}));
  EXPECT_TRUE(soon([&] { return !anew.part(); })) << "somebody decided";
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(HeldDeskTest, MailOfASenderWhoIsStoppedAgainIsNotLeftBehind) {
  on_record("4A1F0C", "");
  list({{"4A1F0C", "hold"}});
  suspended("account:a@c.test");
  auto held = HeldMail::look(around().queue(), pipeline_, store_);
  ASSERT_TRUE(held.ok()) << held.error().message;
  const auto sender = *model::Subject::parse("account:a@c.test");
  EXPECT_EQ(held->count_of(sender, clock_.now()), 0U);
  EXPECT_TRUE(held->senders().contains(sender));
}

TEST_F(HeldDeskTest, FindsAllMailOfACampaignHoweverMuchItIs) {
  constexpr int mails = 25'000;
  std::vector<std::pair<std::string, std::string>> queue;
  std::vector<model::QueuedMail> records;
  for (int i = 0; i < mails; ++i) {
    const std::string id = fmt::format("4{:05}", i);
    queue.emplace_back(id, "hold");
    records.push_back({{"", "", id},
                       fmt::format("account:p{}@c.test", i),
                       clock_.now(),
                       0,
                       false,
                       "campaign:7f"});
  }
  list(queue);
  ASSERT_TRUE(store_.save(storage::Checkpoint{{}, {}, records}));
  // One of its senders is stopped for reasons of his own.
  suspended("account:p3@c.test");
  auto held = HeldMail::look(around().queue(), pipeline_, store_);
  ASSERT_TRUE(held.ok()) << held.error().message;
  const auto campaign = *model::Subject::parse("campaign:7f");
  held->want_of(campaign);
  EXPECT_EQ(held->wanted().size(), mails);
  EXPECT_EQ(held->leave_out_restricted(campaign), 1U);
  EXPECT_EQ(held->wanted_keys().size(), mails - 1);
  EXPECT_EQ(held->count_of(campaign), mails - 1);
}

TEST_F(HeldDeskTest, DropsARecordOnlyWhenItsMailWasMissingTwice) {
  on_record("4A1F0C", "campaign:7f");
  on_record("4A2F0C", "campaign:7f");
  on_record("4A3F0C", "", 1min);
  list({{"4A1F0C", "hold"}});
  const auto ids = [&] {
    std::vector<std::string> out;
    for (const auto& mail : *store_.queued_after({}, 10)) out.push_back(mail.queue.queue_id);
    return out;
  };
  HeldDesk desk(around(100ms));
  EXPECT_TRUE(soon([&] { return ids().size() == 2; }));
  EXPECT_THAT(ids(), testing::ElementsAre("4A1F0C", "4A3F0C")) << "a young one may be on its way";
}

TEST_F(HeldDeskTest, KeepsNoMoreRecordsThanItMayAndSaysSo) {
  for (int i = 0; i < 20; ++i) on_record(fmt::format("4F0C{:02}", i), "", 24h * (100 - i));
  std::vector<std::pair<std::string, std::string>> mails;
  for (int i = 0; i < 20; ++i) mails.emplace_back(fmt::format("4F0C{:02}", i), "hold");
  list(mails);
  HeldDesk::Around within = around(100ms);
  within.keep_records = 15;
  HeldDesk desk(within);
  ASSERT_TRUE(soon([&] { return store_.queue_records()->mails == 15; }));
  EXPECT_EQ(store_.queued_after({}, 1)->front().queue.queue_id, "4F0C05") << "the oldest go";
  ASSERT_TRUE(soon([&] {
    std::vector<face::Metric> figures;
    desk.add_metrics(figures);
    return figures[1].name == "leumund_queue_records_forgotten_total" &&
           figures[1].samples.front().value == 5;
  }));
}

}  // namespace
}  // namespace leumund::apps
