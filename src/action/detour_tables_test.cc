#include "action/detour_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "action/notice_text.h"
#include "action/run_command.h"
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
TEST_P(DetourTablesTest, NobodyReadsAHalfWrittenOne) {
  NEED_PEER("/usr/sbin/postmap", "postfix");
  DetourTables tables(files);
  Routes routes;
  for (int i = 0; i < 20'000; ++i) routes.emplace_back(std::to_string(100'000 + i), "out2:");
  ASSERT_TRUE(tables.publish(routes).ok());
  const std::jthread writer([&](const std::stop_token& stop) {
    for (bool more = true; !stop.stop_requested(); more = !more) {
      Routes all(routes.begin(), more ? routes.end() : routes.end() - 5'000);
      EXPECT_TRUE(tables.publish(all).ok());
    }
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(look_up("100007"), "out2:\n");
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
