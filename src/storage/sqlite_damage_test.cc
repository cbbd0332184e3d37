// What is left of a store whose file, or a row of it, was damaged.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "storage/sqlite_store.h"
#include "storage/store_test_world.h"

namespace leumund::storage {
namespace {

using model::Decision;
using model::DecisionKind;
using model::Subject;

std::vector<std::string> tables_of(const std::string& path) {
  sqlite3* raw = nullptr;
  sqlite3_stmt* rows = nullptr;
  std::vector<std::string> out;
  EXPECT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(raw, "SELECT name FROM sqlite_master WHERE type = 'table'", -1,
                               &rows, nullptr),
            SQLITE_OK);
  while (sqlite3_step(rows) == SQLITE_ROW) {
    out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(rows, 0)));
  }
  sqlite3_finalize(rows);
  sqlite3_close(raw);
  return out;
}

std::streamoff root_page(const std::string& path, const std::string& table) {
  sqlite3* raw = nullptr;
  sqlite3_stmt* rows = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  const std::string query = "SELECT rootpage FROM sqlite_master WHERE name = '" + table + "'";
  EXPECT_EQ(sqlite3_prepare_v2(raw, query.c_str(), -1, &rows, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_step(rows), SQLITE_ROW);
  const auto page = static_cast<std::streamoff>(sqlite3_column_int64(rows, 0));
  sqlite3_finalize(rows);
  sqlite3_close(raw);
  return page;
}

void wreck(const std::string& path, std::streamoff page) {
  ASSERT_LE(page * 4096, static_cast<std::streamoff>(std::filesystem::file_size(path)));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp((page - 1) * 4096);
  file << std::string(4096, '\xff');
}

// A start that took it for well would count for nothing: no later write of that table succeeds.
TEST(SqliteStore, AWreckedTableIsFoundWhicheverItIs) {
  const Folder origin;
  const std::string whole = origin.file("leumund.db");
  {
    auto store = SqliteStore::open(whole);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(
        (*store)->commit(std::vector{decision(1, DecisionKind::restricted, "account:a")}).ok());
  }
  const auto tables = tables_of(whole);
  EXPECT_GT(tables.size(), 10U);
  for (const auto& table : tables) {
    SCOPED_TRACE(table);
    const Folder folder;
    const std::string path = folder.file("leumund.db");
    std::filesystem::copy_file(whole, path);
    wreck(path, root_page(path, table));
    const auto opened = SqliteStore::open_or_replace(path);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->moved_to, path + ".damaged-1");
    const std::vector<evidence::SubjectRecord> counts = {{"account:b", "1"}};
    EXPECT_TRUE(opened->store->save_checkpoint(counts, {}).ok());
    const auto standing = opened->store->load_standing().value();
    EXPECT_EQ(standing.restrictions.size(), table == "restriction" ? 0U : 1U);
  }
}

TEST(SqliteStore, MovesADamagedFileAsideAndSaysSo) {
  const Folder folder;
  const std::string path = folder.file("leumund.db");
  std::ofstream(path) << std::string(10'000, 'x');
  const auto opened = SqliteStore::open_or_replace(path);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->moved_to, path + ".damaged-1");
  EXPECT_TRUE(std::filesystem::exists(opened->moved_to));
  EXPECT_TRUE(opened->store->load_standing().value().restrictions.empty());
}

TEST(SqliteStore, ARestrictionThatCannotBeReadIsNamedAndTheOthersStand) {
  const Folder folder;
  const std::string path = folder.file("leumund.db");
  {
    auto store = SqliteStore::open(path);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE((*store)
                    ->commit(std::vector{decision(1, DecisionKind::restricted, "account:a"),
                                         decision(2, DecisionKind::restricted, "account:b")})
                    .ok());
  }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(raw, "UPDATE restriction SET body = '{' WHERE subject = 'account:a'",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(raw);
  const auto store = SqliteStore::open(path);
  ASSERT_TRUE(store.ok());
  const auto standing = (*store)->load_standing().value();
  ASSERT_EQ(standing.restrictions.size(), 1U);
  EXPECT_EQ(standing.restrictions[0].subject.name, "b");
  ASSERT_EQ(standing.unreadable.size(), 1U);
  EXPECT_TRUE(standing.unreadable[0].starts_with("account:a: ")) << standing.unreadable[0];
}

TEST(SqliteStore, ADecisionThatCannotBeReadHidesNoOther) {
  const Folder folder;
  const std::string path = folder.file("leumund.db");
  {
    auto store = SqliteStore::open(path);
    ASSERT_TRUE(store.ok());
    std::vector<Decision> three;
    for (std::uint64_t n = 1; n <= 3; ++n) {
      three.push_back(decision(n, DecisionKind::restricted, "account:a"));
    }
    ASSERT_TRUE((*store)->commit(three).ok());
  }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(raw, "UPDATE decision SET body = '{' WHERE number = 2", nullptr, nullptr,
                         nullptr),
            SQLITE_OK);
  sqlite3_close(raw);
  const auto store = SqliteStore::open(path);
  ASSERT_TRUE(store.ok());
  const auto numbers = [](const base::Result<std::vector<Decision>>& read) {
    std::vector<std::uint64_t> out;
    if (!read) return out;
    for (const auto& one : *read) out.push_back(one.number);
    return out;
  };
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(numbers((*store)->decisions(0, 10)), (Numbers{1, 3}));
  EXPECT_EQ(numbers((*store)->decisions(1, 1)), Numbers{3}) << "a page is not empty before the end";
  EXPECT_EQ(numbers((*store)->decisions_about(*Subject::parse("account:a"), 2)), (Numbers{3, 1}));
}

TEST(SqliteStore, SavesWhatStandsOutOfAFileDamagedElsewhere) {
  const Folder folder;
  const std::string path = folder.file("leumund.db");
  {
    auto store = SqliteStore::open(path);
    ASSERT_TRUE(store.ok());
    std::vector<Decision> many;
    for (std::uint64_t n = 1; n <= 400; ++n) {
      many.push_back(decision(n, DecisionKind::would_restrict, "account:noise"));
    }
    many.push_back(decision(401, DecisionKind::restricted, "account:a"));
    ASSERT_TRUE((*store)->commit(many).ok());
  }
  wreck(path, root_page(path, "decision"));
  const auto opened = SqliteStore::open_or_replace(path);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_NE(opened->moved_to, "");
  const auto standing = opened->store->load_standing().value();
  ASSERT_EQ(standing.restrictions.size(), 1U);
  EXPECT_EQ(standing.restrictions[0].subject.name, "a");
}

}  // namespace
}  // namespace leumund::storage
