// Reads the samples of tests/corpus/delivery_report, which are also the fuzzer's seeds.
#include "wire/delivery_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "wire/delivery_report_answer.h"
#include "wire/delivery_report_status.h"

namespace leumund::wire {
namespace {

using model::DeliveryStage;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string sample(const std::string& name) {
  std::ifstream in(
      std::string(LEUMUND_SOURCE_DIR) + "/tests/corpus/delivery_report/" + name + ".eml",
      std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

DeliveryReport read(const std::string& raw) { return DeliveryReportReader().read(raw); }

struct Expected {
  std::string sample;
  ReportKind kind;
  std::string recipient;
  ReportAction action;
  int code;  // 0: none
  std::string status;
  std::string text;  // part of the refusal
  DeliveryStage stage = DeliveryStage::unknown;
};

class EverySample : public ::testing::TestWithParam<Expected> {};

TEST_P(EverySample, NamesRecipientAnswerAndStage) {
  const Expected& expected = GetParam();
  const std::string raw = sample(expected.sample);
  ASSERT_FALSE(raw.empty());
  const DeliveryReport report = read(raw);
  EXPECT_EQ(report_kind_name(report.kind), report_kind_name(expected.kind));
  ASSERT_FALSE(report.recipients.empty());
  const RecipientReport& first = report.recipients.front();
  EXPECT_EQ(first.recipient, expected.recipient);
  EXPECT_EQ(report_action_name(first.action), report_action_name(expected.action));
  EXPECT_EQ(first.code.value_or(0), expected.code);
  EXPECT_EQ(first.status, expected.status);
  EXPECT_THAT(first.text, HasSubstr(expected.text));
  EXPECT_THAT(first.text, ::testing::Not(HasSubstr("\n")));
  EXPECT_EQ(first.stage, expected.stage);
}

constexpr auto bounce = ReportKind::bounce;
constexpr auto failed = ReportAction::failed;
constexpr auto none = ReportAction::none;

INSTANTIATE_TEST_SUITE_P(
    Reports, EverySample,
    ::testing::Values(
        Expected{"postfix_blocklist", bounce, "erika@ziel.example", failed, 554, "5.7.1",
                 "[192.0.2.7] blocked using bl.spamcop.net", DeliveryStage::rcpt},
        Expected{"exchange_online_nested", bounce, "info@mail.example.de", failed, 554, "5.7.514",
                 "-> 554 5.7.1 Service unavailable; Client host [40.107.21.79] blocked using "
                 "bl.spamcop.net"},
        Expected{"exim_two", bounce, "erika@ziel.example", failed, 550, "5.7.1",
                 "550 5.7.1 Mail from 192.0.2.7 refused", DeliveryStage::mail},
        Expected{"qmail_unbracketed_text", bounce, "erika@ziel.example", failed, 450, "4.7.1",
                 "cannot find your reverse hostname, [192.0.2.7]", DeliveryStage::rcpt},
        Expected{"sendmail_transcript", bounce, "erika@ziel.example", failed, 550, "5.1.1",
                 "User unknown", DeliveryStage::data},
        Expected{"sendmail_old", bounce, "erika@ziel.example", failed, 550, "", "User unknown",
                 DeliveryStage::rcpt},
        Expected{"opensmtpd", bounce, "erika@ziel.example", failed, 550, "5.7.1",
                 "refused by policy"},
        Expected{"groupwise_german", bounce, "erika@ziel.example", failed, 550, "",
                 "Quote \xC3\xBC"
                 "berschritten"},
        Expected{"exchange_french_html", bounce, "erika@ziel.example", failed, 550, "5.1.1",
                 "RESOLVER.ADR.RecipNotFound"},
        Expected{"japanese_carrier", bounce, "erika@keitai.example", failed, 550, "",
                 "Invalid recipient", DeliveryStage::rcpt},
        Expected{"russian_koi8_base64", bounce, "erika@ziel.example", failed, 550, "",
                 "spam message rejected", DeliveryStage::end},
        Expected{"delayed_google_style", ReportKind::delayed, "erika@ziel.example",
                 ReportAction::delayed, 451, "4.7.650", "temporarily rate limited"},
        Expected{"success_dsn", ReportKind::success, "erika@ziel.example", ReportAction::relayed,
                 250, "2.0.0", "queued as"},
        Expected{"out_of_office_german", ReportKind::vacation, "erika@ziel.example", none, 0, "",
                 "nicht im B\xC3\xBCro"},
        Expected{"auto_reply_ticket", ReportKind::auto_reply, "support@shop.example", none, 0, "",
                 "Thank you"},
        Expected{"broken_boundary", bounce, "erika@ziel.example", failed, 552, "5.2.2",
                 "Mailbox full"},
        Expected{"status_in_text", bounce, "erika@ziel.example", failed, 550, "5.7.1",
                 "Access denied"},
        Expected{"reason_before_recipient", bounce, "erika@ziel.example", failed, 554, "5.7.1",
                 "refused by sender reputation"},
        Expected{"ses_notification", bounce, "erika@ziel.example", failed, 550, "5.1.1",
                 "user unknown"},
        Expected{"report_in_report", bounce, "erika@ziel.example", failed, 554, "5.4.14",
                 "Hop count exceeded"},
        Expected{"domino", bounce, "erika@ziel.example", failed, 0, "5.1.1", "not listed in"},
        Expected{"interscan_dialogue", bounce, "erika@ziel.example", failed, 550, "5.1.1",
                 "unknown or illegal alias", DeliveryStage::rcpt},
        Expected{"arf_redacted", ReportKind::feedback, "redacted@provider.example", none, 0, "",
                 "email abuse report"},
        Expected{"jmrp", ReportKind::feedback, "erika@provider.example", none, 0, "", ""}),
    [](const auto& instance) { return instance.param.sample; });

TEST(DeliveryReport, ReadsEveryRecipientInOrder) {
  const DeliveryReport report = read(sample("exim_two"));
  ASSERT_THAT(report.recipients, SizeIs(2));
  EXPECT_EQ(report.recipients[1].recipient, "otto@lang.example");
  EXPECT_EQ(report.recipients[1].text, "Unrouteable address");
  EXPECT_FALSE(report.recipients[1].code);
}

TEST(DeliveryReport, ReadsWhatIsReturnedOfTheMessage) {
  const DeliveryReport report = read(sample("postfix_blocklist"));
  EXPECT_EQ(report.reporting_mta, "mail.verein.example");
  EXPECT_EQ(report.original.message_id, "b27-1@verein.example");
  EXPECT_EQ(report.original.queue_id, "4Xk2Lm1qzz");
  EXPECT_EQ(report.original.envelope_sender, "kasse@verein.example");
  EXPECT_EQ(report.original.from, "kasse@verein.example");
  EXPECT_EQ(report.original.subject, "Beitrag 2027");
  EXPECT_EQ(report.original.trace, "v1.kq7d");
  EXPECT_EQ(report.recipients[1].stage, DeliveryStage::connect);
  ASSERT_THAT(report.original.received, SizeIs(1));
  EXPECT_EQ(report.original.received[0].by, "mail.verein.example");
  EXPECT_EQ(report.original.received[0].id, "4Xk2Lm1qzz");
}

TEST(DeliveryReport, KeepsTheWordsForPeopleBesideTheDiagnosticCode) {
  const DeliveryReport report = read(sample("postfix_blocklist"));
  EXPECT_THAT(report.recipients[0].notes, Contains(HasSubstr("(in reply to RCPT TO command)")));
  EXPECT_EQ(report.recipients[0].remote_mta, "mx.ziel.example");
}

TEST(DeliveryReport, AMailAboutBouncesIsOrdinary) {
  const DeliveryReport report = read(sample("ordinary_about_bounces"));
  EXPECT_EQ(report.kind, ReportKind::ordinary);
  EXPECT_THAT(report.recipients, IsEmpty());
}

TEST(DeliveryReport, ComplaintCarriesOurTraceWhereTheRecipientIsHidden) {
  const DeliveryReport report = read(sample("arf_redacted"));
  ASSERT_TRUE(report.feedback);
  EXPECT_TRUE(report.feedback->redacted);
  EXPECT_EQ(report.feedback->type, "abuse");
  EXPECT_EQ(report.feedback->source_ip->to_string(), "192.0.2.7");
  EXPECT_EQ(report.feedback->reported_domain, "verein.example");
  EXPECT_EQ(report.feedback->original_sender, "kasse@verein.example");
  EXPECT_EQ(report.original.trace, "v1.kq7d");
}

TEST(DeliveryReport, AuthenticationFailureIsNoAbuse) {
  const DeliveryReport report = read(sample("arf_auth_failure"));
  ASSERT_TRUE(report.feedback);
  EXPECT_EQ(report.feedback->type, "auth-failure");
  EXPECT_EQ(report.feedback->auth_failure, "dmarc");
  EXPECT_EQ(report.feedback->delivery_result, "reject");
  EXPECT_EQ(report.feedback->incidents, 3U);
  EXPECT_EQ(report.feedback->source_ip->to_string(), "2001:db8::25");
  EXPECT_FALSE(report.feedback->redacted);
}

TEST(DeliveryReport, TruncatedAnywhereItStillReadsTheSameWay) {
  const std::string whole = sample("postfix_blocklist");
  DeliveryReportReader reader;
  for (std::size_t size = 0; size <= whole.size(); size += 7) {
    const DeliveryReport report = reader.read(std::string_view(whole).substr(0, size));
    EXPECT_LE(report.recipients.size(), 2U) << size;
  }
}

TEST(DeliveryReport, SameBytesSameReportWhateverWasReadBefore) {
  DeliveryReportReader reader;
  const std::string raw = sample("sendmail_transcript");
  const DeliveryReport before = reader.read(raw);
  for (const char* other : {"exim_two", "japanese_carrier", "arf_redacted", "report_in_report"}) {
    (void)reader.read(sample(other));
  }
  const DeliveryReport after = reader.read(raw);
  ASSERT_EQ(before.recipients.size(), after.recipients.size());
  EXPECT_EQ(before.recipients[0].text, after.recipients[0].text);
  EXPECT_EQ(before.recipients[0].notes, after.recipients[0].notes);
  EXPECT_EQ(before.original.subject, after.original.subject);
}

TEST(DeliveryReport, StopsAtTheGreatestNumberOfRecipients) {
  std::string raw = "From: MAILER-DAEMON@x.example\nContent-Type: message/delivery-status\n\n";
  for (int i = 0; i < 3'000; ++i) {
    raw += "Final-Recipient: rfc822; a" + std::to_string(i) + "@b.example\nAction: failed\n\n";
  }
  EXPECT_THAT(read(raw).recipients, SizeIs(ReportLimits{}.recipients));
}

TEST(StatusPart, ReadsRecipientsWithoutEmptyLinesBetweenThem) {
  const StatusPart part = read_status_part(
      "Reporting-MTA: dns; a.example\nFinal-Recipient: rfc822; a@b.example\nStatus: 5.1.1\n"
      "Final-Recipient: rfc822; c@d.example\nStatus: 5.2.2 (full)\n",
      10);
  ASSERT_THAT(part.recipients, SizeIs(2));
  EXPECT_EQ(part.recipients[1].status, "5.2.2");
  EXPECT_EQ(part.recipients[1].status_comment, "full");
}

TEST(StatusPart, ReadsRecipientsThatBeginWithTheirAction) {
  const StatusPart part = read_status_part(
      "Action: failed\nFinal-Recipient: rfc822; a@b.example\n\n\n"
      "Diagnostic-Code: smtp; 550-first\n550 second\n\nAction: delayed\n"
      "Final-Recipient: rfc822; c@d.example\n",
      10);
  ASSERT_THAT(part.recipients, SizeIs(2));
  EXPECT_EQ(part.recipients[0].diagnostic, "550-first 550 second");
  EXPECT_EQ(part.recipients[1].action, ReportAction::delayed);
}

TEST(Answer, TellsCodesFromOtherNumbers) {
  EXPECT_EQ(find_answer("host said: 550 no")->code, 550);
  EXPECT_EQ(find_answer("550-5.7.1 no")->code, 550);
  EXPECT_EQ(find_answer("'421 4.4.2 lost'")->code, 421);
  EXPECT_FALSE(find_answer("mailbox is over its 500 MB limit"));
  EXPECT_FALSE(find_answer("call 555-1234 or 000-000-4401"));
  EXPECT_FALSE(find_answer("connect to 192.0.2.450 or x.550.example"));
  EXPECT_FALSE(find_answer("id 4Xk550 not found"));
}

TEST(Answer, WhoeverAnswersWithACodeWasReached) {
  EXPECT_EQ(find_stage("Deferred: Connection refused by mx.example.net."), DeliveryStage::connect);
  EXPECT_EQ(find_stage("connect to mx.example.net[192.0.2.1]:25: Connection refused"),
            DeliveryStage::connect);
  EXPECT_EQ(find_stage("550 5.7.1 Connection refused by policy"), DeliveryStage::unknown);
  EXPECT_EQ(find_stage("host mx.example.net[192.0.2.1] refused to talk to me: 554 no"),
            DeliveryStage::greeting);
}

TEST(Answer, PrefersTheCauseOverTheExpiry) {
  const std::string_view text = "554 4.4.7 Message expired.<421 4.4.2 Connection timed out>";
  EXPECT_EQ(find_telling_answer(text)->code, 421);
  EXPECT_EQ(find_status(text), "4.4.2");
  EXPECT_EQ(find_telling_answer("554 <a@b.example>... 550 Host unknown")->code, 550);
}

TEST(Answer, TellsStatusFromAddressesAndVersions) {
  EXPECT_EQ(find_status("no connection. (#4.4.1)"), "4.4.1");
  EXPECT_EQ(find_status("from 5.1.1.2, program 4.80.3-x, 5.7.26."), "5.7.26");
  EXPECT_EQ(find_status("host 192.5.1.1 said no"), "");
}

TEST(Answer, FindsTheRemoteHost) {
  EXPECT_EQ(find_remote("host mx.ziel.example[198.51.100.9] said: 550 no"),
            "mx.ziel.example[198.51.100.9]");
  EXPECT_EQ(find_remote("... while talking to mx.ziel.example.:"), "mx.ziel.example");
  EXPECT_EQ(find_remote("Remote Server at mx.ziel.example (198.51.100.9) returned '550 no'"),
            "mx.ziel.example[198.51.100.9]");
  EXPECT_EQ(find_remote("ghost town"), "");
}

}  // namespace
}  // namespace leumund::wire
