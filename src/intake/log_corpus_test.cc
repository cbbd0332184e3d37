// The real logs with odd cases in LEUMUND_DATA/data/logs (default: ../shared beside the project).
// They are not part of the project; without them these tests say so and are skipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "intake/log_clock.h"
#include "intake/log_correlator.h"
#include "intake/log_events_as_text.h"

namespace leumund::intake {
namespace {

using testing::Contains;
using testing::HasSubstr;

std::filesystem::path logs_folder() {
  const char* data = std::getenv("LEUMUND_DATA");
  const std::filesystem::path base = data != nullptr
                                         ? std::filesystem::path(data)
                                         : std::filesystem::path(LEUMUND_SOURCE_DIR) / "../shared";
  return base / "data/logs";
}

struct Reading {
  std::vector<std::string> submissions;
  std::vector<std::string> continuations;
  std::vector<std::string> deliveries;
  std::vector<std::string> removals;
  std::vector<std::string> logins;
  std::vector<std::string> unknown_lines;
  CorrelatorCounters counters;
  std::size_t lines = 0;

  [[nodiscard]] std::uint64_t of_kind(wire::LineKind kind) const {
    return counters.lines[static_cast<std::size_t>(kind)];
  }
};

class LogCorpus : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(logs_folder())) {
      GTEST_SKIP() << "no evaluation data: " << logs_folder() << " is missing (set LEUMUND_DATA)";
    }
  }

  static Reading read(const std::string& name, std::vector<std::string> own_addresses = {}) {
    Reading out;
    CorrelatorSettings settings;
    settings.own_hosts = {"*"};
    for (const std::string& address : own_addresses) {
      settings.own_addresses.push_back(*base::IpAddress::parse(address));
    }
    LogCorrelator correlator(settings, [&](const model::MailEvent& event) {
      const std::string text = log_test::text_of(event);
      const bool continued = text.find(" continues ") != std::string::npos;
      (text.starts_with("delivery")  ? out.deliveries
       : text.starts_with("removal") ? out.removals
       : text.starts_with("login")   ? out.logins
       : continued                   ? out.continuations
                                     : out.submissions)
          .push_back(text);
    });
    LogClock clock(std::chrono::seconds(0));
    clock.set_reference(base::parse_rfc3339("2023-01-01T00:00:00Z").value());
    std::ifstream in(logs_folder() / name);
    EXPECT_TRUE(in) << name;
    std::string line;
    wire::PostfixLogLine parsed;
    while (std::getline(in, line)) {
      ++out.lines;
      wire::parse_postfix_log_line(line, parsed);
      if (parsed.kind == wire::LineKind::unknown) out.unknown_lines.push_back(line);
      correlator.feed(parsed, clock.resolve(parsed.stamp), base::TimePoint());
    }
    correlator.settle(base::TimePoint());
    out.counters = correlator.counters();
    return out;
  }
};

TEST_F(LogCorpus, KnowsEveryLine) {
  std::size_t files = 0;
  std::size_t lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(logs_folder())) {
    if (entry.path().extension() != ".log") continue;
    const std::string name = entry.path().filename();
    const Reading reading = read(name);
    EXPECT_THAT(reading.unknown_lines, testing::IsEmpty()) << name;
    // One line of this file is broken in two by its collector; the rest has no stamp.
    EXPECT_EQ(reading.of_kind(wire::LineKind::no_stamp), name == "18_expired.log" ? 1U : 0U)
        << name;
    std::uint64_t counted = 0;
    for (const std::uint64_t count : reading.counters.lines) counted += count;
    EXPECT_EQ(counted, reading.lines) << name;
    ++files;
    lines += reading.lines;
  }
  EXPECT_GE(files, 30U);
  EXPECT_GE(lines, 1000U);
}

// A queue id that comes again and again, and a signing filter behind the host's own address.
TEST_F(LogCorpus, SeparatesMailsUnderAReusedQueueId) {
  const Reading reading = read("14_reuse_of_queueid.log", {"170.55.103.23"});
  // One queue id, first of what the filter gave back, a minute later of a new mail.
  EXPECT_THAT(reading.continuations,
              Contains(testing::AllOf(HasSubstr(":BABABABABA"), HasSubstr(":DADADADADA"))));
  EXPECT_THAT(reading.submissions, Contains(HasSubstr(":BABABABABA client=112.83.23.93")));
  EXPECT_EQ(std::count(reading.removals.begin(), reading.removals.end(),
                       "removal postfix-170.55.103.23:BABABABABA"),
            2);
  // Every mail is counted once, though it passed through the queue twice.
  EXPECT_EQ(reading.submissions.size(), 37U);
  EXPECT_EQ(reading.continuations.size(), 35U);
  for (const std::string& text : reading.submissions) {
    EXPECT_THAT(text, testing::Not(HasSubstr("client=170.55.103.23"))) << text;
  }
}

TEST_F(LogCorpus, KeepsTwoMailsOfOneSmtpdProcessApart) {
  for (const char* name : {"12_two_independent_deliveries_in_the_same_smtpd_process_in_order.log",
                           "12_two_independent_deliveries_in_the_same_smtpd_process_mixed.log"}) {
    const Reading reading = read(name);
    ASSERT_EQ(reading.submissions.size(), 2U) << name;
    EXPECT_THAT(reading.submissions[0], HasSubstr("client=89.247.252.52"));
    EXPECT_THAT(reading.submissions[1], HasSubstr("client=89.247.252.53"));
    EXPECT_EQ(reading.logins.size(), 2U);
    EXPECT_THAT(reading.continuations,
                testing::UnorderedElementsAre(
                    testing::AllOf(HasSubstr("1310930001DB"), HasSubstr("continues BA8F630001DA")),
                    testing::AllOf(HasSubstr("CACACACACA"), HasSubstr("continues BABABABABA"))));
    EXPECT_EQ(reading.deliveries.size(), 2U);
    EXPECT_EQ(reading.removals.size(), 4U);
  }
}

TEST_F(LogCorpus, FollowsMailThroughAmavis) {
  const Reading simple = read("1_bounce_simple.log");
  EXPECT_THAT(simple.submissions, testing::ElementsAre(HasSubstr("account=user@sender.com")));
  EXPECT_THAT(simple.deliveries, testing::ElementsAre(HasSubstr("bounced rcpt by smtp")));
  EXPECT_EQ(simple.counters.own_notices, 1U);

  const Reading zimbra = read("5_zimbra_amavisd.log");  // twice through the filter
  EXPECT_THAT(zimbra.submissions, testing::ElementsAre(HasSubstr("E8759DC24C3 account=")));
  ASSERT_EQ(zimbra.continuations.size(), 2U);
  EXPECT_THAT(zimbra.continuations[1], HasSubstr("33DE0DC24C3"));
  EXPECT_THAT(zimbra.continuations[1], HasSubstr("continues E8759DC24C3"));
  EXPECT_EQ(zimbra.deliveries.size(), 1U);

  const Reading forward =
      read("8_weird_log_file.log");  // orig_queue_id, empty sender and message id
  EXPECT_THAT(forward.submissions, testing::ElementsAre(HasSubstr("client=28.55.140.112")));
  EXPECT_THAT(forward.continuations, testing::ElementsAre(HasSubstr("continues 4F5C64474F")));

  const Reading no_id = read("13_empty_msgid_issue_388.log");
  EXPECT_EQ(no_id.submissions.size(), 1U);
  EXPECT_THAT(no_id.continuations, testing::ElementsAre(HasSubstr("continues BABABABABABA")));

  const Reading lost = read("4_lost_queue.log");
  EXPECT_EQ(lost.submissions.size(), 4U);
  EXPECT_EQ(lost.continuations.size(), 4U);
  EXPECT_EQ(lost.deliveries.size(), 4U);
  EXPECT_EQ(lost.removals.size(), 8U);
}

TEST_F(LogCorpus, CountsOneSubmissionWithItsRecipientsAndRefusals) {
  for (const char* name : {"2_multiple_recipients_some_bounces.log",
                           "2_multiple_recipients_some_bounces_no_last_remove.log"}) {
    const Reading reading = read(name);
    EXPECT_THAT(reading.submissions, testing::ElementsAre(HasSubstr("recipients=5"))) << name;
    EXPECT_EQ(reading.deliveries.size(), 5U) << name;
    EXPECT_EQ(std::count_if(reading.deliveries.begin(), reading.deliveries.end(),
                            [](const auto& text) { return text.find("bounced") != text.npos; }),
              3)
        << name;
    EXPECT_THAT(reading.deliveries, Contains(HasSubstr("bounced mail by smtp")));
    EXPECT_EQ(reading.counters.own_notices, 1U) << name;
    EXPECT_EQ(reading.removals.size(), 2U) << name;
  }
  const Reading mixed = read("9_mixed_messages.log");
  EXPECT_EQ(mixed.submissions.size(), 2U);
  EXPECT_EQ(mixed.continuations.size(), 2U);
  EXPECT_EQ(mixed.deliveries.size(), 6U);
  EXPECT_EQ(mixed.counters.own_notices, 2U);
}

TEST_F(LogCorpus, TellsScriptsByUid) {
  EXPECT_THAT(read("18_pickup2.log").submissions, testing::ElementsAre(HasSubstr("script=uid0")));
  const Reading filtered = read("10_pickup.log");
  EXPECT_THAT(filtered.submissions, testing::ElementsAre(HasSubstr("script=uid0")));
  EXPECT_THAT(filtered.continuations, testing::ElementsAre(HasSubstr("script=uid0")));
  const Reading local = read("21_deliveries_with_local_daemon.log");
  EXPECT_EQ(
      std::count_if(local.submissions.begin(), local.submissions.end(),
                    [](const auto& text) { return text.find("script=uid2002") != text.npos; }),
      2);
  EXPECT_EQ(local.submissions.size(), 5U);
}

TEST_F(LogCorpus, FollowsDeferralToItsEnd) {
  const Reading expired = read("18_expired.log");
  EXPECT_EQ(expired.submissions.size(), 1U);
  EXPECT_EQ(std::count_if(expired.deliveries.begin(), expired.deliveries.end(),
                          [](const auto& text) { return text.find("deferred rcpt") != text.npos; }),
            5);
  EXPECT_THAT(expired.deliveries, Contains(HasSubstr("expired")));
  EXPECT_THAT(expired.removals, Contains("removal postfix-239.58.50.50:23EBE3D5C0"));
  EXPECT_EQ(expired.counters.own_notices, 1U);

  const Reading retried = read("6_deferred_message_retry.log");
  EXPECT_THAT(retried.deliveries,
              Contains(testing::AllOf(HasSubstr("A17F830001CA"), HasSubstr("deferred rcpt"))));
  EXPECT_THAT(retried.deliveries,
              Contains(testing::AllOf(HasSubstr("A17F830001CA"), HasSubstr("sent"))));
  EXPECT_THAT(retried.continuations, testing::ElementsAre(HasSubstr("continues 78E8330001C7")));
  EXPECT_THAT(retried.logins, testing::ElementsAre(HasSubstr("pop3 ok"), HasSubstr("imap ok")));
}

TEST_F(LogCorpus, EndsRefusedMailWithoutASubmission) {
  for (const char* name : {"15_milter-reject.log", "17-smtpd-reject-with-milter-reject.log"}) {
    const Reading reading = read(name);
    EXPECT_TRUE(reading.submissions.empty()) << name;
    EXPECT_EQ(reading.removals.size(), 1U) << name;
    EXPECT_EQ(reading.counters.open_messages, 0U) << name;
  }
  for (const char* name : {"17-smtpd-reject.log", "20_rejected.log"}) {
    const Reading reading = read(name);
    EXPECT_TRUE(reading.submissions.empty()) << name;
    EXPECT_EQ(reading.logins.size(), 1U) << name;
  }
}

TEST_F(LogCorpus, TellsOwnMailFromArrivingMail) {
  const Reading both = read("27_one_sent_one_received.log");
  ASSERT_EQ(both.submissions.size(), 2U);
  EXPECT_THAT(both.submissions[0], HasSubstr("account="));
  EXPECT_THAT(both.submissions[1], testing::Not(HasSubstr("account=")));
  EXPECT_THAT(read("22_virtual_delivery.log").submissions,
              testing::ElementsAre(HasSubstr("client=1.2.3.4")));
  EXPECT_THAT(read("28_received_bounce.log").submissions,
              testing::ElementsAre(HasSubstr("client=11.22.33.44")));
  const Reading bounce = read("31_relayed_bounce.log");  // a bounce that arrives is mail like any
  ASSERT_EQ(bounce.submissions.size(), 2U);
  EXPECT_THAT(bounce.submissions[1],
              testing::AllOf(HasSubstr("from=<>"), HasSubstr("client=135.85.30.202")));
  const Reading corrupted = read("16_corrupted_messageid.log");
  EXPECT_EQ(corrupted.submissions.size(), 1U);
  EXPECT_THAT(corrupted.logins, testing::ElementsAre(HasSubstr("failed")));
}

TEST_F(LogCorpus, ReadsCustomServiceNamesAndBothStamps) {
  const Reading reading = read("25_authclean_cleanup.log");
  EXPECT_THAT(reading.submissions,
              testing::ElementsAre(HasSubstr("account=user@sender.example.com")));
  EXPECT_THAT(reading.deliveries,
              testing::ElementsAre(
                  HasSubstr("to=<recipient@recipient.example.com at user@recipient.example.com>")));
}

}  // namespace
}  // namespace leumund::intake
