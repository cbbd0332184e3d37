// What becomes of our own lists' rows while the store hangs or fails.
#include "apps/daemon/list_keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>

#include "storage/memory_store.h"

namespace leumund::apps {
namespace {

using std::chrono::milliseconds;

class BadStore final : public storage::MemoryStore {
 public:
  base::Status save_list(const listing::ListSave& save) override {
    ++tries;
    if (hangs) {
      if (!begun.try_wait()) begun.count_down();
      goes_on.wait();
    }
    if (throws) throw std::runtime_error("no memory");
    if (fails) return base::Error{base::ErrorCode::exhausted, "no room"};
    return MemoryStore::save_list(save);
  }
  [[nodiscard]] bool keeps() const override { return true; }

  std::atomic<int> tries = 0;
  std::atomic<bool> fails = false;
  std::atomic<bool> throws = false;
  std::atomic<bool> hangs = false;
  std::latch begun{1};
  std::latch goes_on{1};
};

class ListKeeperTest : public testing::Test {
 protected:
  // So many reports, the first with this number as its reporter.
  std::future<bool> keep(std::uint64_t first, std::size_t rows) {
    ListKeeper::Work work;
    listing::ListSave& save = work.saves.emplace_back();
    save.list = "bl";
    for (std::size_t i = 0; i < rows; ++i) {
      save.reports.push_back({{.client = base::IpAddress::v4(1),
                               .kind = model::AbuseKind::complaint,
                               .reporter = first + i,
                               .at = {}},
                              {},
                              1});
    }
    auto kept = work.waiters.emplace_back().get_future();
    keeper.keep(std::move(work));
    return kept;
  }
  std::vector<std::uint64_t> stored() {
    std::vector<std::uint64_t> out;
    const auto list = store.load_list("bl", base::TimePoint());
    for (const auto& one : list->reports) out.push_back(one.report.reporter);
    return out;
  }

  BadStore store;
  ListKeeper keeper{store, {}};
};

TEST_F(ListKeeperTest, WhatTheStoreRefusesIsTriedAgainInItsOrder) {
  store.fails = true;
  keeper.start();
  EXPECT_FALSE(keep(1, 1).get());
  EXPECT_FALSE(keep(2, 2).get());
  EXPECT_EQ(keeper.health().trouble, "not on disk: no room");
  store.fails = false;
  for (int i = 0; !keeper.health().trouble.empty() && i < 400; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{1, 2, 3})) << "by itself";
  EXPECT_TRUE(keep(4, 1).get());
}

TEST_F(ListKeeperTest, WhatTheStoreThrowsOverIsTriedAgainAndWhoWaitsIsTold) {
  store.throws = true;
  keeper.start();
  EXPECT_FALSE(keep(1, 2).get());
  EXPECT_EQ(keeper.health().trouble, "not on disk: no memory");
  store.throws = false;
  for (int i = 0; !keeper.health().trouble.empty() && i < 400; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(ListKeeperTest, AfterAFailureItLeavesTheStoreToOthersForASecond) {
  store.fails = true;
  store.hangs = true;
  keeper.start();
  auto first = keep(1, 1);
  store.begun.wait();
  std::this_thread::sleep_for(milliseconds(1200));  // as a locked file does
  store.goes_on.count_down();
  EXPECT_FALSE(first.get());
  const auto failed_at = std::chrono::steady_clock::now();
  for (std::uint64_t i = 2; i < 20; ++i) EXPECT_FALSE(keep(i, 1).get());
  if (std::chrono::steady_clock::now() < failed_at + milliseconds(900)) EXPECT_EQ(store.tries, 1);
}

TEST_F(ListKeeperTest, BehindAStoreThatHangsOnlySoMuchWaitsAndWhoWaitsIsTold) {
  store.hangs = true;
  keeper.start();
  auto first = keep(1, 1);
  store.begun.wait();
  auto second = keep(2, 3 * ListKeeper::unsaved_most / 4);
  EXPECT_EQ(second.wait_for(milliseconds(20)), std::future_status::timeout);
  auto third = keep(1'000'000, ListKeeper::unsaved_most / 2);
  EXPECT_FALSE(second.get());
  EXPECT_FALSE(third.get());
  EXPECT_GE(keeper.health().rows_lost, ListKeeper::unsaved_most / 4 + 1);
  EXPECT_LE(keeper.health().rows_lost, ListKeeper::unsaved_most / 4 + 1 + 4000);
  store.goes_on.count_down();
  EXPECT_FALSE(first.get()) << "something was lost while it was written";
  EXPECT_TRUE(keep(5'000'000, 1).get());
  EXPECT_EQ(stored().back(), 5'000'000U);
}

TEST_F(ListKeeperTest, AtTheEndItTriesOnceMore) {
  store.fails = true;
  keeper.start();
  EXPECT_FALSE(keep(1, 1).get());
  store.fails = false;
  keeper.stop();
  EXPECT_EQ(stored(), (std::vector<std::uint64_t>{1}));
}

}  // namespace
}  // namespace leumund::apps
