// Reports on their three ways in, over real sockets and folders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "intake/report_event.h"
#include "intake/report_maildir.h"
#include "intake/report_pipe.h"
#include "intake/report_service.h"
#include "net/socket.h"
#include "wire/trace_token.h"

namespace leumund::intake {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string sample(const std::string& name) {
  std::ifstream in(
      std::string(LEUMUND_SOURCE_DIR) + "/tests/corpus/delivery_report/" + name + ".eml",
      std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

base::TimePoint noon() { return base::parse_rfc3339("2026-11-03T12:00:00Z").value(); }

const base::HashKey our_key{.bytes = {5, 5, 5}};

std::string mark(base::TimePoint made_at = noon()) {
  return wire::make_trace_token(our_key,
                                {.made_at = made_at,
                                 .recipient_mark = wire::recipient_mark(our_key, "x@y.example"),
                                 .id = "m1",
                                 .subject = "account:kasse@verein.example"});
}

// The sample mail of the corpus with a mark that we could have made.
std::string marked_sample(const std::string& name, const std::string& token = mark()) {
  std::string raw = sample(name);
  const std::string placeholder = "v1.kq7d";
  for (auto at = raw.find(placeholder); at != std::string::npos; at = raw.find(placeholder, at + 1))
    raw.replace(at, placeholder.size(), token);
  return raw;
}

// A blackened complaint about message `id` to `recipient`.
std::string complaint_of(const std::string& id, const std::string& recipient) {
  return marked_sample(
      "arf_redacted",
      wire::make_trace_token(our_key, {.made_at = noon(),
                                       .recipient_mark = wire::recipient_mark(our_key, recipient),
                                       .id = id,
                                       .subject = "account:kasse@verein.example"}));
}

// Remembers one message, as the engine would.
struct Remembered {
  std::string id = "m1";
  std::string queue_id = "4Xk2Lm1qzz";
  std::vector<std::string> recipients = {"erika@ziel.example", "otto@lang.example"};
  bool done = false;
};

ReportNaming naming(const Remembered& message = {}) {
  return {.own_hosts = {"mail.verein.example"},
          .instances = {"", "postfix-out"},
          .key = our_key,
          .find_message = [message](std::string_view id, const model::QueueKey& queue,
                                    std::string_view recipient) -> std::optional<KnownMessage> {
            const bool by_queue =
                queue.queue_id == message.queue_id && queue.instance == "postfix-out";
            if (id != message.id && !by_queue) return std::nullopt;
            const auto& all = message.recipients;
            const bool had = std::find(all.begin(), all.end(), recipient) != all.end();
            return KnownMessage{.number = 17,
                                .subject = "account:kasse@verein.example",
                                .had_recipient = had,
                                .recipient_done = had && message.done};
          }};
}

class Judging : public ::testing::Test {
 protected:
  JudgedReport judge(const std::string& raw, base::TimePoint now = noon()) {
    return judge_.judge(wire::DeliveryReportReader().read(raw), now);
  }
  ReportJudge judge_{naming()};
};

TEST_F(Judging, EveryRecipientOfABounceIsADelivery) {
  const auto judged = judge(marked_sample("postfix_blocklist"));
  ASSERT_THAT(judged.events, SizeIs(2));
  const auto& first = std::get<model::Delivery>(judged.events[0].what);
  EXPECT_EQ(first.id, "m1");
  EXPECT_EQ(first.source, model::Source::report);
  EXPECT_EQ(first.queue.queue_id, "4Xk2Lm1qzz");
  EXPECT_EQ(first.recipient, "erika@ziel.example");
  EXPECT_EQ(first.status, model::DeliveryStatus::bounced);
  EXPECT_EQ(first.stage, model::DeliveryStage::rcpt);
  EXPECT_THAT(first.reply, HasSubstr("blocked using bl.spamcop.net"));
  EXPECT_EQ(judged.events[0].occurred_at, noon());
  EXPECT_EQ(judged.unverified, 0U);
}

TEST_F(Judging, WithoutAMarkTheQueueIdAndARecipientOfThatMessageDo) {
  const auto judged = judge(sample("postfix_blocklist"));
  ASSERT_THAT(judged.events, SizeIs(2));
  EXPECT_EQ(std::get<model::Delivery>(judged.events[0].what).queue.instance, "postfix-out");
}

TEST_F(Judging, AForgedBounceChangesNothing) {
  ReportJudge other(naming({.id = "other", .queue_id = "4Yother"}));
  const auto report = wire::DeliveryReportReader().read(sample("postfix_blocklist"));
  const auto judged = other.judge(report, noon());
  EXPECT_THAT(judged.events, IsEmpty());
  EXPECT_EQ(judged.unverified, 2U);
}

TEST_F(Judging, ABounceForSomebodyTheMessageNeverWentToChangesNothing) {
  ReportJudge other(naming({.recipients = {"somebody@else.example"}}));
  const auto judged =
      other.judge(wire::DeliveryReportReader().read(marked_sample("postfix_blocklist")), noon());
  EXPECT_THAT(judged.events, IsEmpty());
  EXPECT_EQ(judged.unverified, 2U);
}

TEST_F(Judging, WhatOurOwnServerReportsTheLogHasTold) {
  ReportJudge other(naming({.done = true}));
  const auto judged =
      other.judge(wire::DeliveryReportReader().read(sample("postfix_blocklist")), noon());
  EXPECT_THAT(judged.events, IsEmpty());
  EXPECT_EQ(judged.repeated, 2U);
}

TEST_F(Judging, ARecipientRefusesOnceAWeek) {
  EXPECT_THAT(judge(marked_sample("postfix_blocklist")).events, SizeIs(2));
  const auto again = judge(marked_sample("postfix_blocklist"), noon() + std::chrono::days(1));
  EXPECT_THAT(again.events, IsEmpty());
  EXPECT_EQ(again.repeated, 2U);
  EXPECT_THAT(judge(marked_sample("postfix_blocklist"), noon() + std::chrono::days(15)).events,
              SizeIs(2));
}

TEST_F(Judging, WhatCouldNotBeKeptIsJudgedAgain) {
  const auto first = judge(marked_sample("postfix_blocklist"));
  ASSERT_THAT(first.events, SizeIs(2));
  judge_.forget(first);
  EXPECT_THAT(judge(marked_sample("postfix_blocklist")).events, SizeIs(2));
}

TEST_F(Judging, AForeignReportTellsOurQueueIdByTheReturnedHeader) {
  Remembered message;
  const auto report = wire::DeliveryReportReader().read(sample("sendmail_transcript"));
  ASSERT_THAT(report.recipients, SizeIs(1));
  message.recipients = {report.recipients[0].recipient};
  const auto judged = ReportJudge(naming(message)).judge(report, noon());
  ASSERT_THAT(judged.events, SizeIs(1));
  EXPECT_EQ(std::get<model::Delivery>(judged.events[0].what).queue.queue_id, "4Xk2Lm1qzz");
}

TEST_F(Judging, ASuccessChangesNothing) {
  const auto judged = judge(marked_sample("success_dsn"));
  EXPECT_THAT(judged.events, IsEmpty());
  EXPECT_EQ(judged.unverified, 0U);
}

TEST_F(Judging, AComplaintNamesTheAccountByOurMarkAlone) {
  const auto judged = judge(marked_sample("arf_redacted"));
  ASSERT_THAT(judged.events, SizeIs(1));
  const auto& complaint = std::get<model::Complaint>(judged.events[0].what);
  EXPECT_EQ(complaint.account, "kasse@verein.example");
  EXPECT_EQ(complaint.id, "m1");
  EXPECT_EQ(complaint.kind, "abuse");
  EXPECT_EQ(complaint.source_ip->to_string(), "192.0.2.7");
}

TEST_F(Judging, AFoldedMarkIsRead) {
  std::string token = mark();
  token.insert(60, "\r\n\t");
  EXPECT_THAT(judge(marked_sample("arf_redacted", token)).events, SizeIs(1));
}

TEST_F(Judging, AForgedOrForeignOrOldMarkIsNoProof) {
  std::string forged = mark();
  forged[30] = forged[30] == 'x' ? 'y' : 'x';
  const std::string foreign = wire::make_trace_token(
      {.bytes = {6}}, {.made_at = noon(), .id = "m1", .subject = "account:kasse@verein.example"});
  for (const std::string& token :
       {std::string("v1.kq7d"), forged, foreign, mark(noon() - std::chrono::days(31)),
        mark(noon() + std::chrono::days(2))}) {
    const auto judged = judge(marked_sample("arf_redacted", token));
    EXPECT_THAT(judged.events, IsEmpty()) << token;
    EXPECT_EQ(judged.unverified, 1U);
  }
}

TEST_F(Judging, TheSameRecipientComplainsOnceHoweverOftenHeSaysSo) {
  EXPECT_THAT(judge(marked_sample("arf_redacted")).events, SizeIs(1));
  EXPECT_EQ(judge(marked_sample("arf_redacted")).repeated, 1U);
  // Another mail of the account to the same recipient.
  EXPECT_EQ(judge(complaint_of("m2", "X@Y.example")).repeated, 1U);
  EXPECT_THAT(judge(complaint_of("m3", "other@y.example")).events, SizeIs(1));
}

TEST_F(Judging, ARecipientThatRefusedCannotComplainOnTop) {
  EXPECT_THAT(judge(marked_sample("postfix_blocklist")).events, SizeIs(2));
  const std::string to_erika = wire::make_trace_token(
      our_key, {.made_at = noon(),
                .recipient_mark = wire::recipient_mark(our_key, "erika@ziel.example"),
                .id = "m1",
                .subject = "account:kasse@verein.example"});
  EXPECT_EQ(judge(marked_sample("arf_redacted", to_erika)).repeated, 1U);
}

TEST_F(Judging, AComplaintThatIsDroppedKeepsNobodyElseFromComplaining) {
  EXPECT_THAT(judge(complaint_of("n1", "own@spam.example")).events, SizeIs(1));
  EXPECT_EQ(judge(complaint_of("n2", "own@spam.example")).repeated, 1U)
      << "the same recipient again";
  EXPECT_THAT(judge(complaint_of("n2", "victim@ziel.example")).events, SizeIs(1));
}

TEST_F(Judging, AComplaintWithoutAMarkNeedsARememberedMessageAndItsRecipient) {
  EXPECT_EQ(judge(sample("arf_redacted")).unverified, 1U) << "the recipient is blackened";
  Remembered message;
  message.recipients = {"redacted@provider.example"};
  const auto judged = ReportJudge(naming(message))
                          .judge(wire::DeliveryReportReader().read(sample("arf_redacted")), noon());
  ASSERT_THAT(judged.events, SizeIs(1));
  EXPECT_EQ(std::get<model::Complaint>(judged.events[0].what).account, "kasse@verein.example");
}

TEST_F(Judging, WhatBlamesNobodyGivesNothing) {
  for (const char* name : {"out_of_office_german", "auto_reply_ticket", "ordinary_about_bounces",
                           "arf_auth_failure"}) {
    const auto judged = judge(sample(name));
    EXPECT_THAT(judged.events, IsEmpty()) << name;
    EXPECT_EQ(judged.unverified, 0U) << name;
  }
}

// --- service, pipe, Maildir
// -----------------------------------------------------------------------

class ReportWays : public ::testing::Test {
 protected:
  bool keep(const model::MailEvent& event) {
    if (broken_) throw std::runtime_error("meant");
    if (!keeping_) return false;
    events_.with([&](auto& events) { events.push_back(event); });
    return true;
  }
  std::size_t kept() {
    return events_.with([](auto& events) { return events.size(); });
  }
  void serve() {
    loop_ = net::EventLoop::open().value();
    loop_->start("report-0");
    auto opened = ReportService::open(
        *loop_, {.listen = net::Endpoint::tcp("127.0.0.1", 0), .host_name = "mx.verein.example"},
        intake_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    service_ = std::move(opened).value();
  }
  base::Status pipe(const std::string& raw) {
    return deliver_report(service_->bound(), raw, std::chrono::steady_clock::now() + seconds(20));
  }

  std::atomic<bool> keeping_ = true;
  std::atomic<bool> broken_ = false;
  base::Guarded<std::vector<model::MailEvent>> events_;
  ReportIntake intake_{naming(), [this](const model::MailEvent& event) { return keep(event); },
                       noon};
  std::unique_ptr<net::EventLoop> loop_;
  std::unique_ptr<ReportService> service_;
};

TEST_F(ReportWays, ThePipeHandsAReportToTheService) {
  serve();
  ASSERT_TRUE(pipe(sample("postfix_blocklist")).ok());
  EXPECT_EQ(kept(), 2U);
  EXPECT_EQ(intake_.counters().bounces, 1U);
  ASSERT_TRUE(pipe(sample("ordinary_about_bounces")).ok());
  EXPECT_EQ(intake_.counters().ordinary, 1U);
  EXPECT_EQ(intake_.counters().events, 2U);
  ASSERT_TRUE(pipe(sample("postfix_blocklist")).ok());
  EXPECT_EQ(intake_.counters().repeated, 2U);
  ASSERT_TRUE(pipe(sample("arf_redacted")).ok());
  EXPECT_EQ(intake_.counters().unverified, 1U);
  service_->stop(seconds(1));
}

TEST_F(ReportWays, WhatASpamLacksIsSaidOnlyWhereNothingElseIsFound) {
  const FirstLook lacks = [](const auto&, auto) { return ReportTaken::no_header; };
  EXPECT_EQ(intake_.take({}, "Subject: Fwd: win\n\nlook\n", lacks), ReportTaken::no_header);
  EXPECT_EQ(intake_.take({}, marked_sample("postfix_blocklist"), lacks), ReportTaken::taken);
  EXPECT_EQ(intake_.take({}, "Subject: hello\n\nlook\n", {}), ReportTaken::ordinary);
}

TEST_F(ReportWays, WhatCannotBeKeptComesAgain) {
  serve();
  keeping_ = false;
  const base::Status refused = pipe(sample("postfix_blocklist"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::unavailable);
  keeping_ = true;
  broken_ = true;
  EXPECT_FALSE(pipe(sample("postfix_blocklist")).ok());
  EXPECT_EQ(intake_.counters().handler_failed, 1U);
  broken_ = false;
  EXPECT_TRUE(pipe(sample("postfix_blocklist")).ok());
  EXPECT_EQ(kept(), 2U);
}

TEST_F(ReportWays, ALargeReportPassesAndItsDotsToo) {
  serve();
  std::string raw = sample("postfix_blocklist");
  std::string lines;
  for (int i = 0; i < 100'000; ++i) lines += ".a line of the returned message\n";
  raw.insert(raw.rfind("\n--"), "\n" + lines);
  ASSERT_TRUE(pipe(raw).ok());
  EXPECT_EQ(kept(), 2U);
}

TEST_F(ReportWays, ThePipeSaysWhenNobodyListens) {
  serve();
  const net::Endpoint where = service_->bound();
  service_.reset();
  const auto gone = deliver_report(where, "x", std::chrono::steady_clock::now() + seconds(5));
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, base::ErrorCode::unavailable);
}

class MaildirTest : public ReportWays {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("leumund-maildir-" + std::to_string(getpid()));
    for (const char* sub : {"new", "cur", "tmp"})
      std::filesystem::create_directories(folder_ / sub);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / "new" / name, std::ios::binary) << text;
  }
  std::vector<std::string> names(const char* sub) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / sub)) {
      out.push_back(entry.path().filename());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  MaildirSettings settings() { return {.folder = folder_}; }

  std::filesystem::path folder_;
};

TEST_F(MaildirTest, ReadsNewReportsAndMovesThem) {
  put("1.a", sample("postfix_blocklist"));
  put("2.b", "no report");
  const auto poll = poll_maildir(settings(), intake_);
  ASSERT_TRUE(poll.ok());
  EXPECT_EQ(poll->taken, 2U);
  EXPECT_EQ(kept(), 2U);
  EXPECT_THAT(names("new"), IsEmpty());
  EXPECT_THAT(names("cur"), ElementsAre("1.a:2,S", "2.b:2,S"));
}

TEST_F(MaildirTest, LeavesWhatCannotBeKeptAndRemovesWhereTold) {
  put("1.a", sample("postfix_blocklist"));
  keeping_ = false;
  EXPECT_EQ(poll_maildir(settings(), intake_)->left, 1U);
  EXPECT_THAT(names("new"), ElementsAre("1.a"));
  keeping_ = true;
  MaildirSettings removing = settings();
  removing.remove = true;
  EXPECT_EQ(poll_maildir(removing, intake_)->taken, 1U);
  EXPECT_THAT(names("new"), IsEmpty());
  EXPECT_THAT(names("cur"), IsEmpty());
}

TEST_F(MaildirTest, SetsAsideWhatIsTooLargeOrNoFile) {
  MaildirSettings small = settings();
  small.message_bytes = 100;
  put("1.large", sample("postfix_blocklist"));
  std::filesystem::create_symlink("/etc/passwd", folder_ / "new" / "2.link");
  const auto poll = poll_maildir(small, intake_);
  ASSERT_TRUE(poll.ok());
  EXPECT_EQ(poll->set_aside, 2U);
  EXPECT_THAT(names("cur"), ElementsAre("1.large:2,F", "2.link:2,F"));
  EXPECT_EQ(kept(), 0U);
}

// Its owner may be anybody: a link would lead to the daemon's own files.
TEST_F(MaildirTest, ALinkInThePlaceOfNewOrCurIsNotFollowed) {
  const auto ours = folder_ / "ours";
  std::filesystem::create_directories(ours);
  std::ofstream(ours / "leumund.db") << "store";
  for (const char* sub : {"new", "cur"}) {
    std::filesystem::rename(folder_ / sub, folder_ / "aside");
    std::filesystem::create_directory_symlink(ours, folder_ / sub);
    const auto poll = poll_maildir(settings(), intake_);
    ASSERT_FALSE(poll.ok());
    EXPECT_THAT(poll.error().message, HasSubstr((folder_ / sub).string()));
    EXPECT_THAT(names("ours"), ElementsAre("leumund.db"));
    std::filesystem::remove(folder_ / sub);
    std::filesystem::rename(folder_ / "aside", folder_ / sub);
  }
}

TEST_F(MaildirTest, NamesTheFolderThatIsNotThere) {
  const auto poll = poll_maildir({.folder = "/nowhere/maildir"}, intake_);
  ASSERT_FALSE(poll.ok());
  EXPECT_THAT(poll.error().message, HasSubstr("/nowhere/maildir: "));
}

}  // namespace
}  // namespace leumund::intake
