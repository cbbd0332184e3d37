// Listings come, are refreshed, and end by themselves.
#include "listing/list_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::listing {
namespace {

using namespace std::chrono_literals;
using model::AbuseKind;
using testing::HasSubstr;

const base::TimePoint start = base::from_unix_seconds(1'800'000'000);

base::IpAddress ip(std::string_view text) { return *base::IpAddress::parse(text); }
std::uint64_t reporter(int number) {
  return static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15ULL;
}

class ListEngineTest : public testing::Test {
 protected:
  explicit ListEngineTest(ListEngine::Settings settings = {}) : engine(std::move(settings)) {}

  std::vector<ListMove> say(std::string_view client, int who, base::TimePoint at,
                            AbuseKind kind = AbuseKind::complaint) {
    return say_late(client, who, at, at, kind);
  }
  std::vector<ListMove> say_late(std::string_view client, int who, base::TimePoint at,
                                 base::TimePoint now, AbuseKind kind = AbuseKind::complaint) {
    events.clear();
    engine.report({ip(client), kind, reporter(who), at}, now, events);
    return moves();
  }
  std::vector<ListMove> tick(base::TimePoint now) {
    events.clear();
    engine.tick(now, events);
    return moves();
  }
  [[nodiscard]] std::vector<ListMove> moves() const {
    std::vector<ListMove> out;
    for (const ListEvent& one : events) out.push_back(one.move);
    return out;
  }
  void list(std::string_view client, base::TimePoint at) {
    say(client, 1, at);
    say(client, 2, at);
    say(client, 3, at);
    ASSERT_TRUE(engine.facts(ip(client), at).listed);
  }

  ListEngine engine;
  std::vector<ListEvent> events;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ListEngineTest, TwoReportersListAndTheTwelveHoursOfTwoReportsEndToTheSecond) {
  EXPECT_THAT(say("192.0.2.1", 1, start), IsEmpty());
  EXPECT_THAT(say("192.0.2.1", 2, start + 10min), ElementsAre(ListMove::listed));
  EXPECT_EQ(events[0].facts.what.to_string(), "192.0.2.1/32");
  EXPECT_EQ(events[0].facts.until, start + 10min + 12h);
  EXPECT_EQ(engine.next_expiry(), start + 10min + 12h);
  EXPECT_THAT(tick(start + 10min + 12h - 1s), IsEmpty());
  EXPECT_TRUE(engine.facts(ip("192.0.2.1"), start + 1h).listed);
  EXPECT_THAT(tick(start + 10min + 12h), ElementsAre(ListMove::expired));
  EXPECT_FALSE(engine.facts(ip("192.0.2.1"), start + 13h).listed);
}

TEST_F(ListEngineTest, TheOperatorSeesWhoReportedWhenAndHowOftenHeWasWrong) {
  list("192.0.2.9", start);
  ASSERT_TRUE(engine.delist(ip("192.0.2.9"), "mistake", true, start).ok());
  say("192.0.2.1", 2, start);
  say("192.0.2.1", 7, start + 2h);
  const auto said = engine.reports_said(ip("192.0.2.1"), start + 2h);
  ASSERT_EQ(said.hours.size(), 2U);
  EXPECT_EQ(said.hours[0].at, start + 2h) << "the newest first";
  EXPECT_EQ(said.hours[0].kinds[0], 1U);
  EXPECT_GT(said.hours[0].weight, said.hours[1].weight)
      << "who was wrong, and earlier, weighs less";
  ASSERT_EQ(said.reporters.size(), 2U);
  EXPECT_EQ(said.reporters[0].standing.wrong, 0U);
  EXPECT_EQ(said.reporters[1].standing.wrong, 1U);
  EXPECT_LT(said.reporters[1].standing.weight, said.reporters[0].standing.weight);
  EXPECT_TRUE(engine.reports_said(ip("192.0.2.200"), start).hours.empty());
}

TEST_F(ListEngineTest, AThirdReportMakesItTwentyFourHoursAfterTheLast) {
  list("192.0.2.1", start);
  say("192.0.2.1", 4, start + 5h);
  EXPECT_EQ(engine.facts(ip("192.0.2.1"), start + 5h).until, start + 29h);
  EXPECT_THAT(tick(start + 29h - 1s), IsEmpty());
  EXPECT_THAT(tick(start + 29h), ElementsAre(ListMove::expired));
  EXPECT_EQ(events[0].facts.times_listed, 1U);
}

TEST_F(ListEngineTest, AReportThatComesLateProlongsByWhenTheMailWas) {
  list("192.0.2.1", start);
  say_late("192.0.2.1", 4, start - 20h, start + 1h);
  EXPECT_EQ(engine.facts(ip("192.0.2.1"), start + 1h).until, start + 24h);
  // What is over lists nobody.
  EXPECT_THAT(say_late("192.0.2.2", 1, start - 30h, start), IsEmpty());
  EXPECT_THAT(say_late("192.0.2.2", 2, start - 30h, start), IsEmpty());
  EXPECT_THAT(say_late("192.0.2.2", 3, start - 30h, start), IsEmpty());
  // One that claims to be of tomorrow is of now.
  say_late("192.0.2.1", 5, start + 100h, start + 2h);
  EXPECT_EQ(engine.facts(ip("192.0.2.1"), start + 2h).until, start + 26h);
}

TEST_F(ListEngineTest, APoisonerListsNobodyHoweverOftenHeReports) {
  for (int i = 0; i < 10'000; ++i) EXPECT_THAT(say("192.0.2.1", 1, start + i * 1s), IsEmpty());
  EXPECT_GT(engine.counters().above_cap, 9'900U);
}

TEST_F(ListEngineTest, ASharedPoolWithLittleSpamForItsMailIsNotListed) {
  for (int day = 0; day < 7; ++day) engine.mails(ip("192.0.2.9"), 20'000, start - day * 24h);
  for (int who = 1; who <= 60; ++who) EXPECT_THAT(say("192.0.2.9", who, start), IsEmpty());
  const auto facts = engine.facts(ip("192.0.2.9"), start);
  EXPECT_FALSE(facts.listed);
  EXPECT_NEAR(facts.honest_per_spam, 140'000.0 / 60, 2);
  // The same reports on one that sends nothing else list it.
  say("192.0.2.10", 1, start);
  EXPECT_THAT(say("192.0.2.10", 2, start), ElementsAre(ListMove::listed));
}

TEST_F(ListEngineTest, QuestionsToTheListAreTrafficToo) {
  engine.queries(ip("192.0.2.9"), 100'000, start - 24h);
  for (int who = 1; who <= 60; ++who) EXPECT_THAT(say("192.0.2.9", who, start), IsEmpty());
  // ... of the last week.
  EXPECT_THAT(say("192.0.2.9", 70, start + 6 * 24h), IsEmpty());
  EXPECT_DOUBLE_EQ(engine.facts(ip("192.0.2.9"), start + 9 * 24h).weighed.mail, 0);
}

TEST_F(ListEngineTest, AnybodysWordProlongsNothing) {
  list("192.0.2.1", start);
  const auto until = engine.facts(ip("192.0.2.1"), start).until;
  for (int who = 10; who < 40; ++who) {
    engine.report({.client = ip("192.0.2.1"),
                   .kind = AbuseKind::complaint,
                   .reporter = reporter(who),
                   .at = start + 20h,
                   .believed = 0.25},
                  start + 20h, events);
  }
  EXPECT_EQ(engine.facts(ip("192.0.2.1"), start + 20h).until, until);
  say("192.0.2.1", 4, start + 20h);
  EXPECT_EQ(engine.facts(ip("192.0.2.1"), start + 20h).until, start + 44h);
}

TEST_F(ListEngineTest, AnybodysWordMakesTwoReportsNoThree) {
  say("192.0.2.1", 1, start);
  say("192.0.2.1", 2, start);
  engine.report({.client = ip("192.0.2.1"),
                 .kind = AbuseKind::complaint,
                 .reporter = reporter(3),
                 .at = start,
                 .believed = 0.25},
                start, events);
  EXPECT_EQ(engine.facts(ip("192.0.2.1"), start).until, start + 12h);
}

// A shared pool with forty trap hits among sixty thousand mails a week, and four hundred strangers
// who write that it spams.
TEST_F(ListEngineTest, WhoIsHardlyBelievedDoesNotPushASharedPoolOntoTheList) {
  const auto trapped = [&](std::string_view pool) {
    engine.mails(ip(pool), 60'000, start - 24h);
    for (int trap = 1; trap <= 40; ++trap) say(pool, trap, start, AbuseKind::pristine_trap);
    EXPECT_EQ(engine.verdict(ip(pool), start), ListVerdict::too_much_collateral);
  };
  const auto poison = [&](std::string_view pool, double believed) {
    for (int who = 1000; who < 1400; ++who) {
      engine.report({.client = ip(pool),
                     .kind = AbuseKind::complaint,
                     .reporter = reporter(who),
                     .at = start + 1min,
                     .believed = believed},
                    start + 1min, events);
    }
    return engine.facts(ip(pool), start + 1min);
  };
  trapped("192.0.2.9");
  const auto spared = poison("192.0.2.9", 0.25);
  EXPECT_FALSE(spared.listed);
  EXPECT_EQ(spared.weighed.reports, 440U) << "they are shown as what they are";
  EXPECT_NEAR(spared.honest_per_spam, 59'860.0 / 140, 1);
  // The same words of people who are believed list it.
  trapped("192.0.2.10");
  EXPECT_TRUE(poison("192.0.2.10", 1).listed);
}

// Likewise who was wrong before: by mail or not, his word weighs less from then on.
TEST_F(ListEngineTest, WhoWasWrongBeforeDoesNotPushASharedPoolOntoTheList) {
  for (int who = 1000; who < 1400; ++who) {
    for (int time = 0; time < 3; ++time) engine.reporters().judged(reporter(who), false);
  }
  engine.mails(ip("192.0.2.9"), 60'000, start - 24h);
  for (int trap = 1; trap <= 40; ++trap) say("192.0.2.9", trap, start, AbuseKind::pristine_trap);
  for (int who = 1000; who < 1400; ++who) EXPECT_THAT(say("192.0.2.9", who, start), IsEmpty());
  EXPECT_EQ(engine.verdict(ip("192.0.2.9"), start), ListVerdict::too_much_collateral);
}

TEST_F(ListEngineTest, Ipv6IsListedByTheSixtyFour) {
  say("2001:db8:1:2:3::4", 1, start);
  EXPECT_THAT(say("2001:db8:1:2:ffff::1", 2, start), ElementsAre(ListMove::listed));
  EXPECT_EQ(events[0].facts.what.to_string(), "2001:db8:1:2::/64");
  EXPECT_TRUE(engine.facts(ip("2001:db8:1:2::77"), start).listed);
  EXPECT_FALSE(engine.facts(ip("2001:db8:1:3::77"), start).listed);
}

TEST_F(ListEngineTest, WhoHasTheAddressDelistsItOnceAMonth) {
  list("192.0.2.1", start);
  EXPECT_THAT(engine.delist_on_request(ip("192.0.2.1"), "", start).error().message,
              HasSubstr("reason"));
  const auto done = engine.delist_on_request(ip("192.0.2.1"), "password changed", start + 1h);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->move, ListMove::delisted_on_request);
  EXPECT_EQ(done->reason, "password changed");
  EXPECT_FALSE(engine.facts(ip("192.0.2.1"), start + 1h).listed);
  EXPECT_THAT(engine.delist_on_request(ip("192.0.2.1"), "again", start + 1h).error().message,
              HasSubstr("192.0.2.1/32 is not listed"));
  // Mail from before counts no more; new mail does, and then nobody can ask again so soon.
  say_late("192.0.2.1", 4, start, start + 2h);
  say_late("192.0.2.1", 5, start + 30min, start + 2h);
  EXPECT_FALSE(engine.facts(ip("192.0.2.1"), start + 2h).listed);
  list("192.0.2.1", start + 3h);
  const auto refused = engine.delist_on_request(ip("192.0.2.1"), "again", start + 4h);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("ends by itself at"));
  EXPECT_EQ(engine.facts(ip("192.0.2.1"), start + 4h).next_request_at, start + 1h + 30 * 24h);
  EXPECT_THAT(tick(start + 27h), ElementsAre(ListMove::expired));
  list("192.0.2.1", start + 32 * 24h);
  EXPECT_TRUE(engine.delist_on_request(ip("192.0.2.1"), "again", start + 32 * 24h).ok());
}

TEST_F(ListEngineTest, WhatWasClearedByAClockThatWentAheadIsNotImmuneUntilThen) {
  list("192.0.2.1", start + 300 * 24h);
  ASSERT_TRUE(engine.delist_on_request(ip("192.0.2.1"), "cleaned", start + 300 * 24h).ok());
  list("192.0.2.1", start);
  EXPECT_TRUE(engine.facts(ip("192.0.2.1"), start).listed);
}

TEST_F(ListEngineTest, ReportersThatWereWrongAreBelievedLess) {
  for (int round = 0; round < 2; ++round) {
    const auto at = start + round * 48h;
    list("192.0.2.1", at);
    const auto done = engine.delist(ip("192.0.2.1"), "innocent bystander", true, at + 1h);
    ASSERT_TRUE(done.ok());
    EXPECT_EQ(done->move, ListMove::delisted_by_operator);
  }
  EXPECT_EQ(engine.reporters().standing(reporter(1)).wrong, 2U);
  EXPECT_LT(engine.reporters().standing(reporter(1)).weight, 0.5);
  // They are no witnesses any more, alone or together; two who were never wrong are.
  for (int who = 1; who <= 3; ++who) say("192.0.2.7", who, start + 100h);
  EXPECT_FALSE(engine.facts(ip("192.0.2.7"), start + 100h).listed);
  say("192.0.2.7", 8, start + 100h);
  EXPECT_THAT(say("192.0.2.7", 9, start + 100h), ElementsAre(ListMove::listed));
}

TEST_F(ListEngineTest, AReporterSpeaksSoOftenADay) {
  for (int i = 0; i < 600; ++i) {
    say("10." + std::to_string(i / 250) + ".0." + std::to_string(i % 250), 1, start);
  }
  EXPECT_EQ(engine.counters().above_cap, 100U);
  say("10.9.9.9", 1, start + 24h);
  EXPECT_EQ(engine.counters().above_cap, 100U);
}

// Who writes to one trap again and again must not silence all of its domain.
TEST_F(ListEngineTest, WhatIsNothingNewUsesUpNothingOfTheDay) {
  for (int i = 0; i < 1000; ++i) say("10.0.0.1", 1, start, AbuseKind::pristine_trap);
  EXPECT_EQ(engine.counters().above_cap, 997U);
  for (int i = 0; i < 497; ++i) {
    say("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250), 1, start);
  }
  EXPECT_EQ(engine.counters().above_cap, 997U);
  say("10.9.9.9", 1, start);
  EXPECT_EQ(engine.counters().above_cap, 998U);
}

TEST_F(ListEngineTest, AnOldExpiryDoesNotEndANewListing) {
  list("192.0.2.1", start);
  ASSERT_TRUE(engine.delist_on_request(ip("192.0.2.1"), "cleaned", start + 1h).ok());
  list("192.0.2.1", start + 2h);
  EXPECT_THAT(tick(start + 24h), IsEmpty());
  EXPECT_TRUE(engine.facts(ip("192.0.2.1"), start + 24h).listed);
  EXPECT_THAT(tick(start + 26h), ElementsAre(ListMove::expired));
}

TEST_F(ListEngineTest, ManyListingsInARangeAreProposedOnceAndListNoNeighbour) {
  int proposed = 0;
  for (int host = 1; host <= 20; ++host) {
    const std::string client = "198.51.100." + std::to_string(host);
    say(client, 1, start);
    for (const ListMove move : say(client, 2, start)) proposed += move == ListMove::range_proposed;
    if (proposed == 1 && host == 16) {
      EXPECT_EQ(events.back().facts.what.to_string(), "198.51.100.0/24");
      EXPECT_EQ(events.back().facts.weighed.reports, 16U);
    }
  }
  EXPECT_EQ(proposed, 1);
  EXPECT_FALSE(engine.facts(ip("198.51.100.99"), start).listed);
}

class SparedPool : public ListEngineTest {
 protected:
  SparedPool() : ListEngineTest({.spared = {*base::IpPrefix::parse("203.0.113.0/24")}}) {}
};

TEST_F(SparedPool, IsNotListedAndIsToldOnceADay) {
  say("203.0.113.5", 1, start);
  EXPECT_THAT(say("203.0.113.5", 2, start), ElementsAre(ListMove::spared));
  EXPECT_THAT(say("203.0.113.5", 3, start + 1h), IsEmpty());
  EXPECT_THAT(say("203.0.113.5", 4, start + 25h), ElementsAre(ListMove::spared));
  EXPECT_TRUE(engine.facts(ip("203.0.113.5"), start).spared);
}

TEST_F(SparedPool, EndsListingsInItWhenTheOperatorAddsIt) {
  list("192.0.2.1", start);
  engine.set_spared({*base::IpPrefix::parse("192.0.2.0/24")});
  EXPECT_THAT(tick(start + 1s), ElementsAre(ListMove::spared));
  EXPECT_FALSE(engine.facts(ip("192.0.2.1"), start + 1s).listed);
}

class FullTable : public ListEngineTest {
 protected:
  FullTable() : ListEngineTest({.addresses_most = 100}) {}
};

TEST_F(FullTable, ForgetsTrafficFirstAndNeverAListing) {
  list("192.0.2.1", start);
  say("192.0.2.2", 1, start);
  for (int i = 0; i < 5000; ++i) {
    engine.mails(base::IpAddress::v4(0x0a000000U + static_cast<unsigned>(i)), 1, start + 1s);
  }
  EXPECT_EQ(engine.counters().addresses, 100U);
  EXPECT_TRUE(engine.facts(ip("192.0.2.1"), start).listed);
  EXPECT_THAT(say("192.0.2.2", 2, start), ElementsAre(ListMove::listed));
}

TEST_F(FullTable, AFloodOfQuestionsLeavesThePoolsMail) {
  engine.mails(ip("192.0.2.9"), 100'000, start);
  for (unsigned i = 0; i < 5000; ++i) {
    engine.queries(base::IpAddress::v4(0x0a000000U + i), 1, start + 1s);
  }
  EXPECT_EQ(engine.counters().addresses, 100U);
  EXPECT_DOUBLE_EQ(engine.facts(ip("192.0.2.9"), start + 2s).weighed.mail, 100'000);
  EXPECT_EQ(engine.counters().not_taken, 0U) << "no report was refused";
}

class WithoutQuestions : public ListEngineTest {
 protected:
  WithoutQuestions() : ListEngineTest({.mails_per_query = 0, .record = true}) {}
};

TEST_F(WithoutQuestions, TheyLeaveNoTrace) {
  engine.queries(ip("192.0.2.9"), 100'000, start);
  EXPECT_EQ(engine.counters().addresses, 0U);
}

class Recording : public ListEngineTest {
 protected:
  Recording() : ListEngineTest({.record = true}) {}
};

TEST_F(Recording, AFewQuestionsAboutWhoSendsNothingAreNotKept) {
  engine.queries(ip("192.0.2.1"), 3, start);
  engine.queries(ip("192.0.2.2"), 30, start);
  engine.mails(ip("192.0.2.3"), 1, start);
  ListSave save;
  engine.drain(true, save);
  EXPECT_EQ(save.traffic.size(), 2U);
  for (unsigned i = 0; i < ListEngine::traffic_rows_most + 5; ++i) {
    engine.mails(base::IpAddress::v4(0x0a000000U + i), 1, start);
  }
  save = {};
  engine.drain(true, save);
  EXPECT_EQ(save.traffic.size(), ListEngine::traffic_rows_most);
}

TEST_F(FullTable, AFloodOfAddressesGivesNobodyASecondRequest) {
  list("192.0.2.1", start);
  ASSERT_TRUE(engine.delist_on_request(ip("192.0.2.1"), "cleaned", start).ok());
  for (int i = 0; i < 5000; ++i) {
    engine.mails(base::IpAddress::v4(0x0a000000U + static_cast<unsigned>(i)), 1, start + 2h);
  }
  list("192.0.2.1", start + 3h);
  EXPECT_FALSE(engine.delist_on_request(ip("192.0.2.1"), "again", start + 3h).ok());
}

TEST_F(FullTable, OfListingsTakesNobodyNewAndSaysSo) {
  for (int i = 0; i < 100; ++i) {
    const std::string client = "10.0.0." + std::to_string(i);
    say(client, 1, start);
    say(client, 2, start);
  }
  EXPECT_EQ(engine.counters().listed, 100U);
  say("192.0.2.1", 1, start);
  EXPECT_EQ(engine.counters().not_taken, 1U);
  EXPECT_EQ(engine.counters().listed, 100U);
}

TEST_F(ListEngineTest, TheNewestOfManyListingsAreShownNewestFirst) {
  constexpr std::uint32_t many = 1500;  // more than are kept at hand
  for (std::uint32_t i = 0; i < many; ++i) {
    const std::string client = base::IpAddress::v4(0xcb000000 + i * 7919 * 256).to_string();
    for (int who = 1; who <= 2; ++who) say(client, 2 * static_cast<int>(i) + who, start + i * 1s);
  }
  const auto now = start + many * 1s;
  const auto since_of = [&](const ListEngine& which, std::size_t most) {
    std::vector<std::int64_t> out;
    for (const ListingFacts& one : which.newest(most, now)) {
      out.push_back((one.since - start) / 1s);
    }
    return out;
  };
  EXPECT_THAT(since_of(engine, 3), ElementsAre(1499, 1498, 1497));
  ASSERT_TRUE(engine.delist(engine.newest(2, now).back().what.address, "x", false, now).ok());
  EXPECT_THAT(since_of(engine, 3), ElementsAre(1499, 1497, 1496));
  const auto all = since_of(engine, 5000);
  EXPECT_EQ(all.size(), many - 1);
  EXPECT_TRUE(std::ranges::is_sorted(all, std::greater()));

  ListRecord record;
  for (const ListingFacts& one : engine.newest(many, now)) {
    record.places.push_back({one.what.address, one.since, one.until, {}, {}, {}, 1});
  }
  ListEngine next{ListEngine::Settings()};
  next.restore(record, now);
  EXPECT_THAT(since_of(next, 3), ElementsAre(1499, 1497, 1496)) << "after a start";
  for (const ListingFacts& one : engine.newest(1200, now)) {
    ASSERT_TRUE(next.delist(one.what.address, "x", false, now).ok());
  }
  EXPECT_THAT(since_of(next, 2), ElementsAre(298, 297)) << "none of those kept at hand is left";
}

}  // namespace
}  // namespace leumund::listing
