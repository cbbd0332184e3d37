// Reports on their three ways in, over real sockets and folders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "intake/report_event.h"
#include "intake/report_lmtp.h"
#include "intake/report_maildir.h"
#include "intake/report_pipe.h"
#include "intake/report_service.h"
#include "net/socket.h"

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

ReportNaming naming() {
  return {.own_hosts = {"mail.verein.example"},
          .instance = "postfix-out",
          .resolve_trace = [](std::string_view mark) -> std::optional<TraceFacts> {
            if (mark != "v1.kq7d") return std::nullopt;
            return TraceFacts{.id = "m1", .account = "kasse@verein.example"};
          }};
}

std::vector<model::MailEvent> events_of(const std::string& name) {
  return events_of_report(wire::DeliveryReportReader().read(sample(name)), naming(), noon());
}

TEST(ReportEvent, EveryRecipientOfABounceIsADelivery) {
  const auto events = events_of("postfix_blocklist");
  ASSERT_THAT(events, SizeIs(2));
  const auto& first = std::get<model::Delivery>(events[0].what);
  EXPECT_EQ(first.id, "m1");
  EXPECT_EQ(first.source, model::Source::report);
  EXPECT_EQ(first.queue.queue_id, "4Xk2Lm1qzz");
  EXPECT_EQ(first.queue.instance, "postfix-out");
  EXPECT_EQ(first.recipient, "erika@ziel.example");
  EXPECT_EQ(first.status, model::DeliveryStatus::bounced);
  EXPECT_EQ(first.stage, model::DeliveryStage::rcpt);
  EXPECT_THAT(first.reply, HasSubstr("blocked using bl.spamcop.net"));
  EXPECT_EQ(events[0].occurred_at, noon());
}

TEST(ReportEvent, AForeignReportTellsOurQueueIdByTheReturnedHeader) {
  const auto events = events_of("sendmail_transcript");
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(std::get<model::Delivery>(events[0].what).queue.queue_id, "4Xk2Lm1qzz");
}

TEST(ReportEvent, TellsLateFromFailedAndArrived) {
  EXPECT_EQ(std::get<model::Delivery>(events_of("delayed_google_style").at(0).what).status,
            model::DeliveryStatus::deferred);
  EXPECT_EQ(std::get<model::Delivery>(events_of("success_dsn").at(0).what).status,
            model::DeliveryStatus::sent);
}

TEST(ReportEvent, AComplaintNamesTheAccountByOurMarkAlone) {
  const auto events = events_of("arf_redacted");
  ASSERT_THAT(events, SizeIs(1));
  const auto& complaint = std::get<model::Complaint>(events[0].what);
  EXPECT_EQ(complaint.account, "kasse@verein.example");
  EXPECT_EQ(complaint.id, "m1");
  EXPECT_EQ(complaint.kind, "abuse");
  EXPECT_EQ(complaint.source_ip->to_string(), "192.0.2.7");
}

TEST(ReportEvent, WhatBlamesNobodyGivesNothing) {
  for (const char* name : {"out_of_office_german", "auto_reply_ticket", "ordinary_about_bounces",
                           "arf_auth_failure"}) {
    EXPECT_THAT(events_of(name), IsEmpty()) << name;
  }
}

// --- the LMTP dialogue
// ----------------------------------------------------------------------------

class Dialogue : public ::testing::Test {
 protected:
  std::string talk(std::string_view input, std::size_t piece = std::string::npos) {
    LmtpDialogue dialogue("mx.verein.example", limits_, budget_, handler_);
    std::string out;
    std::string waiting;
    for (std::size_t at = 0; at < input.size(); at += piece) {
      waiting += input.substr(at, piece);
      for (;;) {
        const auto step = dialogue.on_bytes(waiting, out);
        if (step.close) return out;
        if (step.consumed == 0) break;
        waiting.erase(0, step.consumed);
        if (waiting.empty()) break;
      }
      if (piece == std::string::npos) break;
    }
    return out;
  }

  LmtpLimits limits_;
  LmtpBudget budget_{1 << 20};
  ReportTaken answer_ = ReportTaken::taken;
  std::vector<std::string> seen_;
  LmtpDialogue::Handler handler_ = [this](std::string_view raw) {
    seen_.emplace_back(raw);
    return answer_;
  };
};

constexpr std::string_view conversation =
    "LHLO a\r\nMAIL FROM:<> SIZE=10\r\nRCPT TO:<x@y.example>\r\nRCPT TO:<z@y.example>\r\nDATA\r\n"
    "Subject: x\r\n\r\n..dot\r\n...\r\nlast\r\n.\r\nQUIT\r\n";

TEST_F(Dialogue, TakesAMessageAndAnswersForEachRecipient) {
  const std::string said = talk(conversation);
  EXPECT_THAT(seen_, ElementsAre("Subject: x\n\n.dot\n..\nlast\n"));
  EXPECT_THAT(said, HasSubstr("354 end"));
  EXPECT_THAT(said, HasSubstr("250 2.0.0 report taken\r\n250 2.0.0 report taken\r\n221 2.0.0"));
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(Dialogue, GivesTheSameInPiecesOfAnySize) {
  const std::string whole = talk(conversation);
  const auto seen = seen_;
  for (const std::size_t piece : {1UL, 2UL, 3UL, 5UL, 7UL}) {
    seen_.clear();
    EXPECT_EQ(talk(conversation, piece), whole) << piece;
    EXPECT_EQ(seen_, seen) << piece;
  }
}

TEST_F(Dialogue, AsksToTryAgainWhenTheFactsCannotBeKept) {
  answer_ = ReportTaken::try_later;
  EXPECT_THAT(talk(conversation), HasSubstr("451 4.3.0 try again later\r\n451"));
}

TEST_F(Dialogue, ReadsOverItsLimitsToTheEndAndRefuses) {
  limits_.message_bytes = 20;
  EXPECT_THAT(talk(conversation), HasSubstr("552 5.3.4"));
  limits_.message_bytes = 1 << 20;
  LmtpBudget small(10);
  LmtpDialogue dialogue("x", limits_, small, handler_);
  std::string out;
  std::string waiting(conversation);
  for (auto step = dialogue.on_bytes(waiting, out); !step.close && step.consumed > 0;
       step = dialogue.on_bytes(waiting, out)) {
    waiting.erase(0, step.consumed);
    if (waiting.empty()) break;
  }
  EXPECT_THAT(out, HasSubstr("452 4.3.1"));
  EXPECT_THAT(seen_, IsEmpty());
  EXPECT_EQ(small.used(), 0U);
}

TEST_F(Dialogue, KeepsTheOrderOfCommands) {
  EXPECT_THAT(talk("MAIL FROM:<>\r\n"), HasSubstr("503 5.5.1 LHLO first"));
  EXPECT_THAT(talk("EHLO a\r\n"), HasSubstr("500 5.5.1 this is LMTP"));
  EXPECT_THAT(talk("LHLO a\r\nDATA\r\n"), HasSubstr("503 5.5.1 no valid recipient"));
  EXPECT_THAT(talk("LHLO a\r\nMAIL FROM:x\r\n"), HasSubstr("501 5.1.7"));
  std::string nonsense;
  for (int i = 0; i < 30; ++i) nonsense += "X\r\n";
  EXPECT_THAT(talk(nonsense), ::testing::EndsWith("421 4.7.0 too many errors\r\n"));
  EXPECT_THAT(talk(std::string(5'000, 'x')), HasSubstr("500 5.5.2 line too long"));
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
  service_->stop(seconds(1));
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

TEST_F(MaildirTest, NamesTheFolderThatIsNotThere) {
  const auto poll = poll_maildir({.folder = "/nowhere/maildir"}, intake_);
  ASSERT_FALSE(poll.ok());
  EXPECT_THAT(poll.error().message, HasSubstr("/nowhere/maildir/new"));
}

}  // namespace
}  // namespace leumund::intake
