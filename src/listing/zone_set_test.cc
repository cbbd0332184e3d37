// Answers of whole zones; the comparison with rbldnsd is tests/component/dnsbl.
#include "listing/zone_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "listing/ask.h"

namespace leumund::listing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::DnsCode;
using wire::ZoneFormat;
namespace dns_type = wire::dns_type;

const char* const head = "$SOA 60 ns.ex a.ex 7 1 1 1 30\n$NS 60 ns.ex\n";

ZonePlan plan_of(std::string_view name, std::vector<DatasetPointer> datasets,
                 DatasetPointer access = nullptr) {
  ZonePlan plan;
  plan.name = *wire::DnsName::parse(name);
  plan.datasets = std::move(datasets);
  plan.has_access = access != nullptr;
  plan.access = std::move(access);
  return plan;
}

ZoneSet one_zone(ZoneFormat format, const std::string& text, std::string_view rules = "") {
  return ZoneSet({plan_of("bl.ex", {dataset_of(format, head + text)},
                          rules.empty() ? nullptr : dataset_of(ZoneFormat::acl, rules))},
                 nullptr, {});
}

TEST(zone_set, a_listed_address_has_its_value_and_text) {
  const ZoneSet zones = one_zone(ZoneFormat::ip4set, ":4:See $\n192.0.2.1\n");
  EXPECT_THAT(ask(zones, "1.2.0.192.bl.ex").records, ElementsAre("1 127.0.0.4."));
  EXPECT_THAT(ask(zones, "1.2.0.192.BL.EX", dns_type::txt).records,
              ElementsAre("16 See 192.0.2.1"));
  EXPECT_TRUE(ask(zones, "1.2.0.192.bl.ex").answer.listed);
  EXPECT_EQ(ask(zones, "1.2.0.192.bl.ex").authority, 1U);
}

TEST(zone_set, answers_negative_as_resolvers_need_it) {
  const ZoneSet zones = one_zone(ZoneFormat::ip4set, "192.0.2.1\n");
  const Told none = ask(zones, "2.2.0.192.bl.ex");
  EXPECT_EQ(none.answer.code, DnsCode::no_such_name);
  EXPECT_EQ(none.authority, 1U);  // the SOA
  const Told other_type = ask(zones, "1.2.0.192.bl.ex", dns_type::aaaa);
  EXPECT_EQ(other_type.answer.code, DnsCode::no_error);
  EXPECT_THAT(other_type.records, IsEmpty());
  EXPECT_EQ(other_type.authority, 1U);
  // A resolver that shortens names (RFC 9156) must not hear that nothing is below.
  EXPECT_EQ(ask(zones, "0.192.bl.ex").answer.code, DnsCode::no_error);
  EXPECT_EQ(ask(zones, "1.192.bl.ex").answer.code, DnsCode::no_such_name);
  EXPECT_EQ(ask(zones, "ex").answer.code, DnsCode::refused);
}

TEST(zone_set, the_zone_itself_has_soa_and_servers_or_refuses) {
  const ZoneSet zones = one_zone(ZoneFormat::ip4set, "192.0.2.1\n");
  EXPECT_EQ(ask(zones, "bl.ex", dns_type::soa).records.size(), 1U);
  EXPECT_EQ(ask(zones, "bl.ex", dns_type::ns).records.size(), 1U);
  EXPECT_EQ(ask(zones, "bl.ex", dns_type::any).records.size(), 1U);
  const ZoneSet bare({plan_of("bl.ex", {dataset_of(ZoneFormat::ip4set, "192.0.2.1\n")})}, nullptr,
                     {});
  EXPECT_EQ(ask(bare, "bl.ex", dns_type::soa).answer.code, DnsCode::refused);
  EXPECT_EQ(ask(bare, "bl.ex").answer.code, DnsCode::no_error);
}

TEST(zone_set, any_gets_one_type_only) {
  const ZoneSet zones = one_zone(ZoneFormat::ip4set, ":4:text\n192.0.2.1\n");
  const Told told = ask(zones, "1.2.0.192.bl.ex", dns_type::any);
  EXPECT_THAT(told.records, ElementsAre("1 127.0.0.4."));
  EXPECT_EQ(told.authority, 0U);
}

TEST(zone_set, the_longest_zone_answers) {
  const ZoneSet zones({plan_of("ex", {dataset_of(ZoneFormat::dnset, "1.bl\n")}),
                       plan_of("bl.ex", {dataset_of(ZoneFormat::dnset, ":9:\n1\n")})},
                      nullptr, {});
  EXPECT_THAT(ask(zones, "1.bl.ex").records, ElementsAre("1 127.0.0.9."));
  EXPECT_EQ(ask(zones, "xbl.ex").answer.zone, 0);
}

TEST(zone_set, a_zone_without_data_fails_and_the_others_answer) {
  const ZoneSet zones(
      {plan_of("a.ex", {nullptr}), plan_of("b.ex", {dataset_of(ZoneFormat::dnset, "x\n")})},
      nullptr, {});
  EXPECT_EQ(ask(zones, "x.a.ex").answer.code, DnsCode::server_failure);
  EXPECT_EQ(ask(zones, "x.b.ex").answer.code, DnsCode::no_error);
}

TEST(zone_set, access_rules_drop_refuse_empty_and_list_everything) {
  const std::string data = "192.0.2.1\n";
  const std::string name = "1.2.0.192.bl.ex";
  EXPECT_TRUE(ask(one_zone(ZoneFormat::ip4set, data, "192.0.2.0/24 :ignore\n"), name).answer.drop);
  EXPECT_EQ(ask(one_zone(ZoneFormat::ip4set, data, "192.0.2.0/24 :refuse\n"), name).answer.code,
            DnsCode::refused);
  EXPECT_EQ(ask(one_zone(ZoneFormat::ip4set, data, "192.0.2.0/24 :empty\n"), name).answer.code,
            DnsCode::no_such_name);
  const ZoneSet all = one_zone(ZoneFormat::ip4set, data, "192.0.2.0/24 :7:not you, $\n");
  EXPECT_THAT(ask(all, "9.9.9.9.bl.ex", dns_type::txt).records,
              ElementsAre("16 not you, 192.0.2.1"));
  EXPECT_THAT(ask(all, name, 1, base::IpAddress::v4(1)).records, ElementsAre("1 127.0.0.2."));
  // Rules for IPv6 clients do not touch IPv4 ones.
  const ZoneSet six = one_zone(ZoneFormat::ip4set, data, "::/0 :refuse\n");
  EXPECT_EQ(ask(six, name).answer.code, DnsCode::no_error);
  EXPECT_EQ(ask(six, name, 1, *base::IpAddress::parse("2001:db8::1")).answer.code,
            DnsCode::refused);
}

TEST(zone_set, ipv6_names_with_ipv4_inside_ask_ipv4_lists) {
  const ZoneSet zones = one_zone(ZoneFormat::ip4set, "192.0.2.1\n127.0.0.2\n");
  std::string mapped = "1.0.2.0.0.0.0.c.f.f.f.f";
  for (int i = 0; i < 20; ++i) mapped += ".0";
  EXPECT_EQ(ask(zones, mapped + ".bl.ex").answer.code, DnsCode::no_error);
  // The test point of RFC 5782 for IPv6 lists.
  std::string test_point = "2.0.0.0.0.0.f.7.f.f.f.f";
  for (int i = 0; i < 20; ++i) test_point += ".0";
  EXPECT_EQ(ask(zones, test_point + ".bl.ex").answer.code, DnsCode::no_error);
}

TEST(zone_set, four_figures_may_be_the_upper_end_of_ipv6_addresses) {
  const ZoneSet zones = one_zone(ZoneFormat::ip6trie, "2001:db8::/32\n");
  EXPECT_EQ(ask(zones, "1.0.0.2.bl.ex").answer.code, DnsCode::no_error);
  EXPECT_THAT(ask(zones, "1.0.0.2.bl.ex").records, IsEmpty());
  EXPECT_EQ(ask(zones, "8.b.d.0.1.0.0.2.bl.ex").answer.code, DnsCode::no_error);
  EXPECT_EQ(ask(zones, "2.0.0.2.bl.ex").answer.code, DnsCode::no_such_name);
}

TEST(zone_set, names_below_wildcards_and_exclusions) {
  const ZoneSet zones = one_zone(ZoneFormat::dnset, ".wild.org\n!no.wild.org\n*.sub.net :5:$\n");
  EXPECT_EQ(ask(zones, "wild.org.bl.ex").records.size(), 1U);
  EXPECT_EQ(ask(zones, "a.b.wild.org.bl.ex").records.size(), 1U);
  EXPECT_EQ(ask(zones, "x.no.wild.org.bl.ex").records.size(), 1U);
  EXPECT_THAT(ask(zones, "no.wild.org.bl.ex").records, IsEmpty());
  EXPECT_EQ(ask(zones, "no.wild.org.bl.ex").answer.code, DnsCode::no_error);  // names below it
  EXPECT_THAT(ask(zones, "x.sub.net.bl.ex", dns_type::txt).records, ElementsAre("16 sub.net"));
  EXPECT_EQ(ask(zones, "net.bl.ex").answer.code, DnsCode::no_error);
  EXPECT_EQ(ask(zones, "nex.bl.ex").answer.code, DnsCode::no_such_name);
}

TEST(zone_set, combined_files_serve_subzones) {
  const ZoneSet zones = one_zone(ZoneFormat::combined,
                                 "$DATASET ip4set a.b\n1.2.3.4\n$DATASET generic @ a.b\nwww A 4\n");
  EXPECT_EQ(ask(zones, "4.3.2.1.a.b.bl.ex").records.size(), 1U);
  EXPECT_THAT(ask(zones, "www.bl.ex").records, ElementsAre("1 0.0.0.4."));
  EXPECT_EQ(ask(zones, "a.b.bl.ex").answer.code, DnsCode::no_error);
  EXPECT_EQ(ask(zones, "4.3.2.1.bl.ex").answer.code, DnsCode::no_such_name);
}

TEST(zone_set, tells_which_address_was_asked_about) {
  const ZoneSet zones = one_zone(ZoneFormat::ip4set, "192.0.2.1\n");
  const ZoneAnswer answer = ask(zones, "5.2.0.192.bl.ex").answer;
  EXPECT_TRUE(answer.asked_4);
  EXPECT_EQ(answer.address_4, 0xc0000205U);
  EXPECT_FALSE(ask(zones, "2.0.192.bl.ex").answer.asked_4);
}

}  // namespace
}  // namespace leumund::listing
