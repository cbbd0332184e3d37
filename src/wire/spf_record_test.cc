#include "wire/spf_record.h"

#include <gtest/gtest.h>

namespace leumund::wire {
namespace {

// The examples of RFC 7208, 7.4.
SpfMacros of_rfc(const char* address) {
  return {.sender = "strong-bad@email.example.com",
          .domain = "email.example.com",
          .helo = "mx.example.org",
          .address = base::IpAddress::parse(address).value()};
}

TEST(SpfRecord, MacrosBecomeWhatTheRfcShows) {
  const auto four = of_rfc("192.0.2.3");
  EXPECT_EQ(expand_spf("%{s}", four), "strong-bad@email.example.com");
  EXPECT_EQ(expand_spf("%{o}", four), "email.example.com");
  EXPECT_EQ(expand_spf("%{d4}", four), "email.example.com");
  EXPECT_EQ(expand_spf("%{d2}", four), "example.com");
  EXPECT_EQ(expand_spf("%{d1}", four), "com");
  EXPECT_EQ(expand_spf("%{dr}", four), "com.example.email");
  EXPECT_EQ(expand_spf("%{d2r}", four), "example.email");
  EXPECT_EQ(expand_spf("%{l-}", four), "strong.bad");
  EXPECT_EQ(expand_spf("%{lr-}", four), "bad.strong");
  EXPECT_EQ(expand_spf("%{l1r-}", four), "strong");
  EXPECT_EQ(expand_spf("%{ir}.%{v}._spf.%{d2}", four), "3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(expand_spf("%{d2}.trusted-domains.example.net", four),
            "example.com.trusted-domains.example.net");
  EXPECT_EQ(expand_spf("%{ir}.%{v}._spf.%{d2}", of_rfc("2001:db8::cb01")),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
  EXPECT_EQ(expand_spf("%%%_a%-.example.com", four), "% a%20.example.com");
}

TEST(SpfRecord, ANameThatIsTooLongLosesLabelsFromTheLeft) {
  std::string spec;
  for (int i = 0; i < 60; ++i) spec += "label.";
  const std::string name = expand_spf(spec + "example.org", of_rfc("192.0.2.3"));
  EXPECT_LE(name.size(), 253U);
  EXPECT_TRUE(name.starts_with("label.") && name.ends_with(".example.org"));
}

TEST(SpfRecord, EveryMechanismIsRead) {
  const auto read = parse_spf_record(
      "v=spf1 +a -a:mx.example.org/24 mx//64 ?mx:example.org/25//56 ip4:192.0.2.77/24 "
      "ip6:2001:db8::1/32 exists:%{ir}.list.example include:_spf.example.org PTR ~ALL");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->terms.size(), 10U);
  EXPECT_EQ(read->terms[1].qualifier, SpfQualifier::fail);
  EXPECT_EQ(read->terms[1].domain, "mx.example.org");
  EXPECT_EQ(read->terms[1].bits4, 24U);
  EXPECT_EQ(read->terms[2].bits6, 64U);
  EXPECT_EQ(read->terms[3].qualifier, SpfQualifier::neutral);
  EXPECT_EQ(read->terms[3].bits4, 25U);
  EXPECT_EQ(read->terms[3].bits6, 56U);
  EXPECT_EQ(read->terms[4].network.to_string(), "192.0.2.0/24");
  EXPECT_EQ(read->terms[5].network.to_string(), "2001:db8::/32");
  EXPECT_EQ(read->terms[6].domain, "%{ir}.list.example");
  EXPECT_EQ(read->terms[9].kind, SpfKind::all);
  EXPECT_EQ(read->terms[9].qualifier, SpfQualifier::softfail);
}

TEST(SpfRecord, ModifiersAreReadAndUnknownOnesPassedOver) {
  const auto read =
      parse_spf_record("v=spf1 a exp=explain._spf.%{d} weather=fine redirect=_spf.example.org");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->redirect, "_spf.example.org");
  EXPECT_EQ(read->terms.size(), 1U);
}

TEST(SpfRecord, WhatReceiversCallAPermanentErrorNamesTheTerm) {
  for (const char* term :
       {"ip4:192.0.2.0/33", "ip4:192.0.2", "ip4:2001:db8::1", "ip6:192.0.2.1", "a/129", "a:nodot",
        "include", "include:", "exists", "allow", "all:example.org", "mx:%{x}.example.org",
        "a:%.example.org", "redirect=a.example redirect=b.example", "ip4", "a:example.123"}) {
    const auto read = parse_spf_record(std::string("v=spf1 ") + term);
    ASSERT_FALSE(read) << term;
    EXPECT_TRUE(read.error().message.contains(std::string(term).substr(0, 5))) << term;
  }
}

TEST(SpfRecord, OnlyTheVersionMakesARecord) {
  EXPECT_TRUE(is_spf_record("v=spf1"));
  EXPECT_TRUE(is_spf_record("V=SPF1 -all"));
  EXPECT_FALSE(is_spf_record("v=spf10 -all"));
  EXPECT_FALSE(is_spf_record("spf2.0/pra -all"));
  EXPECT_FALSE(parse_spf_record("google-site-verification=x"));
}

}  // namespace
}  // namespace leumund::wire
