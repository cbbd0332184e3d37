// A list that changes while it is served.
#include "listing/live_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "listing/ask.h"

namespace leumund::listing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ZoneSet served(const LiveList& list) {
  ZonePlan plan;
  plan.name = *wire::DnsName::parse("bl.ex");
  plan.datasets = list.datasets();
  return ZoneSet({plan}, nullptr, {});
}

ListChange listing(std::string_view what, std::string text = "listed $") {
  return {*base::IpPrefix::parse(what), ListChange::Value{0x7f000002, std::move(text)}};
}
ListChange delisting(std::string_view what) { return {*base::IpPrefix::parse(what), std::nullopt}; }

LiveList make_list() { return LiveList({}, {}, {0x7f000002, "test point"}); }

TEST(live_list, has_its_test_points_from_the_start_and_never_the_other) {
  LiveList list = make_list();
  EXPECT_THAT(ask(served(list), "2.0.0.127.bl.ex", 16).records, ElementsAre("16 test point"));
  EXPECT_THAT(ask(served(list), "1.0.0.127.bl.ex").records, IsEmpty());
  const ListChange all[] = {listing("127.0.0.1"), listing("127.0.0.0/8"), listing("::1")};
  list.change(all, 1);
  EXPECT_THAT(ask(served(list), "1.0.0.127.bl.ex").records, IsEmpty());
  EXPECT_EQ(list.size(), 1U);
}

TEST(live_list, what_is_listed_and_taken_off_shows_with_the_next_set) {
  LiveList list = make_list();
  const ListChange on[] = {listing("192.0.2.1"), listing("198.51.100.0/24", "net"),
                           listing("2001:db8::/64")};
  list.change(on, 100);
  EXPECT_THAT(ask(served(list), "1.2.0.192.bl.ex", 16).records, ElementsAre("16 listed 192.0.2.1"));
  EXPECT_THAT(ask(served(list), "77.100.51.198.bl.ex", 16).records, ElementsAre("16 net"));
  EXPECT_EQ(list.datasets()[0]->changed_at, 100);
  EXPECT_EQ(list.size(), 4U);
  const ListChange off[] = {delisting("192.0.2.1"), delisting("2001:db8::/64"),
                            delisting("203.0.113.1")};
  list.change(off, 101);
  EXPECT_EQ(ask(served(list), "1.2.0.192.bl.ex").answer.code, wire::DnsCode::no_such_name);
  EXPECT_EQ(list.size(), 2U);
}

TEST(live_list, changes_over_the_folded_tables_are_as_without_folding) {
  LiveList list = make_list();
  std::vector<ListChange> many;
  for (std::uint32_t i = 0; i < 3 * LiveList::delta_max; ++i) {
    many.push_back({{base::IpAddress::v4(0x0a000000 + i), 32},
                    ListChange::Value{0x7f000002, i % 2 == 0 ? "even" : "odd"}});
  }
  list.change(many, 1);
  list.fold();
  const ListChange some[] = {delisting("10.0.0.4"), listing("10.0.0.5", "new")};
  list.change(some, 2);
  EXPECT_EQ(list.size(), many.size());  // one off, and the test point
  const ZoneSet zones = served(list);
  EXPECT_EQ(ask(zones, "4.0.0.10.bl.ex").answer.code, wire::DnsCode::no_such_name);
  EXPECT_THAT(ask(zones, "5.0.0.10.bl.ex", 16).records, ElementsAre("16 new"));
  EXPECT_THAT(ask(zones, "6.0.0.10.bl.ex", 16).records, ElementsAre("16 even"));
}

TEST(live_list, what_changes_while_the_tables_are_folded_is_not_lost) {
  LiveList list = make_list();
  EXPECT_FALSE(list.folding_due());
  std::vector<ListChange> many;
  for (std::uint32_t i = 0; i <= LiveList::delta_max; ++i) {
    many.push_back({{base::IpAddress::v4(0x0a000000 + i), 32}, ListChange::Value{}});
  }
  many.push_back(listing("2001:db8::/64"));
  list.change(many, 1);
  const auto folding = list.folding_due();
  ASSERT_TRUE(folding);
  const ListChange some[] = {delisting("10.0.0.4"), listing("10.0.0.5", "new"),
                             delisting("2001:db8::/64"), listing("192.0.2.1")};
  list.change(some, 2);
  const std::size_t size = list.size();
  ASSERT_TRUE(list.take(*folding, folding->run()));
  EXPECT_EQ(list.size(), size);
  EXPECT_FALSE(list.folding_due());
  list.change({}, 3);
  EXPECT_LE(list.datasets()[0]->data.networks4.size(), 3U) << "the rest is folded";
  const ZoneSet zones = served(list);
  EXPECT_EQ(ask(zones, "4.0.0.10.bl.ex").answer.code, wire::DnsCode::no_such_name);
  EXPECT_THAT(ask(zones, "5.0.0.10.bl.ex", 16).records, ElementsAre("16 new"));
  EXPECT_TRUE(ask(zones, "6.0.0.10.bl.ex").answer.listed);
  EXPECT_TRUE(ask(zones, "1.2.0.192.bl.ex").answer.listed);
  EXPECT_FALSE(list.take(*folding, folding->run())) << "of tables that are no more";
  EXPECT_EQ(list.size(), size);
}

TEST(live_list, a_change_of_a_large_list_takes_far_less_than_a_tenth_of_a_second) {
  LiveList list = make_list();
  std::vector<ListChange> many;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    many.push_back({{base::IpAddress::v4(0x0a000000 + i * 7), 32}, ListChange::Value{}});
  }
  list.change(many, 1);
  const ListChange one[] = {listing("192.0.2.1")};
  const auto begun = std::chrono::steady_clock::now();
  list.change(one, 2);
  const ZoneSet zones = served(list);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(100));
  EXPECT_EQ(ask(zones, "1.2.0.192.bl.ex").answer.code, wire::DnsCode::no_error);
}

TEST(live_list, leaves_as_a_zone_file_that_reads_back_the_same) {
  LiveList list = make_list();
  const ListChange on[] = {listing("192.0.2.1"), listing("198.51.100.0/24", "net"),
                           listing("2001:db8::/64")};
  list.change(on, 100);
  const auto four = dataset_of(wire::ZoneFormat::ip4trie, list.export_4());
  const auto six = dataset_of(wire::ZoneFormat::ip6trie, list.export_6());
  ASSERT_TRUE(four && six);
  EXPECT_EQ(four->data.entries() + six->data.entries(), list.size());
  ZonePlan plan;
  plan.name = *wire::DnsName::parse("bl.ex");
  plan.datasets = {four, six};
  const ZoneSet mirror({plan}, nullptr, {});
  for (const char* name : {"1.2.0.192.bl.ex", "7.100.51.198.bl.ex", "2.0.0.127.bl.ex"}) {
    EXPECT_EQ(ask(mirror, name, 16).records, ask(served(list), name, 16).records);
  }
}

}  // namespace
}  // namespace leumund::listing
