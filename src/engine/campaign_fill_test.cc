// Attackers who fill the engine's tables: memory stays bounded, honest mail goes on, and a campaign
// that comes afterwards is found as if nothing had been.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <set>

#include <algorithm>
#include <random>

#include "engine/engine_test_world.h"

namespace leumund::engine {
namespace {

using model::Disposition;
using model::FacetKind;
using model::Fingerprint;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t campaign_bytes = 4UL << 20;
constexpr std::size_t ledger_bytes = 16UL << 20;
constexpr std::size_t messages_max = 20'000;

Settings small_tables() {
  Settings settings = test_settings();
  settings.limits = {
      .ledger_bytes = ledger_bytes, .messages_max = messages_max, .campaign_bytes = campaign_bytes};
  return settings;
}

class CampaignFillTest : public ::testing::Test {
 protected:
  Fingerprint text() {
    Fingerprint print;
    print.text = model::TextKind::full;
    for (auto& row : print.sketch) row = static_cast<std::uint16_t>(random_());
    for (auto& phrase : print.phrases) phrase = static_cast<std::uint32_t>(random_());
    std::ranges::sort(print.phrases);
    print.phrase_count = Fingerprint::phrases_max;
    while (print.add_facet(FacetKind::url_domain, random_())) {
    }
    return print;
  }
  Fingerprint letter() {
    Fingerprint print = text();
    print.facet_count = 1;
    return print;
  }
  static std::string person(int i) { return fmt::format("p{}@t{}.test", i, i % 37); }
  Disposition send(model::Submission mail, const Fingerprint& print) {
    mail.source = model::Source::milter;
    mail.print = std::make_shared<const Fingerprint>(print);
    return world.send(std::move(mail)).answer.disposition;
  }
  Disposition send(int who, const std::string& recipient, const std::string& client,
                   const Fingerprint& print) {
    return send(world.mail(person(who), {recipient}, client), print);
  }
  // `people` write to their friends for three weeks.
  void live(int people) {
    for (int day = 0; day < 21; ++day) {
      for (int i = 0; i < people; ++i) {
        send(i, fmt::format("friend{}-{}@away.test", i, day % 4), fmt::format("100.{}.1.7", i),
             letter());
        world.pass_time(seconds(60));
      }
      world.pass_time(hours(24) - seconds(60) * people);
    }
  }
  // One spam mail from each account, from bots to strangers; returns how many left.
  int campaign(int from, int count) {
    const Fingerprint spam = letter();
    int left = 0;
    for (int i = from; i < from + count; ++i) {
      Fingerprint print = spam;
      for (auto& row : print.sketch)
        if (random_() % 10 < 3) row = static_cast<std::uint16_t>(random_());
      left += send(i, world.stranger(), fmt::format("203.0.{}.{}", from % 250, i % 250 + 1),
                   print) == Disposition::pass;
      world.pass_time(seconds(40));
    }
    return left;
  }
  void bounded() {
    const Counters counters = world.engine.counters();
    EXPECT_LE(counters.ledger_bytes, ledger_bytes + ledger_bytes / 8);
    EXPECT_LE(counters.messages, messages_max);
    // What open campaigns list stands beside the fixed tables.
    EXPECT_LE(counters.campaigns.bytes, 2 * campaign_bytes);
  }
  void goes_on_and_finds_campaigns(int people) {
    bounded();
    EXPECT_EQ(send(1, "friend1-1@away.test", "100.1.1.7", letter()), Disposition::pass);
    EXPECT_LE(campaign(0, people), people / 4) << "as it is found without the flood";
    EXPECT_GE(world.engine.counters().campaigns.open, 1U);
  }

  World world{small_tables()};
  std::mt19937_64 random_{1};
};

TEST_F(CampaignFillTest, AFloodOfTextsAndLinksFromOneAccount) {
  live(60);
  for (int i = 0; i < 60'000; ++i) {
    send(world.mail("hacked@t1.test", {world.stranger()}, "203.0.113.66"), text());
    world.pass_time(milliseconds(20));
  }
  EXPECT_GT(world.engine.counters().messages_forgotten, 0U);
  goes_on_and_finds_campaigns(60);
}

TEST_F(CampaignFillTest, AFloodOfPairsThatEachBeginACluster) {
  live(60);
  for (int i = 0; i < 20'000; ++i) {
    const Fingerprint pair = letter();
    for (const char* account : {"hacked1@t1.test", "hacked2@t2.test"})
      send(world.mail(account, {world.stranger()}, "203.0.113.66"), pair);
    world.pass_time(milliseconds(50));
  }
  EXPECT_GT(world.engine.counters().campaigns.clusters_forgotten, 0U);
  goes_on_and_finds_campaigns(60);
}

TEST_F(CampaignFillTest, AFloodOfScriptsThatNobodyKnows) {
  live(60);
  for (int i = 0; i < 120'000; ++i) {
    model::Submission mail = world.mail("", {world.stranger()}, "127.0.0.1");
    mail.script = fmt::format("uid33:{}.php", i);
    send(std::move(mail), letter());
    world.pass_time(milliseconds(20));
  }
  EXPECT_GT(world.engine.counters().subjects_forgotten, 0U);
  goes_on_and_finds_campaigns(60);
}

TEST_F(CampaignFillTest, AFloodFromOutsideThatNamesNoAccount) {
  live(60);
  const std::size_t subjects = world.engine.counters().subjects;
  for (int i = 0; i < 100'000; ++i) {
    model::Submission mail =
        world.mail("", {"victim@t1.test"}, fmt::format("203.{}.{}.9", i / 250 % 250, i % 250));
    send(std::move(mail), text());
    world.pass_time(milliseconds(20));
  }
  EXPECT_EQ(world.engine.counters().subjects, subjects) << "it makes no accounts";
  goes_on_and_finds_campaigns(60);
}

TEST_F(CampaignFillTest, AsManyCampaignsAsMayBeOpenDoNotHideTheNext) {
  constexpr int accounts = 700;
  live(accounts);
  for (int i = 0; i < 300; ++i) campaign(i * 20 % (accounts - 60), 20);
  const Counters before = world.engine.counters();
  EXPECT_EQ(before.campaigns.open, 256U);
  const auto standing = [this] {
    std::set<model::Subject> out;
    for (const auto& one : world.engine.book().restrictions()) {
      if (one.subject.kind == model::SubjectKind::campaign) out.insert(one.subject);
    }
    return out;
  };
  const auto stood = standing();
  world.pass_time(hours(3));
  bounded();
  EXPECT_LE(campaign(accounts - 60, 60), 20);
  EXPECT_GT(world.engine.counters().campaigns.opened, before.campaigns.opened);
  // Which made room is told, and stands no more.
  std::set<model::Subject> ended;
  for (const auto& decision : world.decisions) {
    if (decision.kind == model::DecisionKind::ended) ended.insert(decision.subject);
  }
  EXPECT_FALSE(ended.empty());
  EXPECT_LE(standing().size(), 256U) << "what is not open stands nowhere";
  for (const model::Subject& subject : stood) {
    EXPECT_NE(ended.contains(subject), standing().contains(subject)) << subject.to_string();
  }
}

}  // namespace
}  // namespace leumund::engine
