// A list of ours as it is served: endings, what stands by hand, and how it goes on after a kill.
#include "listing/served_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "listing/ask.h"

namespace leumund::listing {
namespace {

using namespace std::chrono_literals;
using model::AbuseKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const base::TimePoint start = base::from_unix_seconds(1'800'000'000);

base::IpAddress ip(std::string_view text) { return *base::IpAddress::parse(text); }
base::IpPrefix net(std::string_view text) { return *base::IpPrefix::parse(text); }

ServedList::Settings settings() {
  ServedList::Settings out;
  out.name = "bl";
  out.zone = *wire::DnsName::parse("bl.ex");
  out.value = {0x7f000002, "Blocked - see https://lists.example.org/bl?$"};
  out.ttl = 900;
  out.engine.record = true;
  return out;
}

void say(ServedList& list, std::string_view client, int who, base::TimePoint at,
         AbuseKind kind = AbuseKind::complaint) {
  list.report({ip(client), kind, static_cast<std::uint64_t>(who) * 0x9e3779b97f4a7c15ULL, at}, at);
}

Told told(ServedList& list, std::string_view name, base::TimePoint now, std::uint16_t type = 1) {
  const ZoneSet zones({list.plan(now)}, nullptr, {});
  return ask(zones, std::string(name) + ".bl.ex", type, ip("192.0.2.1"),
             std::chrono::ceil<std::chrono::seconds>(now).time_since_epoch().count());
}

HandListing by_hand(std::string_view what, base::TimePoint since, base::TimePoint until = {}) {
  return {net(what), since, until, "a customer's word", "admin anna"};
}

TEST(served_list, what_reports_list_is_in_the_zone_and_no_answer_outlives_the_listing) {
  ServedList list(settings());
  say(list, "203.0.113.7", 1, start);
  EXPECT_THAT(told(list, "7.113.0.203", start).records, IsEmpty());
  say(list, "203.0.113.7", 2, start);
  EXPECT_EQ(told(list, "7.113.0.203", start).ttl, 900);
  EXPECT_THAT(told(list, "7.113.0.203", start, 16).records,
              ElementsAre("16 Blocked - see https://lists.example.org/bl?203.0.113.7"));
  const auto end = start + 12h;
  for (const auto left : {901s, 900s, 899s, 61s, 10s, 1s}) {
    list.tick(end - left);
    EXPECT_EQ(told(list, "7.113.0.203", end - left).ttl, std::min<std::int64_t>(900, left / 1s));
    EXPECT_LE(told(list, "7.113.0.203", end - left - 1us).ttl, left / 1s);
  }
  list.tick(end - 1us);
  EXPECT_EQ(told(list, "7.113.0.203", end - 1us).ttl, 0);
  EXPECT_EQ(list.next_due(), end);
  // A tick that comes late lets nothing stand.
  EXPECT_EQ(told(list, "7.113.0.203", end + 2s).answer.code, wire::DnsCode::no_such_name);
  list.tick(end);
  EXPECT_EQ(told(list, "7.113.0.203", end).answer.code, wire::DnsCode::no_such_name);
  EXPECT_EQ(told(list, "2.0.0.127", end).ttl, 900) << "the test point stays, with its whole TTL";
}

TEST(served_list, a_report_near_the_end_gives_answers_their_whole_ttl_again) {
  ServedList list(settings());
  for (int who = 1; who <= 3; ++who) say(list, "203.0.113.7", who, start);
  const auto near = start + 24h - 100s;
  list.tick(near);
  EXPECT_EQ(told(list, "7.113.0.203", near).ttl, 100);
  say(list, "203.0.113.7", 4, near);
  EXPECT_EQ(told(list, "7.113.0.203", near).ttl, 900);
  list.tick(start + 24h);
  EXPECT_EQ(told(list, "7.113.0.203", start + 24h).ttl, 900);
  list.tick(near + 24h);
  EXPECT_THAT(told(list, "7.113.0.203", near + 24h).records, IsEmpty());
}

TEST(served_list, ipv6_answers_are_bounded_as_well) {
  ServedList list(settings());
  ASSERT_TRUE(list.add(by_hand("2001:db8:1::/48", start, start + 1000s)).ok());
  const std::string name = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2";
  EXPECT_EQ(told(list, name, start).ttl, 900);
  list.tick(start + 990s);
  EXPECT_EQ(told(list, name, start + 990s).ttl, 10);
  list.tick(start + 1000s);
  EXPECT_THAT(told(list, name, start + 1000s).records, IsEmpty());
}

TEST(served_list, lists_only_for_its_kinds) {
  ServedList::Settings traps = settings();
  traps.kinds = {false, true, true, true, false};
  ServedList list(std::move(traps));
  for (int who = 1; who <= 3; ++who) say(list, "203.0.113.7", who, start);
  EXPECT_FALSE(list.changed());
  say(list, "203.0.113.7", 1, start, AbuseKind::pristine_trap);
  say(list, "203.0.113.7", 2, start, AbuseKind::pristine_trap);
  EXPECT_TRUE(list.standing(ip("203.0.113.7"), start).listed());
}

TEST(served_list, what_stands_by_hand_stays_when_reports_end_and_the_other_way_round) {
  ServedList list(settings());
  say(list, "203.0.113.7", 1, start);
  say(list, "203.0.113.7", 2, start);
  ASSERT_TRUE(list.add(by_hand("203.0.113.7", start, start + 20h)).ok());
  list.tick(start + 12h);
  EXPECT_EQ(told(list, "7.113.0.203", start + 12h).records.size(), 1U);
  list.tick(start + 20h);
  EXPECT_THAT(told(list, "7.113.0.203", start + 20h).records, IsEmpty());
  std::vector<std::string> moves;
  for (const auto& one : list.drain(false).history) moves.push_back(one.move);
  EXPECT_THAT(moves, ElementsAre("listed", "added", "expired", "expired"));
}

TEST(served_list, the_operator_removes_networks_and_what_reports_listed) {
  ServedList list(settings());
  ASSERT_TRUE(list.add(by_hand("198.51.100.0/24", start)).ok());
  EXPECT_EQ(told(list, "9.100.51.198", start).records.size(), 1U);
  EXPECT_TRUE(list.standing(ip("198.51.100.9"), start).hand.has_value());
  EXPECT_THAT(list.remove(net("198.51.100.9"), "why", false, "anna", start).error().message,
              HasSubstr("not on the list"));
  ASSERT_TRUE(list.remove(net("198.51.100.0/24"), "sold", false, "anna", start).ok());
  EXPECT_THAT(told(list, "9.100.51.198", start).records, IsEmpty());
  say(list, "203.0.113.7", 1, start);
  say(list, "203.0.113.7", 2, start);
  ASSERT_TRUE(list.remove(net("203.0.113.7"), "an error", true, "anna", start).ok());
  EXPECT_THAT(told(list, "7.113.0.203", start).records, IsEmpty());
}

TEST(served_list, refuses_what_would_list_the_world_or_the_test_point) {
  ServedList list(settings());
  for (const char* what : {"0.0.0.0/0", "64.0.0.0/7", "::/0", "127.0.0.0/8", "127.0.0.1", "::1"}) {
    EXPECT_FALSE(list.add(by_hand(what, start)).ok()) << what;
  }
  EXPECT_FALSE(list.add(by_hand("192.0.2.1", start, start - 1s)).ok());
  HandListing silent = by_hand("192.0.2.1", start);
  silent.reason.clear();
  EXPECT_FALSE(list.add(silent).ok());
}

// Everything that was drained, as a store would give it back.
struct Kept {
  ListRecord record;
  void take(ListSave save) {
    for (auto& one : save.reports) record.reports.push_back(one);
    for (auto& one : save.places) {
      std::erase_if(record.places, [&](const auto& old) { return old.place == one.place; });
      record.places.push_back(one);
    }
    for (auto& one : save.traffic) {
      std::erase_if(record.traffic,
                    [&](const auto& old) { return old.place == one.place && old.day == one.day; });
      record.traffic.push_back(one);
    }
    for (auto& one : save.reporters) {
      std::erase_if(record.reporters, [&](const auto& old) { return old.who == one.who; });
      record.reporters.push_back(one);
    }
    for (const auto& gone : save.hand_gone) {
      std::erase_if(record.hand, [&](const auto& old) {
        return old.what.address == gone.address && old.what.bits == gone.bits;
      });
    }
    for (auto& one : save.hand) record.hand.push_back(one);
  }
};

// One hour of a small world: pools, bots, poisoners, people who delist themselves.
void live(ServedList& list, int hour) {
  const auto now = start + hour * 1h;
  list.tick(now);
  for (int i = 0; i < 40; ++i) {
    const int host = (hour * 7 + i * 13) % 50;
    const auto client = base::IpAddress::v4(0xcb007100U + static_cast<std::uint32_t>(host));
    list.mails(client, static_cast<std::uint32_t>(host), now);
    const auto kind = static_cast<AbuseKind>((hour + i) % 5);
    const auto who = static_cast<std::uint64_t>(i % 9 + 1) * 0x9e3779b97f4a7c15ULL;
    if (host % 3 != 0) list.report({client, kind, who, now - (i % 4) * 1h}, now);
    if (i == 5) static_cast<void>(list.delist_on_request(client, "was infected", now));
    if (i == 9) static_cast<void>(list.remove({client, 32}, "no", true, "anna", now));
  }
}

std::string state(const ServedList& list, base::TimePoint now) {
  std::string out;
  for (std::uint32_t host = 0; host < 50; ++host) {
    const auto one = list.standing(base::IpAddress::v4(0xcb007100U + host), now);
    out += one.facts.what.to_string() + (one.listed() ? " listed" : "") + " " +
           base::format_rfc3339(one.facts.until) + " " + std::to_string(one.facts.weighed.spam) +
           " " + std::to_string(one.facts.weighed.mail) + " " +
           std::to_string(one.facts.weighed.reporters) + " " +
           std::to_string(one.facts.times_listed) + " " +
           base::format_rfc3339(one.facts.next_request_at) + "\n";
  }
  return out;
}

TEST(served_list, goes_on_after_a_kill_as_one_that_was_never_killed) {
  for (const int killed_at : {3, 20, 61, 100}) {
    auto whole = std::make_unique<ServedList>(settings());
    auto killed = std::make_unique<ServedList>(settings());
    Kept kept;
    for (int hour = 0; hour < 140; ++hour) {
      live(*whole, hour);
      live(*killed, hour);
      kept.take(killed->drain(true));
      if (hour != killed_at) continue;
      killed = std::make_unique<ServedList>(settings());
      killed->restore(kept.record, start + hour * 1h);
      EXPECT_EQ(state(*killed, start + hour * 1h), state(*whole, start + hour * 1h));
    }
    EXPECT_EQ(state(*killed, start + 140h), state(*whole, start + 140h)) << killed_at;
    std::uint32_t listings = 0;
    for (std::uint32_t host = 0; host < 50; ++host) {
      const auto client = base::IpAddress::v4(0xcb007100U + host);
      listings += whole->standing(client, start + 140h).facts.times_listed;
    }
    EXPECT_GT(listings, 20U) << "a world in which something happens";
  }
}

TEST(served_list, a_listing_whose_reports_were_lost_still_ends_and_can_be_removed) {
  ListRecord record;
  record.places.push_back({.place = ip("203.0.113.7"), .since = start, .until = start + 12h});
  record.places.push_back({.place = ip("203.0.113.8"), .since = start, .until = start + 12h});
  ServedList list(settings());
  list.restore(record, start + 1h);
  EXPECT_EQ(told(list, "7.113.0.203", start + 1h).records.size(), 1U);
  EXPECT_TRUE(list.remove(net("203.0.113.8"), "an error", true, "anna", start + 2h).ok());
  list.tick(start + 12h);
  EXPECT_THAT(told(list, "7.113.0.203", start + 12h).records, IsEmpty());
}

TEST(served_list, what_ended_while_nobody_ran_is_over_at_once) {
  ListRecord record;
  record.places.push_back({.place = ip("203.0.113.7"), .since = start, .until = start + 12h});
  record.hand.push_back(by_hand("198.51.100.0/24", start, start + 2h));
  ServedList list(settings());
  list.restore(record, start + 100h);
  EXPECT_THAT(told(list, "7.113.0.203", start + 100h).records, IsEmpty());
  EXPECT_THAT(told(list, "7.100.51.198", start + 100h).records, IsEmpty());
}

}  // namespace
}  // namespace leumund::listing
