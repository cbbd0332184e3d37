#include "intake/hygiene_check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "intake/dns_table.h"

namespace leumund::intake {
namespace {

using model::HygieneFinding;
using model::HygieneState;

base::IpAddress address(const char* text) { return base::IpAddress::parse(text).value(); }

// One egress that is as it should be.
struct World {
  DnsTable dns;
  HygienePlan plan;
  unsigned fetched = 0;
  std::string page_trouble;

  World() {
    dns.reverse("192.0.2.25", {"mail.example.org"});
    dns.addresses("mail.example.org", {"192.0.2.25"});
    dns.texts("mail.example.org", {"v=spf1 a -all"});
    dns.texts("example.org", {"v=spf1 ip4:192.0.2.25 -all"});
    dns.texts("_dmarc.example.org", {"v=DMARC1; p=reject"});
    dns.texts("s1._domainkey.example.org",
              {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="});
    plan.ways.push_back({address("192.0.2.25"), "out1", "mail.example.org", true, 100, 90});
    plan.domains.push_back({"example.org", 0, 0, {"s1"}, {}});
    plan.log_tells_tls = true;
    plan.pages = {"https://www.example.org/imprint"};
  }
  model::HygieneReport look() {
    return check_hygiene(plan, dns.look_up(), [this](const std::string&) {
      ++fetched;
      return page_trouble;
    });
  }
  // The first finding of a check, of the first address or of a domain.
  HygieneFinding find(std::string_view check) {
    const auto report = look();
    std::vector<HygieneFinding> all = report.addresses.front().findings;
    for (const auto& one : report.domains) {
      all.insert(all.end(), one.findings.begin(), one.findings.end());
    }
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto& finding) { return finding.check == check; });
    if (found != all.end()) return *found;
    ADD_FAILURE() << "nothing is said of " << check;
    return {};
  }
};

void expect_fault(const HygieneFinding& finding, std::string_view words, bool grave) {
  EXPECT_EQ(finding.state, HygieneState::fault) << finding.text;
  EXPECT_EQ(finding.grave, grave) << finding.text;
  EXPECT_TRUE(finding.text.contains(words)) << finding.text;
}
void expect_unknown(const HygieneFinding& finding, std::string_view words) {
  EXPECT_EQ(finding.state, HygieneState::unknown) << finding.text;
  EXPECT_TRUE(finding.text.contains(words)) << finding.text;
}

TEST(HygieneCheck, AnEgressAsItShouldBeHasNoFault) {
  World world;
  const auto report = world.look();
  const auto counts = model::count_hygiene(report);
  EXPECT_EQ(counts.faults, 0U) << model::hygiene_warning(report, "out1");
  EXPECT_EQ(counts.unknown, 0U);
  EXPECT_GE(counts.good, 10U);
  EXPECT_EQ(model::hygiene_warning(report, "out1"), "");
  EXPECT_EQ(world.fetched, 0U) << "no page is fetched unless that is wanted";
}

// What passed the milter: mails, and how many of them bore the domain's signature.
SignedMail::Side side(std::uint64_t mails, std::uint64_t ours, const char* selector = "s1") {
  SignedMail::Side out{
      .mails = mails, .aligned = ours, .same = ours, .foreign = 0, .selectors = {}};
  if (ours > 0) out.selectors[{selector, "example.org"}] = ours;
  return out;
}

TEST(HygieneCheck, SignaturesThatAreNotSeenAreAFaultOnlyWhereTheyWouldBeSeen) {
  World world;
  SignedMail& mail = world.plan.domains.front().mail;
  mail.passed = side(40, 0);
  expect_unknown(world.find("dkim_mail"), "0 of 40 mails of example.org bore its DKIM signature");
  world.plan.signer = SignerPlace::behind_milter;
  expect_unknown(world.find("dkim_mail"), "is not seen");
  world.plan.signer = SignerPlace::before_milter;
  expect_fault(world.find("dkim_mail"), "40 of 40 mails of example.org left without", false);
  mail.passed.foreign = 30;
  expect_fault(world.find("dkim_mail"), "30 of them signed by another domain", false);
  mail.passed = side(40, 38);
  EXPECT_EQ(world.find("dkim_mail").state, HygieneState::good);
  mail.passed.same = 0;  // by a domain above or beside it
  EXPECT_EQ(world.find("dkim_mail").state, HygieneState::good);
  world.dns.texts("_dmarc.example.org", {"v=DMARC1; p=reject; adkim=s"});
  expect_fault(world.find("dkim_mail"), "40 of 40 mails", false);
}

TEST(HygieneCheck, WhatCameBackUnsignedIsGraveOnlyWhereTheMilterSawTheSameAndSpfFails) {
  World world;
  SignedMail& mail = world.plan.domains.front().mail;
  mail.returned = side(2, 0);
  EXPECT_EQ(world.find("alignment").state, HygieneState::good) << "two are too few";
  mail.returned = side(3, 0);
  expect_fault(world.find("dkim_mail"), "none of 3 mails of example.org that came back", false);
  world.dns.texts("example.org", {"v=spf1 -all"});
  expect_fault(world.find("alignment"), "would not pass DMARC", false);
  mail.passed = side(40, 0);
  world.plan.signer = SignerPlace::before_milter;
  expect_fault(world.find("alignment"), "does not pass DMARC, and p=reject", true);
  mail.returned = side(3, 3);
  EXPECT_EQ(world.find("dkim_mail").state, HygieneState::good);
  EXPECT_EQ(world.find("alignment").state, HygieneState::good);
}

TEST(HygieneCheck, TheKeysOfSignaturesThatLeaveAreLookedUp) {
  World world;
  SignedMail& mail = world.plan.domains.front().mail;
  mail.passed = side(40, 40, "old");
  const auto report = world.look();
  const auto& all = report.domains.front().findings;
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const auto& one) {
    return one.grave && one.text == "there is no DKIM key old._domainkey.example.org";
  }));
  mail.passed = side(400, 400);
  mail.passed.selectors[{"forged", "example.org"}] = 3;
  EXPECT_EQ(model::count_hygiene(world.look()).grave, 0U) << "one client's own";
}

TEST(HygieneCheck, WhereTheSignerStandsIsToldByWhatItSigned) {
  std::map<std::string, SignedMail, std::less<>> all;
  all["a.example"].passed = side(50, 0);
  EXPECT_EQ(signer_place(all), SignerPlace::unknown);
  all["b.example"].passed = side(50, 50);
  EXPECT_EQ(signer_place(all), SignerPlace::unknown) << "a client that signs for itself";
  all["c.example"].passed = side(50, 50);
  EXPECT_EQ(signer_place(all), SignerPlace::before_milter);
  all["a.example"].returned = side(1, 1, "late");
  EXPECT_EQ(signer_place(all), SignerPlace::behind_milter);
}

TEST(HygieneCheck, ReverseDnsMustLeadBack) {
  World none;
  none.dns.reverse("192.0.2.25", {});
  expect_fault(none.find("reverse_dns"), "has no reverse name", true);
  World elsewhere;
  elsewhere.dns.reverse("192.0.2.25", {"other.example.org"});
  elsewhere.dns.addresses("other.example.org", {"192.0.2.99"});
  expect_fault(elsewhere.find("reverse_dns"), "but other.example.org is 192.0.2.99", true);
  expect_fault(elsewhere.find("helo_reverse"), "is not the reverse name", false);
  World nowhere;
  nowhere.dns.reverse("192.0.2.25", {"gone.example.org"});
  expect_fault(nowhere.find("reverse_dns"), "gone.example.org has no such address", true);
  World silent;
  silent.dns.silence("25.2.0.192.in-addr.arpa");
  expect_unknown(silent.find("reverse_dns"), "no answer in time");
  World half;
  half.dns.silence("mail.example.org");
  expect_unknown(half.find("reverse_dns"), "whether mail.example.org is 192.0.2.25 is not known");
  expect_unknown(half.find("helo"), "is not known");
}

TEST(HygieneCheck, HeloMustBeANameOfTheAddress) {
  for (const char* name : {"localhost", "mail", "mail.local", "[192.0.2.25]", "192.0.2.25"}) {
    World world;
    world.plan.ways[0].helo = name;
    expect_fault(world.find("helo"), "no full host name", true);
  }
  World other;
  other.plan.ways[0].helo = "smtp.example.org";
  expect_fault(other.find("helo"), "has no such address", true);
  other.dns.addresses("smtp.example.org", {"192.0.2.99"});
  expect_fault(other.find("helo"), "HELO smtp.example.org is 192.0.2.99, not 192.0.2.25", true);
  World unknown;
  unknown.plan.ways[0].helo = "";
  expect_unknown(unknown.find("helo"), "helo= in egresses");
}

TEST(HygieneCheck, NamesMadeFromTheAddressLookDialledIn) {
  const auto four = address("203.0.113.25");
  EXPECT_EQ(generic_part("203-0-113-25.isp.example", four), "the address itself");
  EXPECT_EQ(generic_part("25.113.0.203.static.isp.example", four), "the address itself");
  EXPECT_EQ(generic_part("host-113-25.pool.isp.example", four), "\"pool\"");
  EXPECT_EQ(generic_part("p203000113025.isp.example", four), "the address itself");
  EXPECT_EQ(generic_part("cb007119.isp.example", four), "the address itself");
  EXPECT_EQ(generic_part("dyn-7.isp.example", four), "\"dyn\"");
  EXPECT_EQ(generic_part("mail.pool.example", four), "") << "a registered name is no sign";
  EXPECT_EQ(generic_part("mx25.example.org", four), "");
  EXPECT_EQ(generic_part("dynamo.example.org", four), "");
  EXPECT_EQ(generic_part("mail.example.org", four), "");
  const auto six = address("2001:db8:1:2::25");
  EXPECT_EQ(generic_part("0000-0000-0000-0025.v6.isp.example", six), "the address itself");
  EXPECT_EQ(generic_part("mail6.example.org", six), "");
  World world;
  world.dns.reverse("192.0.2.25", {"192-0-2-25.dsl.isp.example"});
  world.dns.addresses("192-0-2-25.dsl.isp.example", {"192.0.2.25"});
  expect_fault(world.find("name"), "holds its address", true);
}

TEST(HygieneCheck, SpfOfHeloAndOfSenderDomainsMustLetTheAddressSend) {
  World world;
  world.dns.texts("example.org", {"v=spf1 ip4:192.0.2.99 ~all"});
  expect_fault(world.find("spf"), "example.org does not let 192.0.2.25 send (SPF: softfail)", true);
  EXPECT_EQ(world.find("spf").about, "example.org");
  EXPECT_EQ(world.find("alignment").state, HygieneState::good) << "the key is there";
  world.dns.texts("example.org", {"v=spf1 foo"});
  expect_fault(world.find("spf"), "'foo': no mechanism", true);
  world.dns.texts("example.org", {});
  expect_fault(world.find("spf"), "has no SPF record", false);
  world.dns.texts("mail.example.org", {"v=spf1 -all"});
  expect_fault(world.find("spf_helo"), "does not let 192.0.2.25 send: fail", true);
}

TEST(HygieneCheck, KeysAreLookedAt) {
  World world;
  world.dns.texts("s1._domainkey.example.org", {"v=DKIM1; p="});
  expect_fault(world.find("dkim"), "is revoked", true);
  world.dns.texts("s1._domainkey.example.org", {});
  expect_fault(world.find("dkim"), "there is no DKIM key s1._domainkey.example.org", true);
  world.dns.texts("s1._domainkey.example.org", {"v=DKIM1; p=abc"});
  expect_fault(world.find("dkim"), "is wrong", true);
  world.plan.domains[0].selectors.clear();
  expect_unknown(world.find("dkim"), "hygiene.dkim");
}

TEST(HygieneCheck, WhereAKeyIsNotAnsweredForNobodyKnowsWhetherMailPassesDmarc) {
  World world;
  world.dns.texts("example.org", {"v=spf1 -all"});
  world.dns.silence("s1._domainkey.example.org");
  expect_unknown(world.find("dkim"), "is not known");
  expect_unknown(world.find("alignment"), "whether its DKIM key is there is not known");
  SignedMail& mail = world.plan.domains.front().mail;
  mail.returned = side(3, 0);
  expect_fault(world.find("alignment"), "would not pass DMARC", false);
  mail.passed = side(40, 0);
  world.plan.signer = SignerPlace::before_milter;
  expect_fault(world.find("alignment"), "does not pass DMARC, and p=reject", true);
}

TEST(HygieneCheck, MailMustPassDmarcByOneOfTheTwo) {
  World world;
  world.dns.texts("example.org", {"v=spf1 -all"});
  world.dns.texts("s1._domainkey.example.org", {});
  expect_fault(world.find("alignment"), "does not pass DMARC, and p=reject", true);
  world.dns.texts("_dmarc.example.org", {"v=DMARC1; p=none"});
  expect_fault(world.find("alignment"), "would not pass DMARC", false);
  world.plan.domains[0].selectors.clear();
  expect_unknown(world.find("alignment"), "only if it is signed");
  world.dns.texts("_dmarc.example.org", {});
  expect_fault(world.find("dmarc"), "has no DMARC record", false);
  world.dns.texts("_dmarc.example.org", {"v=DMARC1; p=none", "v=DMARC1; p=reject"});
  expect_fault(world.find("dmarc"), "2 DMARC records", false);
}

TEST(HygieneCheck, APolicyOfTheRegisteredDomainCountsForItsSubdomains) {
  World world;
  world.plan.domains[0].name = "shop.example.org";
  world.dns.texts("_dmarc.example.org", {"v=DMARC1; p=reject; sp=quarantine"});
  EXPECT_EQ(world.find("dmarc").text, "the DMARC record of shop.example.org asks for p=quarantine");
}

TEST(HygieneCheck, ADomainThatWasOnlySeenIsNoGraveFault) {
  World world;
  world.dns.texts("example.net", {"v=spf1 -all"});
  world.plan.domains[0] = {"example.net", 40, 12, {}};
  expect_fault(world.find("spf"), "does not let", false);
  expect_fault(world.find("alignment"), "12 of 40 mails", false);
}

TEST(HygieneCheck, WaysInOneNetworkOfIpv6AreNoTwoWays) {
  World world;
  world.plan.ways = {{address("2001:db8:1:2::25"), "out6", "mail.example.org", false, 0, 0},
                     {address("2001:db8:1:2::26"), "out7", "mail2.example.org", true, 0, 0},
                     {address("2001:db8:1:3::25"), "out8", "mail3.example.org", true, 0, 0}};
  expect_fault(world.find("network"), "lies in 2001:db8:1:2::/64 like 2001:db8:1:2::26", false);
  const auto report = world.look();
  const auto& last = report.addresses.back().findings;
  EXPECT_TRUE(std::any_of(last.begin(), last.end(), [](const auto& finding) {
    return finding.check == "network" && finding.state == HygieneState::good;
  }));
}

TEST(HygieneCheck, EncryptionIsWhatTheLogTellsOrTheOperatorSays) {
  World world;
  EXPECT_EQ(world.find("tls").text, "the log tells of 90 encrypted connections");
  world.plan.ways[0].encrypted = 0;
  expect_fault(world.find("tls"), "none of 100 deliveries", false);
  world.plan.ways[0].deliveries = 3;
  expect_unknown(world.find("tls"), "only 3 deliveries");
  world.plan.log_tells_tls = false;
  expect_unknown(world.find("tls"), "smtp_tls_loglevel = 1");
  world.plan.tls = HygienePlan::Tls::no;
  expect_fault(world.find("tls"), "is not offered", false);
}

TEST(HygieneCheck, ThePageMustLieUnderTheHostsDomain) {
  World world;
  world.plan.pages = {"https://example.com/about"};
  expect_fault(world.find("page"), "none of hygiene.pages lies under example.org", false);
  world.plan.pages.push_back("https://example.org/imprint");
  EXPECT_EQ(world.find("page").state, HygieneState::good);
  world.plan.fetch_pages = true;
  world.page_trouble = "status 404";
  expect_fault(world.find("page"), "https://example.org/imprint cannot be fetched: status 404",
               false);
  EXPECT_EQ(world.fetched, 1U);
  world.plan.pages.clear();
  expect_unknown(world.find("page"), "hygiene.pages");
}

TEST(HygieneCheck, OfARelayHostOnlyItsOperatorKnowsTheAddresses) {
  World world;
  world.plan.relays = {{"relay=[smart.example.net]:587", "smart.example.net"}};
  world.dns.addresses("smart.example.net", {"198.51.100.5"});
  const auto unknown = world.look().addresses.back();
  EXPECT_EQ(unknown.egress, "relay=[smart.example.net]:587");
  ASSERT_EQ(unknown.findings.size(), 1U);
  expect_unknown(unknown.findings.front(), "ask its operator");
  world.dns.texts("example.org", {"v=spf1 ip4:192.0.2.25 a:smart.example.net -all"});
  EXPECT_EQ(world.look().addresses.back().findings.front().state, HygieneState::good);
}

TEST(HygieneCheck, EveryQuestionIsAskedOnceAndMuchIsBounded) {
  World world;
  for (int i = 0; i < 600; ++i) {
    world.plan.domains.push_back({"d" + std::to_string(i) + ".example.org", 0, 0, {}, {}});
  }
  for (int i = 1; i < 300; ++i) {
    auto way = world.plan.ways.front();
    way.address = base::IpAddress::v4(0xc6120000U + static_cast<unsigned>(i));
    world.plan.ways.push_back(way);
  }
  const auto report = world.look();
  EXPECT_EQ(report.problems.size(), 3U);
  EXPECT_EQ(report.addresses.size(), hygiene_addresses_max);
  EXPECT_LE(report.addresses.size() * report.domains.size(), 20'000U);
  EXPECT_LT(world.dns.asked, 2'000U);
}

}  // namespace
}  // namespace leumund::intake
