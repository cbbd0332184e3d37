// Lists of names: what lists them, how they end, what the zone answers, what is kept.
#include "listing/name_list.h"

#include <gtest/gtest.h>

#include "listing/ask.h"

namespace leumund::listing {
namespace {

using base::TimePoint;
using model::AbuseKind;
using model::ListKind;
using std::chrono::hours;
using std::chrono::seconds;

const TimePoint start{seconds(1'790'000'000)};

NameList::Settings settings_of(ListKind kind) {
  NameList::Settings out;
  out.name = "dbl";
  out.kind = kind;
  out.zone = *wire::DnsName::parse("dbl.ex");
  out.value = {0x7f000002, "see https://l.ex/bl?$"};
  return out;
}

void report(NameList& list, const char* name, std::uint64_t reporter, TimePoint now) {
  ASSERT_TRUE(
      list.report(name,
                  {.client = {}, .kind = AbuseKind::complaint, .reporter = reporter, .at = now},
                  now)
          .ok());
}

Told ask_it(NameList& list, const std::string& name, std::uint16_t type, TimePoint now) {
  list.tick(now);
  const ZoneSet zones({list.plan(now)}, nullptr, {});
  return ask(zones, name + ".dbl.ex", type, base::IpAddress::v4(0xc0000201),
             std::chrono::ceil<seconds>(now).time_since_epoch().count());
}

bool is_listed(NameList& list, const std::string& name, TimePoint now) {
  return ask_it(list, name, 1, now).answer.code == wire::DnsCode::no_error;
}

TEST(NameList, TwoReportersListADomainAndAllBelowItUntilItEnds) {
  NameList list(settings_of(ListKind::domains));
  report(list, "www.spam.com", 1, start);
  EXPECT_FALSE(is_listed(list, "spam.com", start)) << "never on one report";
  report(list, "Shop.SPAM.com", 2, start);
  const auto told = ask_it(list, "a.b.spam.com", 16, start);
  ASSERT_EQ(told.records.size(), 1U);
  EXPECT_EQ(told.records[0], "16 see https://l.ex/bl?spam.com");
  EXPECT_EQ(told.ttl, 900);
  EXPECT_FALSE(is_listed(list, "notspam.com", start));
  EXPECT_FALSE(is_listed(list, "com", start) && ask_it(list, "com", 1, start).answer.listed);
  const TimePoint end = start + hours(12);  // there were two reports
  EXPECT_EQ(list.next_due(), end);
  EXPECT_EQ(ask_it(list, "spam.com", 1, end - seconds(10)).ttl, 10) << "no answer outlives it";
  EXPECT_TRUE(is_listed(list, "spam.com", end - base::Micros(1)));
  EXPECT_FALSE(is_listed(list, "spam.com", end));
  EXPECT_EQ(list.counters().listed, 0U);
}

TEST(NameList, AFurtherReportProlongsAndTheZoneLearnsOfIt) {
  NameList list(settings_of(ListKind::domains));
  report(list, "spam.com", 1, start);
  report(list, "spam.com", 2, start);
  EXPECT_TRUE(is_listed(list, "spam.com", start));
  report(list, "spam.com", 3, start + hours(6));
  EXPECT_TRUE(is_listed(list, "spam.com", start + hours(12)));
  EXPECT_EQ(ask_it(list, "spam.com", 1, start + hours(13)).ttl, 900);
  EXPECT_FALSE(is_listed(list, "spam.com", start + hours(30)));
}

TEST(NameList, AMailAddressIsListedByItsDigestAlone) {
  NameList list(settings_of(ListKind::sha1));
  report(list, "A@B.C", 1, start);
  report(list, "e2d6a40c8b4d3e6a2779ba1802ef29d13940a051", 2, start);
  EXPECT_TRUE(is_listed(list, "e2d6a40c8b4d3e6a2779ba1802ef29d13940a051", start));
  EXPECT_TRUE(list.standing("a@b.c", start)->listed());
  EXPECT_FALSE(list.standing("a@b.d", start)->listed());
  for (const auto& one : list.drain().names) EXPECT_EQ(one.name.find('@'), std::string::npos);
}

TEST(NameList, TheTestPointIsListedAndWhatIsNoNameIsRefused) {
  NameList list(settings_of(ListKind::domains));
  EXPECT_TRUE(is_listed(list, "test", start));
  EXPECT_FALSE(is_listed(list, "invalid", start));
  EXPECT_FALSE(list.report("co.uk", {}, start).ok());
  const auto wrong = list.add("192.0.2.1", {.name = "", .since = start, .reason = "x"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("192.0.2.1"), std::string::npos);
  const std::string label(63, 'a');
  EXPECT_FALSE(list.add(label + "." + label + "." + label + "." + label.substr(6) + ".com",
                        {.name = "", .since = start, .reason = "x"})
                   .ok())
      << "no room for the zone behind it";
}

TEST(NameList, SparedDomainsAreNotListedByReportsButByHand) {
  auto settings = settings_of(ListKind::domains);
  settings.spared = {"good.com"};
  NameList list(settings);
  for (std::uint64_t who = 1; who < 9; ++who) report(list, "www.good.com", who, start);
  EXPECT_FALSE(is_listed(list, "good.com", start));
  EXPECT_TRUE(list.standing("www.good.com", start)->facts.spared);
  ASSERT_TRUE(list.add("bad.good.com", {.name = "",
                                        .since = start,
                                        .until = start + seconds(60),
                                        .reason = "one customer",
                                        .by = "anna"})
                  .ok());
  EXPECT_TRUE(is_listed(list, "x.bad.good.com", start));
  EXPECT_FALSE(is_listed(list, "good.com", start) &&
               ask_it(list, "good.com", 1, start).answer.listed);
  EXPECT_EQ(list.standing("x.bad.good.com", start)->hand->by, "anna");
  EXPECT_FALSE(is_listed(list, "bad.good.com", start + seconds(60)));
  auto mails = settings_of(ListKind::sha256);
  mails.spared = {"good.com"};
  NameList people(mails);
  for (std::uint64_t who = 1; who < 9; ++who) report(people, "a@mail.good.com", who, start);
  EXPECT_FALSE(people.standing("a@mail.good.com", start)->listed());
}

TEST(NameList, AListedDomainThatIsSparedNowIsTakenOffWithTheNextTick) {
  auto settings = settings_of(ListKind::domains);
  NameList list(settings);
  for (const std::uint64_t who : {1U, 2U}) report(list, "www.good.com", who, start);
  for (const std::uint64_t who : {1U, 2U}) report(list, "spam.com", who, start);
  ASSERT_TRUE(list.add("bad.good.com", {.name = "", .since = start, .reason = "x"}).ok());
  ASSERT_TRUE(is_listed(list, "good.com", start));
  static_cast<void>(list.take_events());
  settings.spared = {"good.com"};
  list.set_settings(settings);
  EXPECT_EQ(list.next_due(), TimePoint{}) << "at once";
  EXPECT_FALSE(ask_it(list, "good.com", 1, start).answer.listed);
  EXPECT_TRUE(is_listed(list, "spam.com", start));
  EXPECT_TRUE(is_listed(list, "bad.good.com", start)) << "by hand";
  const auto events = list.take_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].name, "good.com");
  EXPECT_EQ(events[0].line.by, "list.spared");
  EXPECT_GT(list.next_due(), start);
}

TEST(NameList, ADomainThatBecameSparedWhileNothingRanIsTakenOffAtTheStart) {
  auto settings = settings_of(ListKind::domains);
  settings.spared = {"good.com"};
  NameList list(settings);
  ListRecord kept;
  kept.names.push_back({.name = "good.com", .since = start, .until = start + hours(12)});
  list.restore(kept, start);
  EXPECT_FALSE(ask_it(list, "good.com", 1, start).answer.listed);
}

TEST(NameList, WhatWasClearedByAClockThatWentAheadIsNotImmuneUntilThen) {
  NameList list(settings_of(ListKind::domains));
  const TimePoint ahead = start + hours(300 * 24);
  for (const std::uint64_t who : {1U, 2U}) report(list, "spam.com", who, ahead);
  ASSERT_TRUE(list.delist_on_request("spam.com", "a form, closed", ahead).ok());
  for (const std::uint64_t who : {3U, 4U}) report(list, "spam.com", who, start);
  EXPECT_TRUE(is_listed(list, "spam.com", start));
}

TEST(NameList, WhoHasItDelistsItOnceAndTheOperatorAlways) {
  NameList list(settings_of(ListKind::domains));
  for (const std::uint64_t who : {1U, 2U}) report(list, "spam.com", who, start);
  EXPECT_FALSE(list.delist_on_request("spam.com", "", start).ok());
  EXPECT_TRUE(list.delist_on_request("www.spam.com", "a form, closed", start).ok());
  EXPECT_FALSE(is_listed(list, "spam.com", start));
  const TimePoint later = start + hours(2);
  for (const std::uint64_t who : {3U, 4U}) report(list, "spam.com", who, later);
  EXPECT_TRUE(is_listed(list, "spam.com", later));
  const auto again = list.delist_on_request("spam.com", "again", later);
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().message.find("was delisted on request"), std::string::npos);
  EXPECT_TRUE(list.remove("spam.com", "wrong", true, "anna", later).ok());
  EXPECT_FALSE(list.remove("spam.com", "wrong", true, "anna", later).ok());
  EXPECT_LT(list.reporters().standing(3).weight, 1);
  const auto events = list.take_events();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[1].line.move, "delisted_on_request");
  EXPECT_EQ(events[3].line.by, "anna");
}

TEST(NameList, WhatWasDrainedMakesTheSameListAgain) {
  NameList list(settings_of(ListKind::domains));
  for (const std::uint64_t who : {1U, 2U}) report(list, "spam.com", who, start);
  report(list, "half.com", 1, start);
  ASSERT_TRUE(list.add("hand.com", {.name = "", .since = start, .reason = "x"}).ok());
  const ListSave save = list.drain();
  EXPECT_EQ(list.drain().rows(), 0U);
  ListRecord record;
  record.name_reports = save.name_reports;
  record.names = save.names;
  record.reporters = save.reporters;
  record.hand_names = save.hand_names;
  NameList next(settings_of(ListKind::domains));
  const TimePoint now = start + hours(1);
  next.restore(record, now);
  EXPECT_TRUE(is_listed(next, "spam.com", now));
  EXPECT_TRUE(is_listed(next, "hand.com", now));
  EXPECT_FALSE(is_listed(next, "half.com", now));
  report(next, "half.com", 2, now);
  EXPECT_TRUE(is_listed(next, "half.com", now)) << "the report from before counts";
  EXPECT_FALSE(is_listed(next, "spam.com", start + hours(12)));
}

TEST(NameList, AFloodOfNamesTakesNoMoreThanItsRoomAndNoListing) {
  auto settings = settings_of(ListKind::domains);
  settings.names_most = 50;
  NameList list(settings);
  for (const std::uint64_t who : {1U, 2U}) report(list, "spam.com", who, start);
  for (int i = 0; i < 500; ++i) {
    const std::string name = "n" + std::to_string(i) + ".com";
    report(list, name.c_str(), 1000 + static_cast<std::uint64_t>(i), start + hours(i / 56));
  }
  EXPECT_LE(list.counters().addresses, 50U);
  EXPECT_GT(list.counters().forgotten, 0U);
  EXPECT_TRUE(list.standing("spam.com", start + hours(9))->listed());
}

TEST(NameList, TheExportReadsBackAsTheSameList) {
  NameList list(settings_of(ListKind::domains));
  for (const std::uint64_t who : {1U, 2U}) report(list, "spam.com", who, start);
  static_cast<void>(list.plan(start));
  const std::string text = NameList::export_names(*list.served());
  ZonePlan plan;
  plan.name = *wire::DnsName::parse("dbl.ex");
  plan.datasets = {dataset_of(wire::ZoneFormat::dnset, text)};
  ASSERT_TRUE(plan.datasets[0]);
  const ZoneSet zones({plan}, nullptr, {});
  EXPECT_EQ(ask(zones, "www.spam.com.dbl.ex", 16).records,
            std::vector<std::string>{"16 see https://l.ex/bl?spam.com"});
  EXPECT_EQ(ask(zones, "test.dbl.ex").answer.code, wire::DnsCode::no_error);
  EXPECT_FALSE(ask(zones, "other.com.dbl.ex").answer.listed);
}

}  // namespace
}  // namespace leumund::listing
