#include "action/access_table.h"

#include <cdb.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <lmdb.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace leumund::action {
namespace {

using model::Level;
using model::SubjectKind;
namespace fs = std::filesystem;

model::Restriction restriction(SubjectKind kind, const std::string& name,
                               Level level = Level::no_sending) {
  model::Restriction made;
  made.subject = {kind, name};
  made.level = level;
  return made;
}

std::optional<std::string> names(std::uint32_t uid) {
  if (uid == 33) return "www-data";
  if (uid == 34) return "bad:name";
  return std::nullopt;
}

// Looks up as Postfix does: through libcdb, in the file on disk.
std::optional<std::string> look_up(const fs::path& table, const std::string& key) {
  const int fd = ::open(table.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  cdb opened{};
  std::optional<std::string> value;
  if (::cdb_init(&opened, fd) == 0) {
    if (::cdb_find(&opened, key.data(), static_cast<unsigned>(key.size())) > 0) {
      value.emplace(cdb_datalen(&opened), '\0');
      EXPECT_EQ(::cdb_read(&opened, value->data(), cdb_datalen(&opened), cdb_datapos(&opened)), 0);
    }
    ::cdb_free(&opened);
  }
  ::close(fd);
  return value;
}

class AccessTablesTest : public testing::Test {
 protected:
  AccessTablesTest() {
    std::string name = (fs::temp_directory_path() / "leumund_tables_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    config::StartSettings settings;
    settings.table_folder = folder_;
    tables_ = std::move(AccessTables::open(config::postfix_files(settings))).value();
  }
  ~AccessTablesTest() override { fs::remove_all(folder_); }

  fs::path folder_;
  std::unique_ptr<AccessTables> tables_;
};

TEST(AccessTableContent, StatesWhatMustHoldWithoutTheDaemon) {
  const std::vector restrictions = {
      restriction(SubjectKind::account, "A@Verein.example"),
      restriction(SubjectKind::account, "out@verein.example", Level::external_only),
      restriction(SubjectKind::account, "held@verein.example", Level::hold),
      restriction(SubjectKind::account, "slow@verein.example", Level::throttle),
      restriction(SubjectKind::account, "login"),
      restriction(SubjectKind::script, "uid33"),
      restriction(SubjectKind::script, "uid4711"),
      restriction(SubjectKind::script, "uid34"),
      restriction(SubjectKind::script, "uid33:/srv/www/x.php"),
      restriction(SubjectKind::script, "uid35", Level::hold),
      restriction(SubjectKind::client_address, "192.0.2.1"),
      restriction(SubjectKind::account, "cert:relay.verein.example"),
  };
  const std::vector<std::string> helpdesk = {"Hilfe@c.test"}, own = {"C.test"};
  const auto content = compile(restrictions, helpdesk, own, names);
  EXPECT_EQ(content.accounts,
            (std::map<std::string, std::string>{{"a@verein.example", "leumund_no_sending"},
                                                {"held@verein.example", "leumund_hold"},
                                                {"login", "leumund_no_sending"},
                                                {"out@verein.example", "leumund_external_only"}}));
  EXPECT_EQ(content.senders,
            (std::map<std::string, std::string>{{"a@verein.example", "leumund_sender"},
                                                {"out@verein.example", "leumund_sender"}}));
  EXPECT_EQ(content.users, (std::map<std::string, std::string>{{"unknown", ""}, {"www-data", ""}}));
  EXPECT_EQ(content.helpdesk.count("hilfe@c.test"), 1u);
  EXPECT_EQ(content.own_domains.count("c.test"), 1u);
  EXPECT_EQ(content.not_expressed, 6u);
}

TEST_F(AccessTablesTest, PublishesEveryTableEvenEmpty) {
  ASSERT_TRUE(tables_->publish({}).ok());
  for (const auto* name : {"suspended_accounts.cdb", "suspended_senders.cdb", "helpdesk.cdb",
                           "own_domains.cdb", "suspended_users"}) {
    ASSERT_TRUE(fs::exists(folder_ / name)) << name;
    EXPECT_EQ(fs::status(folder_ / name).permissions(), fs::perms(0644)) << name;
  }
  EXPECT_FALSE(look_up(folder_ / "suspended_accounts.cdb", "a"));
}

TEST_F(AccessTablesTest, WritesOnlyWhatChangedAndWhatIsMissing) {
  AccessTableContent content;
  content.accounts["a@v.example"] = "leumund_no_sending";
  ASSERT_TRUE(tables_->publish(content).ok());
  EXPECT_EQ(tables_->writes(), 5u);
  EXPECT_EQ(look_up(folder_ / "suspended_accounts.cdb", "a@v.example"), "leumund_no_sending");
  content.users["www-data"] = "";
  ASSERT_TRUE(tables_->publish(content).ok());
  EXPECT_EQ(tables_->writes(), 6u);
  std::ifstream users(folder_ / "suspended_users");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(users), {}), "www-data\n");
  fs::remove(folder_ / "helpdesk.cdb");
  ASSERT_TRUE(tables_->publish(content).ok());
  EXPECT_EQ(tables_->writes(), 7u);
  EXPECT_TRUE(fs::exists(folder_ / "helpdesk.cdb"));
}

TEST_F(AccessTablesTest, LeavesNothingBesideTheTables) {
  for (int i = 0; i < 3; ++i) {
    AccessTableContent content;
    content.accounts[std::to_string(i)] = "leumund_hold";
    ASSERT_TRUE(tables_->publish(content).ok());
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 5);
}

TEST_F(AccessTablesTest, AFailureNamesTheTableAndKeepsTheOldOne) {
  AccessTableContent content;
  content.accounts["a"] = "leumund_hold";
  ASSERT_TRUE(tables_->publish(content).ok());
  fs::remove(folder_ / "helpdesk.cdb");
  fs::create_directory(folder_ / "helpdesk.cdb");  // cannot be replaced by a file
  fs::create_directory(folder_ / "helpdesk.cdb" / "x");
  content.helpdesk["h"] = "OK";
  content.accounts["b"] = "leumund_hold";
  const auto status = tables_->publish(content);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("helpdesk.cdb"), std::string::npos);
  EXPECT_EQ(look_up(folder_ / "suspended_accounts.cdb", "b"), "leumund_hold");  // the others go on
}

TEST_F(AccessTablesTest, WritesLmdbTheSameWay) {
  config::StartSettings settings;
  settings.table_folder = folder_;
  settings.table_type = config::TableType::lmdb;
  auto tables = std::move(AccessTables::open(config::postfix_files(settings))).value();
  AccessTableContent content;
  for (int i = 0; i < 20'000; ++i) {
    content.accounts[std::to_string(i) + "@verein.example"] = "leumund_no_sending";
  }
  ASSERT_TRUE(tables->publish(content).ok());
  content.accounts.erase("0@verein.example");
  ASSERT_TRUE(tables->publish(content).ok());
  const auto path = folder_ / "suspended_accounts.lmdb";
  MDB_env* environment = nullptr;
  ASSERT_EQ(mdb_env_create(&environment), 0);
  ASSERT_EQ(mdb_env_open(environment, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK | MDB_RDONLY, 0), 0);
  MDB_txn* look = nullptr;
  ASSERT_EQ(mdb_txn_begin(environment, nullptr, MDB_RDONLY, &look), 0);
  MDB_dbi table = 0;
  ASSERT_EQ(mdb_dbi_open(look, nullptr, 0, &table), 0);
  const auto find = [&](std::string name) {
    MDB_val key{name.size(), name.data()};
    MDB_val value{};
    return mdb_get(look, table, &key, &value);
  };
  EXPECT_EQ(find("19999@verein.example"), 0);
  EXPECT_EQ(find("0@verein.example"), MDB_NOTFOUND);
  mdb_txn_abort(look);
  mdb_env_close(environment);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 5);
}

TEST(AccessTables, RefusesATypeItDoesNotWrite) {
  auto files = config::postfix_files({});
  files.accounts = "hash:/etc/postfix/x";
  EXPECT_FALSE(AccessTables::open(files).ok());
}

}  // namespace
}  // namespace leumund::action
