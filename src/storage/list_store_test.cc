// What every store must do with the lists of our own, run against each of them.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "storage/memory_store.h"
#include "storage/sqlite_store.h"

namespace {

std::atomic<int> synced = 0;

}  // namespace

// In place of the library's, for SQLite as well: they count.
extern "C" int fsync(int fd) {
  ++synced;
  return static_cast<int>(syscall(SYS_fsync, fd));
}
extern "C" int fdatasync(int fd) {
  ++synced;
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}

namespace leumund::storage {
namespace {

base::TimePoint at(int seconds) {
  return base::TimePoint(std::chrono::seconds(1'700'000'000 + seconds));
}

class ListStore : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("Memory")) {
      store_ = std::make_unique<MemoryStore>();
      return;
    }
    std::string name = (std::filesystem::temp_directory_path() / "leumund-lists-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    open();
  }
  void TearDown() override {
    store_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  void open() {
    store_.reset();
    auto opened = SqliteStore::open(folder_ / "leumund.db");
    ASSERT_TRUE(opened.ok());
    store_ = std::move(*opened);
  }

  // How many slices it took.
  int forget(const std::string& list, std::size_t rows_most = 2000) {
    listing::ListForgetting way{.list = list,
                                .reports_before = at(0) + std::chrono::days(2),
                                .history_before = at(0) + std::chrono::days(2),
                                .rows_most = rows_most};
    int slices = 0;
    for (; !way.done && slices < 10'000; ++slices) EXPECT_TRUE(store_->forget_list(way).ok());
    return slices;
  }

  std::filesystem::path folder_;
  std::unique_ptr<Store> store_;
};

listing::ListSave list_save() {
  listing::ListSave save;
  save.list = "bl";
  const auto four = *base::IpAddress::parse("192.0.2.1");
  const auto six = *base::IpAddress::parse("2001:db8::");
  save.reports = {{{four, model::AbuseKind::typo_trap, ~std::uint64_t{0}, at(1)}, at(2), 0.25F},
                  {{six, model::AbuseKind::complaint, 7, at(3)}, at(4), 1.0F}};
  save.places = {{four, at(2), at(9), at(5), at(6), at(7), 3}, {six, {}, {}, {}, {}, {}, 0}};
  save.traffic = {{four, 19'675, 4'000'000'000U, 5}, {four, 19'676, 1, 0}};
  save.reporters = {{7, 1, 2, 19'675, 4}, {8, 0, 0, 19'000, 4}};
  save.hand = {{*base::IpPrefix::parse("198.51.100.0/24"), at(1), at(8), "\u00e4, sold", "anna"}};
  listing::ListHistoryRecord line;
  line.what = {four, 32};
  line.at = at(2);
  line.move = "listed";
  line.until = at(9);
  line.kinds = {1, 2, 3, 4, 5};
  line.reporters = 6;
  line.spam = 7.5;
  line.mail = 8;
  line.reason = "why";
  line.by = "anna";
  save.history = {line};
  return save;
}

TEST_P(ListStore, KeepsAListOfOurOwn) {
  const listing::ListSave save = list_save();
  ASSERT_TRUE(store_->save_list(save).ok());
  listing::ListSave other = save;
  other.list = "traps";
  ASSERT_TRUE(store_->save_list(other).ok());
  if (!folder_.empty()) open();  // from the disk
  const auto read = store_->load_list("bl", at(0)).value();
  EXPECT_EQ(read.reports, save.reports) << "in their order";
  EXPECT_EQ(read.places, save.places);
  EXPECT_EQ(read.traffic, save.traffic);
  EXPECT_EQ(read.reporters, save.reporters);
  EXPECT_EQ(read.unreadable, 0U);
  ASSERT_EQ(read.hand.size(), 1U);
  EXPECT_EQ(read.hand[0].what.to_string(), "198.51.100.0/24");
  EXPECT_EQ(read.hand[0].until, at(8));
  EXPECT_EQ(read.hand[0].reason, save.hand[0].reason);
  EXPECT_EQ(read.hand[0].by, "anna");
  EXPECT_EQ(store_->load_list("bl", at(3))->reports.size(), 1U) << "only what was heard since";
  EXPECT_TRUE(store_->load_list("other", at(0))->places.empty());

  for (const listing::ListPlaceRecord& one : save.places) {
    if (one.until == base::TimePoint()) continue;
    const auto before = store_->load_listed("bl", one.until - base::Micros(1)).value();
    const auto is_it = [&](const auto& place) { return place == one; };
    EXPECT_TRUE(std::ranges::any_of(before.places, is_it));
    EXPECT_EQ(before.hand.size(), 1U);
    EXPECT_TRUE(before.reports.empty()) << "what it is listed for is read later";
    const auto over = store_->load_listed("bl", one.until).value();
    EXPECT_TRUE(std::ranges::none_of(over.places, is_it));
  }
}

listing::ListSave name_save() {
  listing::ListSave save;
  save.list = "dbl";
  model::AbuseReport report;
  report.reporter = ~std::uint64_t{0};
  report.at = at(1);
  save.name_reports = {{"spam.example", report, at(2), 0.25F}, {"b.example", report, at(4), 1.0F}};
  save.names = {{"b.example", {}, {}, {}, {}, 0}, {"spam.example", at(2), at(9), at(5), at(6), 3}};
  save.hand_names = {{"hand.example", at(1), at(8), "\u00e4, sold", "anna"}};
  save.reporters = {{7, 1, 2, 19'675, 4}};
  listing::NameHistoryRecord line;
  line.name = "spam.example";
  line.line.at = at(2);
  line.line.move = "listed";
  line.line.until = at(9);
  line.line.kinds = {1, 2, 3, 4, 5};
  line.line.reporters = 6;
  line.line.spam = 7.5;
  line.line.reason = "why";
  line.line.by = "anna";
  save.name_history = {line, line};
  save.name_history[1].line.move = "expired";
  return save;
}

TEST_P(ListStore, WhatIsSavedSurvivesAPowerCut) {
  if (folder_.empty()) return;
  ASSERT_TRUE(store_->save_list(list_save()).ok());
  const int before = synced;
  ASSERT_TRUE(store_->save_list(list_save()).ok());
  EXPECT_GT(synced, before) << "in the disk's hands before it is called kept";
}

TEST_P(ListStore, KeepsAListOfNames) {
  const listing::ListSave save = name_save();
  ASSERT_TRUE(store_->save_list(save).ok());
  if (!folder_.empty()) open();  // from the disk
  auto read = store_->load_list("dbl", at(0)).value();
  EXPECT_EQ(read.name_reports, save.name_reports) << "in their order";
  EXPECT_EQ(read.names, save.names);
  EXPECT_EQ(read.hand_names, save.hand_names);
  EXPECT_EQ(read.reporters, save.reporters);
  EXPECT_TRUE(store_->load_list("bl", at(0))->names.empty());
  EXPECT_EQ(store_->load_list("dbl", at(3))->name_reports.size(), 1U);
  const auto history = store_->name_history("dbl", "spam.example", 10).value();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].line.move, "expired") << "newest first";
  EXPECT_EQ(history[1].line.kinds, save.name_history[0].line.kinds);
  EXPECT_EQ(history[1].line.reason, "why");
  EXPECT_TRUE(store_->name_history("dbl", "b.example", 10)->empty());
  EXPECT_EQ(store_->name_history("dbl", std::nullopt, 1)->size(), 1U);
  listing::ListSave later;
  later.list = "dbl";
  later.hand_names_gone = {"hand.example"};
  ASSERT_TRUE(store_->save_list(later).ok());
  forget("dbl");
  read = store_->load_list("dbl", {}).value();
  EXPECT_TRUE(read.hand_names.empty());
  EXPECT_TRUE(read.name_reports.empty());
  ASSERT_EQ(read.names.size(), 1U) << "what is listed is not forgotten";
  EXPECT_EQ(read.names[0].name, "spam.example");
  EXPECT_TRUE(store_->name_history("dbl", std::nullopt, 10)->empty());
}

TEST_P(ListStore, SaysWhetherItKeepsAnythingAtAll) { EXPECT_EQ(store_->keeps(), !folder_.empty()); }

// A store of many listings whose file is broken in the middle of a table, so that it is replaced.
TEST(ListStoreDamage, WhatCanStillBeReadOfTheListsIsTakenOver) {
  std::string name = (std::filesystem::temp_directory_path() / "leumund-lists-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(name.data());
  const std::filesystem::path path = folder / "leumund.db";
  constexpr std::uint32_t places = 20'000;
  {
    auto store = SqliteStore::open(path).value();
    listing::ListSave save;
    save.list = "bl";
    for (std::uint32_t i = 0; i < places; ++i) {
      listing::ListPlaceRecord one;
      one.place = base::IpAddress::v4(0xcb007100U + i);
      one.until = at(9);
      save.places.push_back(one);
    }
    ASSERT_TRUE(store->save_list(save).ok());
    listing::ListSave names = name_save();
    ASSERT_TRUE(store->save_list(names).ok());
  }
  // The root page of the table that is read at every start, and some of the middle of the file.
  const auto page_of_table = [&] {
    SQLite::Database file(path, SQLite::OPEN_READONLY);
    return file.execAndGet("SELECT rootpage FROM sqlite_master WHERE name = 'restriction'")
        .getInt();
  }();
  const auto size = std::filesystem::file_size(path);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const std::string rubbish(4096, '\x5a');
    file.seekp((page_of_table - 1) * 4096);
    file.write(rubbish.data(), 4096);
    file.seekp(static_cast<std::streamoff>(size / 8192 * 4096));
    file.write(rubbish.data(), 4096);
  }
  auto opened = SqliteStore::open_or_replace(path).value();
  EXPECT_FALSE(opened.moved_to.empty());
  const auto bl = opened.store->load_list("bl", {}).value();
  EXPECT_GT(bl.places.size(), places * 9 / 10) << "all but the broken page";
  EXPECT_LT(bl.places.size(), places);
  EXPECT_TRUE(bl.trouble.empty());
  EXPECT_EQ(opened.store->load_list("dbl", {})->names, name_save().names);
  EXPECT_EQ(opened.store->name_history("dbl", std::nullopt, 10)->size(), 2U);
  EXPECT_GT(opened.list_rows_salvaged, places * 9 / 10);
  opened.store.reset();
  std::filesystem::remove_all(folder);
}

TEST_P(ListStore, AListIsChangedByItsNewestWord) {
  ASSERT_TRUE(store_->save_list(list_save()).ok());
  listing::ListSave later;
  later.list = "bl";
  later.places = {{*base::IpAddress::parse("192.0.2.1"), at(2), {}, {}, {}, {}, 4}};
  later.traffic = {{*base::IpAddress::parse("192.0.2.1"), 19'676, 2, 1}};
  later.hand_gone = {*base::IpPrefix::parse("198.51.100.0/24")};
  ASSERT_TRUE(store_->save_list(later).ok());
  const auto read = store_->load_list("bl", at(0)).value();
  EXPECT_EQ(read.places.size(), 2U);
  EXPECT_EQ(read.places[0], later.places[0]);
  EXPECT_EQ(read.traffic.back(), later.traffic[0]);
  EXPECT_TRUE(read.hand.empty());
}

TEST_P(ListStore, TellsAnAddressesHistoryNewestFirst) {
  listing::ListSave save = list_save();
  save.history.push_back(save.history[0]);
  save.history[1].move = "expired";
  save.history.push_back(save.history[0]);
  save.history[2].what = *base::IpPrefix::parse("203.0.113.1");
  ASSERT_TRUE(store_->save_list(save).ok());
  const auto of_one = store_->list_history("bl", *base::IpPrefix::parse("192.0.2.1"), 10).value();
  ASSERT_EQ(of_one.size(), 2U);
  EXPECT_EQ(of_one[0].move, "expired");
  EXPECT_EQ(of_one[1].kinds, save.history[0].kinds);
  EXPECT_EQ(of_one[1].mail, 8);
  EXPECT_EQ(of_one[1].reason, "why");
  EXPECT_EQ(store_->list_history("bl", std::nullopt, 2)->size(), 2U);
  EXPECT_EQ(store_->list_history("bl", std::nullopt, 10)->size(), 3U);
}

TEST_P(ListStore, ForgetsWhatAListNeedNotKeepAndNeverAListing) {
  ASSERT_TRUE(store_->save_list(list_save()).ok());
  forget("bl");
  const auto read = store_->load_list("bl", {}).value();
  EXPECT_TRUE(read.reports.empty());
  EXPECT_TRUE(read.traffic.empty());
  ASSERT_EQ(read.reporters.size(), 1U) << "who was wrong is remembered";
  EXPECT_EQ(read.reporters[0].wrong, 2U);
  ASSERT_EQ(read.places.size(), 1U);
  EXPECT_EQ(read.places[0].until, at(9));
  EXPECT_EQ(read.hand.size(), 1U);
  EXPECT_TRUE(store_->list_history("bl", std::nullopt, 10)->empty());
}

TEST_P(ListStore, ForgetsInSlicesSoThatOthersAreServedInBetween) {
  constexpr std::uint32_t rows = 1000;
  const auto ip = [](std::uint32_t i) { return base::IpAddress::v4(0x0a000000 + i); };
  for (const char* list : {"bl", "other"}) {
    listing::ListSave save;
    save.list = list;
    for (std::uint32_t i = 0; i < rows; ++i) {
      const bool old = i % 2 == 0;
      const base::TimePoint when = old ? at(0) : at(3 * 86'400);
      save.reports.push_back({{ip(i), model::AbuseKind::complaint, i, when}, when, 1});
      save.places.push_back({ip(i), when, i % 4 == 0 ? at(9) : base::TimePoint(), {}, {}, {}, 1});
      save.traffic.push_back({ip(i), old ? 19'675 : 19'680, 1, 1});
      save.reporters.push_back({i * 0x9e3779b97f4a7c15, 0, 0, old ? 19'675 : 19'680, 1});
      listing::ListHistoryRecord line;
      line.what = {ip(i), 32};
      line.at = when;
      save.history.push_back(line);
      const std::string name = "n" + std::to_string(i) + ".com";
      save.names.push_back({name, when, {}, {}, {}, 1});
      save.name_reports.push_back({name, save.reports.back().report, when, 1});
      save.name_history.push_back({name, line});
    }
    ASSERT_TRUE(store_->save_list(save).ok());
  }
  const int slices = forget("bl", 20);
  if (!folder_.empty()) EXPECT_GE(slices, 8 * static_cast<int>(rows) / 2 / 20);
  const auto left = store_->load_list("bl", {}).value();
  EXPECT_EQ(left.reports.size(), rows / 2);
  EXPECT_EQ(left.places.size(), rows * 3 / 4) << "what stands is never forgotten";
  EXPECT_EQ(left.traffic.size(), rows / 2);
  EXPECT_EQ(left.reporters.size(), rows / 2);
  EXPECT_EQ(left.names.size(), rows / 2);
  EXPECT_EQ(left.name_reports.size(), rows / 2);
  EXPECT_EQ(store_->list_history("bl", std::nullopt, 2 * rows)->size(), rows / 2);
  EXPECT_EQ(store_->name_history("bl", std::nullopt, 2 * rows)->size(), rows / 2);
  const auto other = store_->load_list("other", {}).value();
  EXPECT_EQ(other.reports.size(), rows);
  EXPECT_EQ(other.reporters.size(), rows);
  EXPECT_EQ(store_->list_history("other", std::nullopt, 2 * rows)->size(), rows);
}

INSTANTIATE_TEST_SUITE_P(Stores, ListStore, testing::Values("Memory", "Sqlite"));

}  // namespace
}  // namespace leumund::storage
