// Who handed us a mail, and which of its Received lines are believed.
#include "intake/injection_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intake/abuse_contacts.h"

namespace leumund::intake {
namespace {

using testing::ElementsAre;

// Lines in the order of the header.
std::vector<HopStanding> standings(const InjectionTrace& trace) {
  std::vector<HopStanding> out;
  for (const TracedHop& hop : trace.hops) out.push_back(hop.standing);
  return out;
}

InjectionTrace trace(std::vector<std::string_view> lines, std::string_view trusted = "") {
  std::vector<base::IpPrefix> networks;
  if (!trusted.empty()) networks.push_back(*base::IpPrefix::parse(trusted));
  return trace_injection(lines, {networks, {}});
}

std::string text(const std::optional<base::IpAddress>& address) {
  return address ? address->to_string() : "";
}

constexpr std::string_view to_mailbox =
    "from localhost (localhost [127.0.0.1]) by mail.ours.example (Postfix) with ESMTP id A; "
    "Sat, 21 Nov 2026 10:00:10 +0000";
constexpr std::string_view at_border =
    "from out.hoster.example (out.hoster.example [203.0.113.5]) by mail.ours.example (Postfix) "
    "with ESMTPS id B; Sat, 21 Nov 2026 10:00:08 +0000";
constexpr std::string_view submitted =
    "from pc (dsl.isp.example [198.51.100.7]) by mail.hoster.example (Postfix) with ESMTPSA id C; "
    "Sat, 21 Nov 2026 10:00:05 +0000";

TEST(InjectionTrace, NamesWhoHandedItToOurBorderAndWhatHeClaims) {
  const auto found = trace({to_mailbox, at_border, submitted});
  EXPECT_EQ(text(found.injector), "203.0.113.5");
  EXPECT_EQ(found.border, 1U);
  EXPECT_EQ(text(found.claimed_origin), "198.51.100.7");
  EXPECT_THAT(standings(found),
              ElementsAre(HopStanding::ours, HopStanding::border, HopStanding::claimed));
}

TEST(InjectionTrace, GoesThroughForwardersThatWeTrust) {
  const auto found = trace({to_mailbox, at_border, submitted}, "203.0.113.0/24");
  EXPECT_EQ(text(found.injector), "198.51.100.7");
  EXPECT_FALSE(found.proven) << "the filter at 127.0.0.1 is not named";
  EXPECT_EQ(found.border, 2U);
  EXPECT_EQ(text(found.claimed_origin), "");
}

TEST(InjectionTrace, ALineThatBorrowsOurNameIsForgedAndAllBelowItToo) {
  const auto found = trace(
      {at_border,
       "from bank.example (bank.example [192.0.2.99]) by mail.ours.example (Postfix) with ESMTP id "
       "X; Sat, 21 Nov 2026 10:00:01 +0000",
       submitted});
  EXPECT_THAT(standings(found),
              ElementsAre(HopStanding::border, HopStanding::forged, HopStanding::forged));
  EXPECT_EQ(found.hops[1].fault, HopFault::our_name);
  EXPECT_EQ(found.hops[2].fault, HopFault::below_a_forged);
  EXPECT_EQ(text(found.injector), "203.0.113.5");
  EXPECT_EQ(text(found.claimed_origin), "");
}

TEST(InjectionTrace, ALineFromTheFutureIsForged) {
  const auto found =
      trace({at_border,
             "from pc (a.example [198.51.100.7]) by mail.hoster.example with ESMTP id C; "
             "Sat, 21 Nov 2026 12:00:05 +0000"});
  EXPECT_EQ(found.hops[1].fault, HopFault::later);
  EXPECT_EQ(found.hops[1].standing, HopStanding::forged);
}

TEST(InjectionTrace, ALineOfAnotherHouseThanHandedItOverIsDoubtful) {
  const auto found = trace(
      {at_border,
       "from pc (a.example [198.51.100.7]) by mx.unrelated.example2 with ESMTP id C; "
       "Sat, 21 Nov 2026 10:00:05 +0000",
       "from x (y.example [198.51.100.8]) by mx.unrelated.example2 with ESMTP id D; nonsense"});
  EXPECT_EQ(found.hops[1].fault, HopFault::other_writer);
  EXPECT_EQ(found.hops[1].standing, HopStanding::doubtful);
  EXPECT_EQ(found.hops[2].fault, HopFault::no_date);
  EXPECT_EQ(text(found.claimed_origin), "") << "nothing behind a doubt is named";
}

TEST(InjectionTrace, WhereOurOwnLineNamesNoAddressNothingIsProven) {
  const auto found =
      trace({"from out.hoster.example by mail.ours.example with ESMTP id Q; "
             "Sat, 21 Nov 2026 10:00:08 +0000",
             "from bank (bank.example [192.0.2.99]) by out.hoster.example with "
             "ESMTP id X; Sat, 21 Nov 2026 10:00:01 +0000"});
  EXPECT_EQ(text(found.injector), "");
  EXPECT_TRUE(found.border_unreadable);
  EXPECT_EQ(found.hops[0].fault, HopFault::unreadable);
  EXPECT_THAT(standings(found), ElementsAre(HopStanding::ours, HopStanding::claimed));
}

TEST(InjectionTrace, DeliveryToTheMailboxIsOurOwnLine) {
  const auto found =
      trace({"from mail.ours.example by mail.ours.example with LMTP id Y (envelope-"
             "from <a@b.example>); Sat, 21 Nov 2026 10:00:11 +0000",
             to_mailbox, at_border});
  EXPECT_EQ(text(found.injector), "203.0.113.5");
  EXPECT_FALSE(found.border_unreadable);
}

TEST(InjectionTrace, MailMadeOnOurHostHasNoInjector) {
  const auto found = trace(
      {to_mailbox,
       "by mail.ours.example (Postfix, from userid 33) id Z; Sat, 21 Nov 2026 10:00:00 +0000"});
  EXPECT_EQ(text(found.injector), "");
  EXPECT_THAT(standings(found), ElementsAre(HopStanding::ours, HopStanding::ours));
}

TEST(InjectionTrace, AUserOfOurHostWroteWhatStandsBelowHisLine) {
  const auto found =
      trace({"by mail.ours.example (Postfix, from userid 33) id Z; Sat, 21 Nov 2026 10:00:10 +0000",
             at_border});
  EXPECT_EQ(text(found.injector), "");
  EXPECT_THAT(standings(found), ElementsAre(HopStanding::ours, HopStanding::doubtful));
}

TEST(InjectionTrace, BehindLoopbackOnlyOurOwnLineIsFollowedAndNothingProven) {
  const auto found = trace({to_mailbox,
                            "from victim ([198.51.100.9]) by anything.example with ESMTP id X; "
                            "Sat, 21 Nov 2026 10:00:05 +0000"});
  EXPECT_EQ(text(found.injector), "");
  EXPECT_THAT(standings(found), ElementsAre(HopStanding::ours, HopStanding::doubtful));
  EXPECT_FALSE(trace({to_mailbox, at_border}).proven);
  EXPECT_TRUE(trace({at_border, submitted}).proven);
  EXPECT_TRUE(trace({to_mailbox, at_border}, "127.0.0.1/32").proven);
}

TEST(InjectionTrace, ReadsSoManyLinesAndSaysThatThereAreMore) {
  const auto found = trace(std::vector<std::string_view>(1000, submitted));
  EXPECT_EQ(found.hops.size(), trace_lines_most);
  EXPECT_TRUE(found.cut);
  EXPECT_TRUE(trace({}).hops.empty());
}

TEST(InjectionTrace, FindsTheLinesOfAHeader) {
  EXPECT_THAT(received_lines("Return-Path: <a@b>\r\nReceived: by x; d\r\nSubject: y\r\n"
                             "RECEIVED: by z\r\n\tid 1; d\r\n\r\nReceived: body\r\n"),
              ElementsAre(testing::StartsWith("by x; d"), testing::StartsWith("by z")));
}

TEST(AbuseContacts, TheNarrowestNetworkAnswers) {
  const auto contacts = AbuseContacts::read(
      "# registry of 2026-11-01\n198.51.100.0/22 noc@wide.example\r\n\n"
      "198.51.100.0/24\tabuse@narrow.example AS64500 Narrow Net\n2001:db8::/32 abuse@six.example");
  ASSERT_TRUE(contacts.ok()) << contacts.error().message;
  EXPECT_EQ(contacts->size(), 3U);
  const auto* found = contacts->find(*base::IpAddress::parse("198.51.100.7"));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->contact, "abuse@narrow.example");
  EXPECT_EQ(found->remark, "AS64500 Narrow Net");
  EXPECT_EQ(contacts->find(*base::IpAddress::parse("198.51.101.7"))->contact, "noc@wide.example");
  EXPECT_EQ(contacts->find(*base::IpAddress::parse("2001:db8:7::1"))->contact, "abuse@six.example");
  EXPECT_EQ(contacts->find(*base::IpAddress::parse("203.0.113.1")), nullptr);
}

TEST(AbuseContacts, ErrorsNameTheLine) {
  const auto message = [](std::string_view text) {
    return AbuseContacts::read(text).error().message;
  };
  EXPECT_EQ(message("\n198.51.100.0/99 a@b.example"), "line 2: \"198.51.100.0/99\" is no network");
  EXPECT_EQ(message("198.51.100.0/24 # a@b.example"),
            "line 1: no contact stands behind the network");
  EXPECT_EQ(message(std::string(2000, 'x')), "line 1: it is longer than 1024 bytes");
}

}  // namespace
}  // namespace leumund::intake
