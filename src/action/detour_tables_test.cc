#include "action/detour_tables.h"

#include <cdb.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lmdb.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "action/lookup_table.h"
#include "action/notice_text.h"
#include "action/run_command.h"
#include "base/check.h"
#include "base/need_peer.h"

namespace leumund::action {
namespace {

using model::Detour;
using model::DetourPhase;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::vector<config::DetourWay> ways = {{"default", "smtp:"}, {"out2", "out2:"}};

Detour detour(const std::string& provider, DetourPhase phase) {
  Detour made;
  made.provider = provider;
  made.phase = phase;
  made.home = "default";
  made.via = phase == DetourPhase::open || phase == DetourPhase::capped ? "out2" : "";
  return made;
}

TEST(DetourRoutes, LeadTheDomainsOfRefusedProvidersOnly) {
  const std::map<std::string, std::vector<std::string>> domains = {
      {"gmx", {"gmx.net", "gmx.de"}}, {"web", {"web.de"}}, {"yahoo", {"yahoo.com"}}};
  Detour planned = detour("yahoo", DetourPhase::open);
  planned.planned = true;
  const std::vector<Detour> all = {detour("gmx", DetourPhase::open),
                                   detour("web", DetourPhase::deferred), planned,
                                   detour("gone", DetourPhase::open)};
  EXPECT_THAT(routes_of(all, ways, domains),
              ElementsAre(Pair("gmx.de", "out2:"), Pair("gmx.net", "out2:"),
                          Pair("web.de", HasSubstr("retry:4.7.1 "))));
}

TEST(DetourRoutes, LetOneRecipientOutWhoseMailTriesTheUsualWay) {
  Detour waits = detour("gmx", DetourPhase::deferred);
  waits.probe = model::DetourProbe{{"", "", "4A"}, {}, "r@gmx.net"};
  EXPECT_THAT(routes_of(std::vector{waits}, ways, {{"gmx", {"gmx.net"}}}),
              ElementsAre(Pair("gmx.net", HasSubstr("retry:")), Pair("r@gmx.net", ":")));
  waits.probe->recipient.clear();  // the policy service sent it
  EXPECT_EQ(routes_of(std::vector{waits}, ways, {{"gmx", {"gmx.net"}}}).size(), 1U);
}

TEST(DetourRoutes, WaitWhileCappedOrGatedOrTheWayIsGone) {
  EXPECT_THAT(target_of(detour("p", DetourPhase::capped), ways), HasSubstr("retry:4.7.1 "));
  EXPECT_EQ(target_of(detour("p", DetourPhase::waiting), ways), "");
  EXPECT_EQ(target_of(detour("p", DetourPhase::none), ways), "");
  Detour trial = detour("p", DetourPhase::open);
  trial.via = trial.home;
  EXPECT_EQ(target_of(trial, ways), "") << "the operator's own transport, whatever it is";
  Detour lost = detour("p", DetourPhase::open);
  lost.via = "out9";
  EXPECT_THAT(target_of(lost, ways), HasSubstr("retry:4.7.1 "));
}

const std::vector<config::DetourPool> pools =
    config::DetourPools({"tenant ways=out3,out4 senders=@tenant.example,chief@c.example",
                         "forwards ways=out5 senders=@srs.example"})
        .all();

Detour of_pool(const std::string& provider, DetourPhase phase, int began_at) {
  Detour made = detour(provider, phase);
  made.pool = "tenant";
  made.home = "out3";
  if (!made.via.empty()) made.via = "out4";
  made.began_at = base::TimePoint(std::chrono::seconds(began_at));
  return made;
}

TEST(SenderRoutes, LeadEachPoolsSendersByItsUsualWay) {
  EXPECT_THAT(sender_routes_of({}, pools, true),
              ElementsAre(Pair("@srs.example", "out5:"), Pair("@tenant.example", "out3:"),
                          Pair("chief@c.example", "out3:")));
  EXPECT_THAT(sender_routes_of({}, pools, false), testing::IsEmpty()) << "observe mode";
}

TEST(SenderRoutes, AnOpenDetourOfAPoolMovesAllOfItsMailAndNobodyElses) {
  const std::vector<Detour> open = {of_pool("gmx", DetourPhase::open, 20)};
  EXPECT_THAT(sender_routes_of(open, pools, true),
              ElementsAre(Pair("@srs.example", "out5:"), Pair("@tenant.example", "out4:"),
                          Pair("chief@c.example", "out4:")));
  EXPECT_THAT(sender_routes_of(open, pools, false),
              ElementsAre(Pair("@tenant.example", "out4:"), Pair("chief@c.example", "out4:")))
      << "set by hand in observe mode";
  EXPECT_THAT(routes_of(open, ways, {{"gmx", {"gmx.de"}}}), testing::IsEmpty())
      << "others' mail to the provider is not touched";
  Detour planned = open.front();
  planned.planned = true;
  for (const Detour& none :
       {of_pool("gmx", DetourPhase::capped, 20), of_pool("gmx", DetourPhase::deferred, 20),
        of_pool("gmx", DetourPhase::waiting, 20), detour("gmx", DetourPhase::open), planned}) {
    EXPECT_THAT(sender_routes_of(std::vector{none}, pools, true),
                testing::Contains(Pair("@tenant.example", "out3:")));
  }
}

TEST(SenderRoutes, OfSeveralDetoursThatWhichStandsLongestDecides) {
  Detour second = of_pool("web", DetourPhase::open, 10);
  second.via = "out3";
  const std::vector<Detour> all = {of_pool("gmx", DetourPhase::open, 20), second};
  EXPECT_EQ(detour_of_pool(all, "tenant")->provider, "web");
  EXPECT_EQ(detour_of_pool(all, "forwards"), nullptr);
  Detour lost = of_pool("gmx", DetourPhase::open, 20);
  lost.via = "out9";  // was taken out of the configuration
  EXPECT_THAT(sender_routes_of(std::vector{lost}, pools, true),
              testing::Contains(Pair("@tenant.example", "out3:")));
}

class DetourTablesTest : public testing::TestWithParam<const char*> {
 protected:
  DetourTablesTest() {
    folder =
        std::filesystem::temp_directory_path() / ("leumund-detours-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "main.cf") << "compatibility_level = 3.6\n";
    files.detours = std::string(GetParam()) + ":" + (folder / "detours").string();
    files.sender_ways = std::string(GetParam()) + ":" + (folder / "sender_ways").string();
    files.own_refusals = "pcre:" + (folder / "own_refusals.pcre").string();
  }
  ~DetourTablesTest() override { std::filesystem::remove_all(folder); }
  // What Postfix itself finds.
  std::string look_up(const std::string& key) const { return look_up(key, files.detours); }
  std::string look_up(const std::string& key, const std::string& table) const {
    const auto done =
        run_command({.arguments = {"/usr/sbin/postmap", "-c", folder.string(), "-q", key, table}});
    return done.ok() ? done->output : done.error().message;
  }
  std::filesystem::path folder;
  config::PostfixFiles files;
};

TEST_P(DetourTablesTest, AreReadByPostfixAndReplacedWhole) {
  NEED_PEER("/usr/sbin/postmap", "postfix");
  DetourTables tables(files);
  ASSERT_TRUE(tables.create_missing().ok());
  EXPECT_EQ(look_up("gmx.net"), "");
  ASSERT_TRUE(tables.publish({{"gmx.de", "out2:"}, {"gmx.net", "retry:4.7.1 wait a bit"}}).ok());
  EXPECT_EQ(look_up("gmx.de"), "out2:\n");
  EXPECT_EQ(look_up("gmx.net"), "retry:4.7.1 wait a bit\n");
  std::stringstream plain;
  plain << std::ifstream(tables.plain_path()).rdbuf();
  EXPECT_EQ(plain.str(), "gmx.de out2:\ngmx.net retry:4.7.1 wait a bit\n");
  ASSERT_TRUE(tables.publish_senders({{"@t.example", "out3:"}, {"a@t.example", "out4:"}}).ok());
  EXPECT_EQ(look_up("@t.example", files.sender_ways), "out3:\n");
  EXPECT_EQ(look_up("a@t.example", files.sender_ways), "out4:\n");
  EXPECT_EQ(look_up("@t.example"), "") << "the other table";
  EXPECT_TRUE(std::filesystem::exists(folder / "sender_ways.txt"));
  const auto writes = tables.writes();
  ASSERT_TRUE(tables.publish({{"gmx.de", "out2:"}, {"gmx.net", "retry:4.7.1 wait a bit"}}).ok());
  EXPECT_EQ(tables.writes(), writes) << "nothing new";
  ASSERT_TRUE(tables.publish({}).ok());
  EXPECT_EQ(look_up("gmx.de"), "");
  DetourTables next(files);  // another run finds what stands and does not empty it
  ASSERT_TRUE(tables.publish({{"gmx.de", "out2:"}}).ok());
  ASSERT_TRUE(next.create_missing().ok());
  EXPECT_EQ(look_up("gmx.de"), "out2:\n");
}

// All of a table says which it is: every row its number, and one how many there are.
Routes numbered(int number) {
  const int rows = 200'000 + 40'000 * (number % 3 - 1);
  const std::string way = "out" + std::to_string(number) + ":";
  Routes routes = {{"0-first", way}, {"a-rows", std::to_string(rows)}};
  for (int i = 0; i < rows; ++i) routes.emplace_back(std::to_string(1'000'000 + i), way);
  routes.emplace_back("z-last", way);
  return routes;
}

// A reader that keeps a table open, as Postfix's servers do.
class OpenTable {
 public:
  explicit OpenTable(const std::string& name) : is_cdb_(name.starts_with("cdb:")) {
    const std::string path = lookup_table_path(name);
    if (is_cdb_) {
      fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      CHECK(fd_ >= 0 && ::cdb_init(&cdb_, fd_) == 0);
      return;
    }
    CHECK(::mdb_env_create(&environment_) == 0);
    CHECK(::mdb_env_open(environment_, path.c_str(), MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK, 0) ==
          0);
    CHECK(::mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &look_) == 0);
    CHECK(::mdb_dbi_open(look_, nullptr, 0, &table_) == 0);
  }
  ~OpenTable() {
    if (is_cdb_) {
      ::cdb_free(&cdb_);
      ::close(fd_);
      return;
    }
    ::mdb_txn_abort(look_);
    ::mdb_env_close(environment_);
  }
  OpenTable(const OpenTable&) = delete;
  OpenTable& operator=(const OpenTable&) = delete;

  std::string find(std::string key) {
    if (is_cdb_) {
      if (::cdb_find(&cdb_, key.data(), static_cast<unsigned>(key.size())) <= 0) return "";
      std::string value(cdb_datalen(&cdb_), '\0');
      ::cdb_read(&cdb_, value.data(), cdb_datalen(&cdb_), cdb_datapos(&cdb_));
      return value;
    }
    MDB_val wanted{key.size(), key.data()};
    MDB_val value{};
    if (::mdb_get(look_, table_, &wanted, &value) != 0) return "";
    return {static_cast<const char*>(value.mv_data), value.mv_size};
  }

  // Which table it is; "" for one that is not whole.
  std::string whole() {
    const std::string way = find("0-first");
    const int rows = std::atoi(find("a-rows").c_str());
    bool same = find("z-last") == way && find(std::to_string(1'000'000 + rows)).empty();
    for (int i = 0; i < rows; i += 997) same = same && find(std::to_string(1'000'000 + i)) == way;
    return same && find(std::to_string(1'000'000 + rows - 1)) == way ? way : "";
  }

 private:
  bool is_cdb_;
  int fd_ = -1;
  cdb cdb_{};
  MDB_env* environment_ = nullptr;
  MDB_txn* look_ = nullptr;
  MDB_dbi table_ = 0;
};

TEST_P(DetourTablesTest, NobodyReadsAHalfWrittenOne) {
  NEED_PEER("/usr/sbin/postmap", "postfix");
  DetourTables tables(files);
  ASSERT_TRUE(tables.publish(numbered(0)).ok());
  std::atomic<int> published = 0;
  std::jthread writer([&](const std::stop_token& stop) {
    for (int number = 1; !stop.stop_requested(); ++number) {
      EXPECT_TRUE(tables.publish(numbered(number)).ok());
      published = number;
    }
  });
  std::set<std::string> seen;
  const auto number_of = [](const std::string& way) {
    return std::atoi(way.substr(std::string("out").size()).c_str());
  };
  OpenTable oldest(files.detours);
  const std::string first = oldest.whole();
  EXPECT_NE(first, "");
  // Until enough tables were seen: while a single read is kept waiting, many are published.
  for (int reads = 0; reads < 40 || seen.size() < 4; ++reads) {
    const int before = published;
    // The real one opens the table once and answers both.
    const auto both = run_command(
        {.arguments = {"/usr/sbin/postmap", "-c", folder.string(), "-q", "-", files.detours},
         .input = "0-first\nz-last\n"});
    ASSERT_TRUE(both.ok()) << both.error().message;
    EXPECT_EQ(both->exit_status, 0) << both->complaints;
    const std::string way = both->output.substr(0, both->output.find('\n'));
    ASSERT_TRUE(way.starts_with("0-first\tout")) << both->output;
    EXPECT_EQ(both->output, way + "\nz-last\t" + way.substr(8) + "\n");
    EXPECT_GE(number_of(way.substr(8)), before) << "a table that was replaced before it was opened";
    const int between = published;
    const std::string now = OpenTable(files.detours).whole();
    ASSERT_NE(now, "") << "read " << reads;
    EXPECT_GE(number_of(now), between);
    EXPECT_LE(number_of(now), published + 1);
    EXPECT_EQ(oldest.whole(), first) << "who has it open keeps it";
    std::ifstream plain(tables.plain_path());
    std::stringstream text;
    text << plain.rdbuf();
    const std::string lines = text.str();
    const std::string value = lines.substr(8, lines.find('\n') - 8);
    EXPECT_TRUE(lines.starts_with("0-first out")) << lines.substr(0, 40);
    EXPECT_TRUE(lines.ends_with("\nz-last " + value + "\n")) << "read " << reads;
    seen.insert(now);
  }
  writer.request_stop();
  writer.join();
}
INSTANTIATE_TEST_SUITE_P(Types, DetourTablesTest, testing::Values("cdb", "lmdb"));

TEST(DetourNotice, TellsEachPhaseWithoutGapsInBothLanguages) {
  for (const auto phase : {DetourPhase::none, DetourPhase::waiting, DetourPhase::open,
                           DetourPhase::capped, DetourPhase::deferred}) {
    model::Decision decision;
    decision.number = 7;
    decision.subject = {model::SubjectKind::provider, "gmx"};
    decision.detour = detour("gmx", phase);
    decision.detour->warning = "192.0.2.26 has no reverse name";
    EXPECT_THAT(detour_notice(decision, Language::en).body, HasSubstr("has no reverse name"));
    EXPECT_THAT(detour_notice(decision, Language::de).body,
                HasSubstr("192.0.2.26 hat keinen Rückwärtsnamen"));
    for (const bool pool : {false, true}) {
      if (pool) decision.detour = of_pool("gmx", phase, 20);
      const NoticeText german = detour_notice(decision, Language::de);
      EXPECT_EQ(german.body.find("--pool tenant") != std::string::npos, pool) << german.body;
      const bool moves = phase == DetourPhase::open;
      EXPECT_EQ(german.body.find("Alle Post der Absender von tenant geht solange über out4") !=
                    std::string::npos,
                pool && moves);
    }
    for (const Language language : {Language::en, Language::de}) {
      const NoticeText text = detour_notice(decision, language);
      EXPECT_THAT(text.subject, HasSubstr("[leumund] gmx: "));
      EXPECT_THAT(text.body, testing::Not(HasSubstr("{{")));
      EXPECT_THAT(text.body, HasSubstr("leumund explain provider:gmx"));
    }
  }
}

}  // namespace
}  // namespace leumund::action
