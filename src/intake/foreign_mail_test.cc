// Which client a trap's or a reported mail is held against.
#include "intake/foreign_mail.h"

#include <gtest/gtest.h>

namespace leumund::intake {
namespace {

const base::TimePoint now = base::from_unix_seconds(1'800'000'000);
const std::vector<std::string> own = {"mx.example.org"};

std::string spam(const std::string& by = "mx.example.org", const std::string& with = "ESMTP") {
  return "Received: from bot.example.net (bot.example.net [203.0.113.7])\r\n\tby " + by +
         " (Postfix) with " + with +
         " id 4XyZ\r\n\tfor <a@example.org>; Fri, 15 Jan 2027 07:00:00 +0000 (UTC)\r\n"
         "Received: from mail.bank.example ([198.51.100.9]) by bot.example.net; Fri, 15 Jan 2027 "
         "06:59:00 +0000\r\nFrom: x@bank.example\r\nSubject: win\r\n\r\nwin\r\n";
}

std::string attached(const std::string& mail, const std::string& more = "") {
  return "From: anna@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
         "boundary=b\r\n\r\n--b\r\n\r\nspam\r\n" +
         more + "--b\r\nContent-Type: message/rfc822\r\n\r\n" + mail + "\r\n--b--\r\n";
}

TEST(ForeignMail, IsHeldAgainstWhoHandedItToOurBorder) {
  const auto found = foreign_mail(spam(), {}, now);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->client.to_string(), "203.0.113.7");
  EXPECT_EQ(base::format_rfc3339(found->at), "2027-01-15T07:00:00Z");
  EXPECT_FALSE(foreign_mail("From: x\r\n\r\nno line\r\n", {}, now));
  EXPECT_FALSE(foreign_mail("", {}, now));
}

TEST(ForeignMail, OfTrustedRelaysTheNextOneOutCounts) {
  const std::vector<base::IpPrefix> trusted = {*base::IpPrefix::parse("203.0.113.0/24")};
  const auto found = foreign_mail(spam(), trusted, now);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->client.to_string(), "198.51.100.9");
}

TEST(ForeignMail, AReportedMailMustHaveComeToOneOfOurHosts) {
  const auto found = reported_foreign_mail(attached(spam()), {}, own, now);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->client.to_string(), "203.0.113.7");
  EXPECT_FALSE(reported_foreign_mail(attached(spam("mx.other.example")), {}, own, now));
  EXPECT_FALSE(reported_foreign_mail(spam(), {}, own, now)) << "it is the report itself";
}

TEST(ForeignMail, WhatOurOwnPeopleSentIsNone) {
  EXPECT_FALSE(reported_foreign_mail(attached(spam("mx.example.org", "ESMTPSA")), {}, own, now));
}

TEST(ForeignMail, ABounceIsNoReport) {
  const std::string status =
      "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n";
  EXPECT_FALSE(reported_foreign_mail(attached(spam(), status), {}, own, now));
  // To a trap: an honest server sends back what bore the trap as its sender.
  const std::string received = spam().substr(0, spam().find("From: x"));
  EXPECT_TRUE(foreign_mail(received + attached(spam()), {}, now));
  EXPECT_FALSE(foreign_mail(received + attached(spam(), status), {}, now));
}

TEST(ForeignMail, ADateFromTomorrowIsNow) {
  EXPECT_EQ(foreign_mail(spam(), {}, base::from_unix_seconds(1'000'000'000))->at,
            base::from_unix_seconds(1'000'000'000));
}

}  // namespace
}  // namespace leumund::intake
