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

OurHosts ours(std::span<const base::IpPrefix> relays = {}) { return {relays, own}; }

MailOrigin origin(const std::string& mail, std::span<const base::IpPrefix> relays = {}) {
  const auto found = taken_mail(mail, ours(relays), now);
  return found ? found->origin : MailOrigin::unknown;
}

// As our host writes about a mail that was handed in on itself.
std::string line(const std::string& from_and_by) {
  return "Received: " + from_and_by + "; Fri, 15 Jan 2027 07:00:01 +0000 (UTC)\r\n";
}

TEST(ForeignMail, IsHeldAgainstWhoHandedItToOurBorder) {
  const auto found = taken_mail(spam(), ours(), now);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->origin, MailOrigin::stranger);
  EXPECT_EQ(found->client->to_string(), "203.0.113.7");
  EXPECT_EQ(base::format_rfc3339(found->at), "2027-01-15T07:00:00Z");
  EXPECT_EQ(found->queue_id, "4XyZ");
  EXPECT_EQ(origin("From: x\r\n\r\nno line\r\n"), MailOrigin::unknown);
  EXPECT_EQ(origin(""), MailOrigin::unknown);
}

TEST(ForeignMail, OfRelaysThatAreNamedTheNextOneOutCounts) {
  const std::vector<base::IpPrefix> relays = {*base::IpPrefix::parse("192.0.2.25/32"),
                                              *base::IpPrefix::parse("127.0.0.1/32")};
  const std::string inner = line(
      "from mx.example.org (mx.example.org [192.0.2.25]) by mx.example.org (Postfix) with "
      "ESMTP id B");
  const auto found = taken_mail(inner + spam(), ours(relays), now);
  EXPECT_EQ(found->origin, MailOrigin::stranger);
  EXPECT_EQ(found->client->to_string(), "203.0.113.7");
  EXPECT_EQ(taken_mail(inner + spam(), ours(), now)->client->to_string(), "192.0.2.25");
  EXPECT_NE(origin(inner + spam("mail.anything.example"), relays), MailOrigin::stranger)
      << "and only what one of our hosts wrote";
  const std::string filtered =
      line("from localhost (localhost [127.0.0.1]) by mx.example.org (Postfix) with ESMTP id C") +
      line(
          "from mx.example.org ([127.0.0.1]) by localhost (mx.example.org [127.0.0.1]) "
          "(amavisd-new, port 10024) with ESMTP id D");
  EXPECT_EQ(origin(filtered + spam(), relays), MailOrigin::stranger);
}

// Whoever may hand in mail on our host could else list any address.
TEST(ForeignMail, WhatAUserOrProgramOfOursHandedInNamesNobody) {
  for (const char* by : {"mx.example.org", "anything.example", "localhost"}) {
    for (const char* top :
         {"by mx.example.org (Postfix, from userid 33) id A",
          "from localhost (localhost [127.0.0.1]) by mx.example.org (Postfix) with ESMTP id A",
          "from pc (pc [10.0.0.7]) by mx.example.org (Postfix) with ESMTP id A",
          "(from www-data@localhost) by mx.example.org (8.18.1/8.18.1/Submit) id A",
          "from www-data by mx.example.org with local (Exim 4.98) id A",
          "(qmail 7 invoked by uid 33)"}) {
      EXPECT_NE(origin(line(top) + spam(by)), MailOrigin::stranger) << top << by;
    }
  }
  const std::vector<base::IpPrefix> filter = {*base::IpPrefix::parse("127.0.0.1/32")};
  EXPECT_EQ(origin(line("by mx.example.org (Postfix, from userid 33) id A") + spam(), filter),
            MailOrigin::ourselves);
  EXPECT_EQ(origin(spam("mail.anything.example")), MailOrigin::unknown) << "no line of ours";
}

TEST(ForeignMail, OfAnAccountIsToldAsThat) {
  auto found = taken_mail(spam("mx.example.org", "ESMTPSA"), ours(), now);
  EXPECT_EQ(found->origin, MailOrigin::account);
  EXPECT_EQ(found->account, "");
  found = taken_mail(
      line("from pc (dsl.isp.example [198.51.100.9]) (Authenticated sender: Anna@example.org) by "
           "mx.example.org (Postfix) with ESMTPSA id A"),
      ours(), now);
  EXPECT_EQ(found->origin, MailOrigin::account);
  EXPECT_EQ(found->account, "anna@example.org");
  EXPECT_EQ(found->client->to_string(), "198.51.100.9");
  EXPECT_EQ(origin(line("from web ([127.0.0.1]) by mx.example.org with ESMTPA id A") + spam()),
            MailOrigin::account);
}

ReportedMail reported(const std::string& mail) { return reported_foreign_mail(mail, ours(), now); }

TEST(ForeignMail, AReportedMailMustHaveComeToOneOfOurHosts) {
  const auto found = reported(attached(spam()));
  EXPECT_EQ(found.as, ReportedAs::attached);
  EXPECT_EQ(found.mail.origin, MailOrigin::stranger);
  EXPECT_EQ(found.mail.client->to_string(), "203.0.113.7");
  EXPECT_EQ(reported(attached(spam("mx.other.example"))).mail.origin, MailOrigin::unknown);
  EXPECT_EQ(reported(spam()).as, ReportedAs::nothing) << "it is the report itself";
}

TEST(ForeignMail, WhatOurOwnPeopleSentIsToldAsThat) {
  EXPECT_EQ(reported(attached(spam("mx.example.org", "ESMTPSA"))).mail.origin, MailOrigin::account);
}

TEST(ForeignMail, WhatASpamHasAttachedIsTheSpammers) {
  const std::string bare =
      "Subject: forwarded\r\nContent-Type: multipart/mixed; boundary=c\r\n"
      "\r\n--c\r\nContent-Type: message/rfc822\r\n\r\n" +
      spam() + "\r\n--c--\r\n";
  EXPECT_EQ(reported(attached(bare)).as, ReportedAs::no_header);
}

TEST(ForeignMail, FeedbackAboutWhatWeSentIsNoReportOfOthers) {
  const std::string part =
      "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n\r\n";
  EXPECT_EQ(reported(attached(spam("mx.other.example"), part)).as, ReportedAs::nothing);
  EXPECT_EQ(reported(attached(spam(), part)).mail.origin, MailOrigin::stranger);
}

TEST(ForeignMail, AHeaderInTheTextIsReadAsThatOfAnAttachedMail) {
  const std::string head = "From: Anna <Anna@example.org>\r\nSubject: WG: win\r\n";
  const auto found = reported(head + "\r\nHello, this came today:\r\n\r\n" + spam());
  EXPECT_EQ(found.as, ReportedAs::pasted);
  EXPECT_EQ(found.mail.origin, MailOrigin::stranger);
  EXPECT_EQ(found.mail.client->to_string(), "203.0.113.7");
  EXPECT_EQ(found.from, "anna@example.org");
  EXPECT_TRUE(found.is_forward);
  EXPECT_EQ(reported(head + "\r\n" + spam("mx.other.example")).mail.origin, MailOrigin::unknown);
  EXPECT_EQ(reported(head + "\r\n" + spam("mx.example.org", "ESMTPSA")).mail.origin,
            MailOrigin::account);
  EXPECT_EQ(
      reported(head + "\r\n" + line("by mx.example.org (Postfix, from userid 33) id A") + spam())
          .mail.origin,
      MailOrigin::ourselves);
  EXPECT_EQ(reported(head + "\r\nnothing of the kind\r\n").as, ReportedAs::nothing);
}

TEST(ForeignMail, AProgramsAnswerQuotesWhatAnybodyWrote) {
  for (const char* mark :
       {"Auto-Submitted: auto-replied\r\n", "Precedence: auto_reply\r\n", "X-Autoreply: yes\r\n"}) {
    EXPECT_EQ(reported(std::string(mark) + "From: anna@example.org\r\n\r\n" + spam()).as,
              ReportedAs::nothing)
        << mark;
  }
}

TEST(ForeignMail, OfTwoShapesOfATextEitherMayHoldTheHeader) {
  const std::string head =
      "From: anna@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; "
      "boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee the other part\r\n--b\r\n"
      "Content-Type: text/html\r\n\r\n";
  const std::string tail = "\r\n--b--\r\n";
  EXPECT_EQ(
      reported(head + "<p>spam:</p><pre>" + spam() + "</pre>" + tail).mail.client->to_string(),
      "203.0.113.7");
  EXPECT_EQ(
      reported(head + "<p>Hi<div style='display:none'><pre>" + spam() + "</pre></div>" + tail).as,
      ReportedAs::nothing)
      << "nobody sees it, so nobody pasted it";
}

TEST(ForeignMail, ABounceIsNoReport) {
  const std::string status =
      "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n";
  EXPECT_EQ(reported(attached(spam(), status)).as, ReportedAs::nothing);
  // To a trap: an honest server sends back what bore the trap as its sender.
  const std::string received = spam().substr(0, spam().find("From: x"));
  EXPECT_TRUE(taken_mail(received + attached(spam()), ours(), now));
  EXPECT_FALSE(taken_mail(received + attached(spam(), status), ours(), now));
}

TEST(ForeignMail, ADateFromTomorrowIsNow) {
  EXPECT_EQ(taken_mail(spam(), ours(), base::from_unix_seconds(1'000'000'000))->at,
            base::from_unix_seconds(1'000'000'000));
}

}  // namespace
}  // namespace leumund::intake
