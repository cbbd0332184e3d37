#include "intake/watch_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace leumund::intake {
namespace {

using base::IpAddress;
using base::TimePoint;
using diagnosis::DnsList;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr TimePoint start{std::chrono::hours(500'000)};

DnsList list(const std::string& zone) {
  DnsList out = *diagnosis::parse_postscreen_list(zone + "=127.0.0.[2..9]");
  return out;
}

// Lists as they are, and a clock that is moved by hand.
struct World {
  std::map<std::string, std::set<std::string>> listed;  // zone -> what stands on it
  std::set<std::string> silent;                         // lists that answer nobody
  std::set<std::string> lost;                           // names whose next question is lost
  std::map<std::string, std::string> always;            // zone -> what it answers to everything
  seconds ttl{0};
  TimePoint now = start;
  std::set<std::string> no_point;  // zones that do not list 127.0.0.2
  std::uint64_t asked = 0;
  std::multiset<std::string> names;

  WatchReply reply(const DnsList& from, const WatchQuestion& question) {
    WatchReply out;
    out.took = std::chrono::milliseconds(3);
    out.ttl = ttl;
    ++asked;
    names.insert(question.name);
    if (silent.contains(from.id) || lost.erase(question.name) > 0) {
      out.trouble = "no answer in time";
      return out;
    }
    const bool text = question.about == WatchQuestion::About::reason;
    std::string code = always.contains(from.id) ? always[from.id] : "";
    const bool point = question.name == "127.0.0.2" && !no_point.contains(from.id);
    if (code.empty() && (point || listed[from.id].contains(question.name))) {
      code = "127.0.0.4";
    }
    out.found = code.empty() ? net::Found::no : net::Found::yes;
    if (code.empty()) return out;
    if (text) {
      out.texts = {"because of " + question.name};
    } else {
      out.addresses = {*IpAddress::parse(code)};
    }
    return out;
  }

  void settle(WatchBook& book) {
    for (int i = 0; i < 1'000'000; ++i) {
      const auto question = book.next(now);
      if (!question) return;
      book.answer(*question, reply(book.lists()[question->list], *question), now);
    }
    FAIL() << "questions without end";
  }
  void pass(WatchBook& book, seconds span, seconds step = seconds(10)) {
    const TimePoint end = now + span;
    while (now < end) {
      now += step;
      settle(book);
    }
  }
};

struct Told {
  std::vector<std::string> opened, closed, faults, well;
};
Told told(WatchBook& book) {
  Told out;
  for (const WatchChange& change : book.drain()) {
    if (const auto* listing = std::get_if<ListingChange>(&change)) {
      (listing->listing.until ? out.closed : out.opened)
          .push_back(listing->listing.list + " " + listing->listing.place);
    } else {
      const auto& fault = std::get<model::ListFault>(change);
      (fault.until ? out.well : out.faults).push_back(fault.list + " " + fault.reason);
    }
  }
  return out;
}

WatchTargets own(std::vector<std::string> names) {
  WatchTargets targets;
  for (const auto& name : names) {
    const auto address = IpAddress::parse(name);
    address ? targets.add_address(*address, "out1") : targets.add_domain(name);
  }
  return targets;
}

WatchBook book_of(std::vector<std::string> zones, WatchTargets targets, WatchRules rules = {}) {
  std::vector<DnsList> lists;
  for (const auto& zone : zones) lists.push_back(list(zone));
  return {rules, std::move(lists), std::move(targets)};
}

TEST(WatchBook, AListingOpensWithTheListsOwnWordsAndClosesWithinTheInterval) {
  World world;
  auto book = book_of({"a.example", "b.example"}, own({"192.0.2.25", "example.org"}));
  world.settle(book);
  EXPECT_THAT(told(book).opened, IsEmpty());
  world.listed["a.example"] = {"192.0.2.25", "example.org"};
  world.pass(book, minutes(10));
  const Told first = told(book);
  EXPECT_THAT(first.opened, ElementsAre("a.example 192.0.2.25", "a.example example.org"));
  ASSERT_THAT(book.listings(), SizeIs(2));
  const model::Listing facts = book.listings()[0];
  EXPECT_EQ(facts.reason, "because of 192.0.2.25");
  EXPECT_THAT(facts.codes, ElementsAre("127.0.0.4"));
  EXPECT_EQ(facts.egress, "out1");
  EXPECT_TRUE(facts.sends);
  world.listed.clear();
  world.pass(book, minutes(10));
  EXPECT_THAT(told(book).closed, ElementsAre("a.example 192.0.2.25", "a.example example.org"));
  EXPECT_THAT(book.listings(), IsEmpty());
}

TEST(WatchBook, AListingNamesThePageAboutItsPlace) {
  World world;
  DnsList from = list("a.example");
  from.lookup_url = "https://a.example/?q={ip}";
  from.delist_url = "https://a.example/remove/{ip}";
  WatchBook book({}, {from}, own({"192.0.2.25"}));
  world.listed["a.example"] = {"192.0.2.25"};
  world.settle(book);
  ASSERT_THAT(book.listings(), SizeIs(1));
  EXPECT_EQ(book.listings()[0].lookup_url, "https://a.example/?q=192.0.2.25");
  EXPECT_EQ(book.listings()[0].delist_url, "https://a.example/remove/192.0.2.25");
}

TEST(WatchBook, AListingOfAWholeNetworkOperatorSaysSoAndWhoCanMendIt) {
  World world;
  DnsList from = list("a.example");
  from.scope = diagnosis::EntryScope::asn;
  from.delist_method = "self-service";
  WatchBook book({}, {from}, own({"192.0.2.25", "example.org"}));
  world.listed["a.example"] = {"192.0.2.25", "example.org"};
  world.settle(book);
  ASSERT_THAT(book.listings(), SizeIs(2));
  EXPECT_EQ(book.listings()[0].scope, "asn");
  EXPECT_EQ(book.listings()[0].mender, "network_operator");
  EXPECT_EQ(book.listings()[1].scope, "domain") << "a domain has no network operator";
}

TEST(WatchBook, ALostPacketOpensAndClosesNothing) {
  World world;
  auto book = book_of({"a.example"}, own({"192.0.2.25"}));
  world.listed["a.example"] = {"192.0.2.25"};
  world.settle(book);
  EXPECT_THAT(told(book).opened, SizeIs(1));
  for (int i = 0; i < 20; ++i) {
    world.lost = {"192.0.2.25"};
    world.pass(book, minutes(10));
  }
  const Told later = told(book);
  EXPECT_THAT(later.closed, IsEmpty());
  EXPECT_THAT(later.opened, IsEmpty());
  EXPECT_THAT(later.faults, IsEmpty());
}

TEST(WatchBook, AListThatListsTheWorldIsAFaultAndNoListing) {
  World world;
  std::vector<std::string> names;
  for (int i = 1; i < 100; ++i) names.push_back("192.0.2." + std::to_string(i));
  auto book = book_of({"a.example", "b.example"}, own(names));
  world.settle(book);
  world.always["a.example"] = "127.0.0.2";
  world.pass(book, minutes(30));
  const Told seen = told(book);
  EXPECT_THAT(seen.opened, IsEmpty());
  ASSERT_THAT(seen.faults, SizeIs(1));
  EXPECT_THAT(seen.faults[0], HasSubstr("lists the world"));
  EXPECT_EQ(book.health()[0].state, ListState::faulty);
  EXPECT_EQ(book.health()[1].state, ListState::well);
  world.always.clear();
  world.pass(book, minutes(90));
  EXPECT_THAT(told(book).well, SizeIs(1));
  EXPECT_EQ(book.health()[0].state, ListState::well);
}

TEST(WatchBook, LiesRefusalsAndEmptyListsAreFaultsOfTheList) {
  for (const auto& [answer, words] :
       std::map<std::string, std::string>{{"203.0.113.9", "no code of a list"},
                                          {"127.255.255.254", "open resolver"},
                                          {"127.0.0.1", "refuses our questions"}}) {
    World world;
    auto book = book_of({"a.example"}, own({"192.0.2.25"}));
    world.always["a.example"] = answer;
    world.pass(book, minutes(20));
    const Told seen = told(book);
    EXPECT_THAT(seen.opened, IsEmpty());
    ASSERT_THAT(seen.faults, SizeIs(1)) << answer;
    EXPECT_THAT(seen.faults[0], HasSubstr(words));
    EXPECT_EQ(world.names.count("192.0.2.25"), 0U) << "an untested list is not asked about us";
  }
  World world;
  DnsList empty = list("a.example");
  empty.test_listed = "127.0.0.3";
  WatchBook book({}, {empty}, own({"192.0.2.25"}));
  world.pass(book, minutes(20));
  const Told seen = told(book);
  ASSERT_THAT(seen.faults, SizeIs(1));
  EXPECT_THAT(seen.faults[0], HasSubstr("does not list its test point 127.0.0.3"));
}

TEST(WatchBook, AMistypedZoneIsAFaultAndAZoneOfDomainsHasItsOwnPoint) {
  World world;
  const auto named = [](const char* word) { return *diagnosis::parse_postscreen_list(word); };
  world.no_point = {"zen.spamhuas.example", "dbl.example", "wl.example"};
  world.listed["dbl.example"] = {"test"};
  WatchBook book(
      {}, {named("zen.spamhuas.example"), named("dbl.example"), named("no-test-point:wl.example")},
      own({"192.0.2.25"}));
  world.pass(book, minutes(20));
  const Told seen = told(book);
  ASSERT_THAT(seen.faults, SizeIs(1));
  EXPECT_THAT(seen.faults[0], HasSubstr("does not list its test point 127.0.0.2"));
  const auto health = book.health();
  EXPECT_EQ(health[0].state, ListState::faulty);
  EXPECT_EQ(health[1].state, ListState::well) << health[1].reason;
  EXPECT_EQ(health[2].state, ListState::well) << health[2].reason;
}

TEST(WatchBook, AListThatHangsIsLeftAloneAndTold) {
  World world;
  std::vector<std::string> names;
  for (int i = 1; i < 200; ++i) names.push_back("192.0.2." + std::to_string(i));
  auto book = book_of({"a.example"}, own(names));
  world.settle(book);
  world.silent = {"a.example"};
  const auto before = world.asked;
  world.pass(book, minutes(30));
  const Told seen = told(book);
  ASSERT_THAT(seen.faults, SizeIs(1));
  EXPECT_THAT(seen.faults[0], HasSubstr("does not answer"));
  EXPECT_LT(world.asked - before, 60U) << "eight questions, then its test points";
  world.silent.clear();
  world.pass(book, minutes(30));
  EXPECT_THAT(told(book).well, SizeIs(1));
}

TEST(WatchBook, ANetworkIsOneListingHoweverManyOfItAreListed) {
  World world;
  WatchTargets targets = own({"192.0.2.25"});
  ASSERT_TRUE(targets.add_network(*base::IpPrefix::parse("192.0.2.0/23")).ok());
  WatchRules rules;
  rules.network_interval = minutes(60);
  auto book = book_of({"a.example"}, std::move(targets), rules);
  for (int i = 0; i < 256; ++i) world.listed["a.example"].insert("192.0.3." + std::to_string(i));
  world.listed["a.example"].insert("192.0.2.7");
  world.settle(book);
  EXPECT_EQ(world.names.count("192.0.2.25"), 1U) << "once, as an address of our own";
  EXPECT_THAT(told(book).opened, ElementsAre("a.example 192.0.2.0/24", "a.example 192.0.3.0/24"));
  ASSERT_THAT(book.listings(), SizeIs(2));
  EXPECT_EQ(book.listings()[1].addresses, 256U);
  EXPECT_FALSE(book.listings()[1].sends);
  world.listed.clear();
  world.pass(book, minutes(60), seconds(60));
  EXPECT_THAT(told(book).closed, SizeIs(2));
}

TEST(WatchBook, WhatStoodAtTheStopStandsAtTheStart) {
  World world;
  auto book = book_of({"a.example", "b.example"}, own({"192.0.2.25"}));
  world.listed["a.example"] = {"192.0.2.25"};
  world.always["b.example"] = "203.0.113.9";
  world.pass(book, minutes(20));
  const auto listings = book.listings();
  ASSERT_THAT(listings, SizeIs(1));
  model::ListFault fault{
      .list = "b.example", .list_name = "b", .reason = "lies", .since = world.now, .until = {}};
  auto next = book_of({"a.example", "b.example"}, own({"192.0.2.25"}));
  EXPECT_TRUE(next.restore(listings[0], world.now));
  EXPECT_TRUE(next.restore(fault));
  auto other = book_of({"a.example"}, own({"192.0.2.26"}));
  EXPECT_FALSE(other.restore(listings[0], world.now)) << "no longer watched";
  EXPECT_FALSE(other.restore(fault));
  world.pass(next, minutes(20));
  const Told seen = told(next);
  EXPECT_THAT(seen.opened, IsEmpty()) << "told already";
  EXPECT_THAT(seen.faults, IsEmpty());
  EXPECT_EQ(next.listings()[0].since, listings[0].since);
  world.listed.clear();
  world.always.clear();
  world.pass(next, minutes(70));
  const Told gone = told(next);
  EXPECT_THAT(gone.closed, SizeIs(1));
  EXPECT_THAT(gone.well, SizeIs(1));
}

TEST(WatchBook, ABudgetIsKeptAndItsLastFifthIsForOwnAddresses) {
  World world;
  WatchTargets targets = own({"192.0.2.25"});
  ASSERT_TRUE(targets.add_network(*base::IpPrefix::parse("198.51.100.0/22")).ok());
  WatchRules rules;
  rules.per_day = 200;
  auto book = book_of({"a.example"}, std::move(targets), rules);
  world.settle(book);
  EXPECT_LE(world.asked, 162U);
  EXPECT_GT(world.asked, 150U);
  world.pass(book, std::chrono::hours(6), minutes(1));
  EXPECT_GT(world.names.count("192.0.2.25"), 5U);
}

TEST(WatchBook, ABudgetBoundsTrialsControlsAndRepeatsToo) {
  for (const std::uint32_t per_day : {1U, 4U, 20U, 100U}) {
    for (const char* answer : {"", "127.0.0.4", "127.255.255.255", "127.0.0.1"}) {
      World world;
      world.now = start - start.time_since_epoch() % std::chrono::hours(24);
      world.always["a.example"] = answer;
      world.listed["a.example"] = {"192.0.2.25", "192.0.2.26", "192.0.2.27"};
      WatchRules rules;
      rules.per_day = per_day;
      auto book = book_of({"a.example"}, own({"192.0.2.25", "192.0.2.26", "192.0.2.27"}), rules);
      for (int passed = 0; passed < 3; ++passed) {
        const auto before = world.asked;
        world.pass(book, std::chrono::hours(24) - seconds(60), seconds(60));
        EXPECT_LE(world.asked - before, per_day) << answer;
        world.now += seconds(60);
      }
      EXPECT_GT(world.asked, 0U);
    }
  }
}

TEST(WatchBook, AListingIsToldThoughNothingIsLeftToAskForItsReason) {
  World world;
  WatchRules rules;
  rules.per_day = 12;
  auto book = book_of({"a.example"}, own({"192.0.2.25", "192.0.2.26", "192.0.2.27"}), rules);
  world.listed["a.example"] = {"192.0.2.25", "192.0.2.26", "192.0.2.27"};
  world.pass(book, std::chrono::hours(72), minutes(1));
  EXPECT_THAT(told(book).opened, SizeIs(3));
}

TEST(WatchBook, AListThatStaysFaultyIsTriedLessAndLessOften) {
  World world;
  auto book = book_of({"a.example"}, own({"192.0.2.25"}));
  world.always["a.example"] = "127.255.255.255";
  world.pass(book, std::chrono::hours(24), seconds(30));
  EXPECT_THAT(told(book).faults, SizeIs(1));
  EXPECT_LT(world.names.count("127.0.0.2"), 20U);
  const auto before = world.names.count("127.0.0.2");
  world.pass(book, std::chrono::hours(24), seconds(30));
  EXPECT_GE(world.names.count("127.0.0.2") - before, 5U) << "but it is tried";
  world.always.clear();
  world.pass(book, std::chrono::hours(4) + minutes(10), seconds(30));
  EXPECT_THAT(told(book).well, SizeIs(1));
}

TEST(WatchBook, AClockThatRanADayAheadAndIsSetRightSilencesNothing) {
  World world;
  world.ttl = minutes(60);
  WatchTargets targets = own({"192.0.2.25"});
  ASSERT_TRUE(targets.add_network(*base::IpPrefix::parse("198.51.100.0/28")).ok());
  WatchRules rules;
  rules.network_interval = minutes(60);
  auto book = book_of({"a.example", "b.example"}, std::move(targets), rules);
  world.always["b.example"] = "127.255.255.255";
  world.now += std::chrono::hours(24);
  world.pass(book, minutes(5));
  world.listed["a.example"] = {"192.0.2.25"};
  world.now -= std::chrono::hours(24);
  const auto trials = world.names.count("127.0.0.2");
  world.pass(book, minutes(70));
  EXPECT_GE(world.names.count("127.0.0.2"), trials + 7 + 2) << "both lists are tried";
  EXPECT_EQ(world.names.count("198.51.100.3"), 2U * 1U) << "the networks of the list that is well";
  EXPECT_THAT(told(book).opened, ElementsAre("a.example 192.0.2.25"));
  world.now += std::chrono::hours(24);  // ahead once more: the repeats of a listing
  world.pass(book, minutes(5));
  world.now -= std::chrono::hours(24);
  world.ttl = seconds(0);
  world.listed.clear();
  world.pass(book, minutes(70));
  EXPECT_THAT(told(book).closed, ElementsAre("a.example 192.0.2.25"));
}

TEST(WatchBook, AnAnswerIsNotAskedForAgainWhileItsTtlLasts) {
  World world;
  world.ttl = minutes(60);
  auto book = book_of({"a.example"}, own({"192.0.2.25"}));
  world.pass(book, minutes(59));
  EXPECT_EQ(world.names.count("192.0.2.25"), 1U);
  world.pass(book, minutes(20));
  EXPECT_EQ(world.names.count("192.0.2.25"), 2U);
}

TEST(WatchBook, OverlapAndTimesAreCounted) {
  World world;
  auto book = book_of({"a.example", "b.example"}, own({"192.0.2.25", "192.0.2.26"}));
  world.listed["a.example"] = {"192.0.2.25", "192.0.2.26"};
  world.listed["b.example"] = {"192.0.2.25"};
  world.pass(book, minutes(20));
  const auto health = book.health();
  EXPECT_EQ(health[0].listings, 2U);
  EXPECT_EQ(health[0].shared, 1U);
  EXPECT_EQ(health[1].shared, 1U);
  EXPECT_EQ(health[0].meter.quantile(0.99), std::chrono::milliseconds(4));
}

TEST(WatchTargets, NetworksAreCountedOutAndFoundAgain) {
  WatchTargets targets = own({"192.0.2.25", "2001:db8:1:2::25", "example.org", "192.0.2.25"});
  EXPECT_EQ(targets.own_count(), 3U);
  ASSERT_TRUE(targets.add_network(*base::IpPrefix::parse("10.1.0.0/18")).ok());
  ASSERT_TRUE(targets.add_network(*base::IpPrefix::parse("2001:db8:1::/56")).ok());
  EXPECT_EQ(targets.count(), 3U + 16'384U + 256U);
  EXPECT_EQ(targets.at(3).name, "10.1.0.0");
  EXPECT_EQ(targets.at(3 + 16'383).name, "10.1.63.255");
  EXPECT_EQ(targets.at(3 + 16'384 + 2).name, "2001:db8:1:2::1");
  EXPECT_EQ(targets.find("10.1.2.3"), 3U + 2 * 256 + 3);
  EXPECT_EQ(targets.find("2001:db8:1:2::77"), 1U) << "the /64 of an own address";
  EXPECT_EQ(targets.find("2001:db8:1:3::77"), 3U + 16'384U + 3U);
  EXPECT_FALSE(targets.find("10.2.0.0").has_value());
  EXPECT_FALSE(targets.add_network(*base::IpPrefix::parse("10.0.0.0/8")).ok());
  EXPECT_FALSE(targets.add_network(*base::IpPrefix::parse("2001:db8::/32")).ok());
  EXPECT_TRUE(never_listed(*IpAddress::parse("10.1.2.3")));
  EXPECT_TRUE(never_listed(*IpAddress::parse("192.0.2.1")));
  EXPECT_FALSE(never_listed(*IpAddress::parse("8.8.8.8")));
}

}  // namespace
}  // namespace leumund::intake
