#include "intake/spf_check.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "intake/dns_table.h"

namespace leumund::intake {
namespace {

// The zone of RFC 7208, appendix A.
DnsTable rfc_zone() {
  DnsTable dns;
  dns.mails("example.com", {"mail-a.example.com", "mail-b.example.com"});
  dns.addresses("example.com", {"192.0.2.10", "192.0.2.11"});
  dns.addresses("amy.example.com", {"192.0.2.65"});
  dns.addresses("bob.example.com", {"192.0.2.66"});
  dns.addresses("mail-a.example.com", {"192.0.2.129"});
  dns.addresses("mail-b.example.com", {"192.0.2.130"});
  dns.addresses("mail-c.example.org", {"192.0.2.140"});
  dns.mails("example.org", {"mail-c.example.org"});
  dns.reverse("192.0.2.10", {"example.com"});
  dns.reverse("192.0.2.11", {"example.com"});
  dns.reverse("192.0.2.65", {"amy.example.com"});
  dns.reverse("192.0.2.66", {"bob.example.com"});
  dns.reverse("192.0.2.129", {"mail-a.example.com"});
  dns.reverse("10.0.0.4", {"bob.example.com"});
  return dns;
}

SpfVerdict ask_of(DnsTable& dns, const char* address, const char* domain = "example.com") {
  return check_spf({base::IpAddress::parse(address).value(), domain,
                    std::string("strong-bad@") + domain, "mx.example.org"},
                   dns.look_up());
}

SpfResult with_record(const char* record, const char* address) {
  DnsTable dns = rfc_zone();
  dns.texts("example.com", {"unrelated", record});
  return ask_of(dns, address).result;
}

TEST(SpfCheck, AnswersTheExamplesOfTheRfc) {
  EXPECT_EQ(with_record("v=spf1 +all", "198.51.100.1"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 a -all", "192.0.2.10"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 a -all", "192.0.2.12"), SpfResult::fail);
  EXPECT_EQ(with_record("v=spf1 a:example.org -all", "192.0.2.10"), SpfResult::fail);
  EXPECT_EQ(with_record("v=spf1 mx -all", "192.0.2.129"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 mx:example.org -all", "192.0.2.140"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 mx mx:example.org -all", "192.0.2.130"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.143"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.132"), SpfResult::fail);
  EXPECT_EQ(with_record("v=spf1 ptr -all", "192.0.2.65"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 ptr -all", "192.0.2.140"), SpfResult::fail);
  EXPECT_EQ(with_record("v=spf1 ptr -all", "10.0.0.4"), SpfResult::fail) << "it does not lead back";
  EXPECT_EQ(with_record("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.129"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65"), SpfResult::fail);
  EXPECT_EQ(with_record("v=spf1 ip6:2001:db8::/32 ~all", "2001:db8::1"), SpfResult::pass);
  EXPECT_EQ(with_record("v=spf1 ip6:2001:db8::/32 ~all", "192.0.2.1"), SpfResult::softfail);
  EXPECT_EQ(with_record("v=spf1 ip4:198.51.100.1", "192.0.2.1"), SpfResult::neutral);
}

TEST(SpfCheck, IncludeAndRedirectFollowOtherRecords) {
  DnsTable dns = rfc_zone();
  dns.texts("example.com", {"v=spf1 include:_spf.example.net redirect=_rest.example.net"});
  dns.texts("_spf.example.net", {"v=spf1 ip4:192.0.2.1 -all"});
  dns.texts("_rest.example.net", {"v=spf1 exists:%{ir}.%{d} -all"});
  dns.addresses("2.2.0.192._rest.example.net", {"127.0.0.2"});
  EXPECT_EQ(ask_of(dns, "192.0.2.1").result, SpfResult::pass);
  EXPECT_EQ(ask_of(dns, "192.0.2.2").result, SpfResult::pass);
  const auto other = ask_of(dns, "192.0.2.3");
  EXPECT_EQ(other.result, SpfResult::fail) << "the included -all is no answer, the redirected is";
  EXPECT_EQ(other.term, "-all");
  EXPECT_EQ(other.lookups, 3U);
  dns.texts("example.com", {"v=spf1 include:nothing.example.net -all"});
  EXPECT_EQ(ask_of(dns, "192.0.2.1").result, SpfResult::permerror);
  dns.texts("example.com", {"v=spf1 redirect=nothing.example.net"});
  EXPECT_EQ(ask_of(dns, "192.0.2.1").result, SpfResult::permerror);
}

TEST(SpfCheck, TenTermsMayAskTheDnsAndNoMore) {
  DnsTable dns;
  std::string record = "v=spf1";
  for (int i = 0; i < 10; ++i) {
    record += fmt::format(" a:h{}.example.org", i);
    dns.addresses(fmt::format("h{}.example.org", i), {"198.51.100.7"});
  }
  dns.texts("example.com", {record + " ip4:192.0.2.1 -all"});
  const auto ten = ask_of(dns, "192.0.2.1");
  EXPECT_EQ(ten.result, SpfResult::pass) << ten.trouble;
  EXPECT_EQ(ten.lookups, 10U);
  dns.texts("example.com", {record + " mx ip4:192.0.2.1 -all"});
  const auto eleven = ask_of(dns, "192.0.2.1");
  EXPECT_EQ(eleven.result, SpfResult::permerror);
  EXPECT_TRUE(eleven.trouble.contains("'mx' is one too many")) << eleven.trouble;
}

TEST(SpfCheck, ARecordThatIncludesItselfEnds) {
  DnsTable dns;
  dns.texts("example.com", {"v=spf1 include:example.com -all"});
  EXPECT_EQ(ask_of(dns, "192.0.2.1").result, SpfResult::permerror);
  EXPECT_LT(dns.asked, 15U);
}

TEST(SpfCheck, TwoNamesMayLeadNowhereAndNoMore) {
  DnsTable dns;
  dns.texts("example.com", {"v=spf1 a:x.example.org a:y.example.org ip4:192.0.2.1 -all"});
  EXPECT_EQ(ask_of(dns, "192.0.2.1").result, SpfResult::pass);
  dns.texts("example.com",
            {"v=spf1 a:x.example.org a:y.example.org a:z.example.org ip4:192.0.2.1 -all"});
  EXPECT_EQ(ask_of(dns, "192.0.2.1").result, SpfResult::permerror);
}

TEST(SpfCheck, AnMxOfMoreThanTenNamesIsAnError) {
  DnsTable dns;
  std::vector<std::string> hosts;
  for (int i = 0; i < 11; ++i) hosts.push_back(fmt::format("m{}.example.com", i));
  dns.mails("example.com", hosts);
  dns.texts("example.com", {"v=spf1 mx -all"});
  EXPECT_EQ(ask_of(dns, "192.0.2.1").result, SpfResult::permerror);
}

TEST(SpfCheck, SilenceIsNoAnswerAndTwoRecordsAreNone) {
  DnsTable dns = rfc_zone();
  dns.silence("example.com");
  EXPECT_EQ(ask_of(dns, "192.0.2.1").result, SpfResult::temperror);
  DnsTable later = rfc_zone();
  later.texts("example.com", {"v=spf1 a:slow.example.org -all"});
  later.silence("slow.example.org");
  const auto verdict = ask_of(later, "192.0.2.1");
  EXPECT_EQ(verdict.result, SpfResult::temperror);
  EXPECT_TRUE(verdict.trouble.contains("slow.example.org")) << verdict.trouble;
  later.texts("example.com", {"v=spf1 -all", "v=spf1 +all"});
  EXPECT_EQ(ask_of(later, "192.0.2.1").result, SpfResult::permerror);
  later.texts("example.com", {"nothing of the kind"});
  EXPECT_EQ(ask_of(later, "192.0.2.1").result, SpfResult::none);
  EXPECT_EQ(ask_of(later, "192.0.2.1", "nodot").result, SpfResult::none);
}

}  // namespace
}  // namespace leumund::intake
