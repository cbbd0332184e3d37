// The LMTP dialogue that takes reports, without a socket.
#include "intake/report_lmtp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leumund::intake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
  std::vector<LmtpEnvelope> envelopes_;
  LmtpDialogue::Handler handler_ = [this](const LmtpEnvelope& envelope, std::string_view raw) {
    envelopes_.push_back(envelope);
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

TEST_F(Dialogue, TellsFromWhomAndForWhomEachMessageIs) {
  talk(
      "LHLO a\r\nMAIL FROM:<Anna@Example.org> SIZE=1\r\nRCPT TO:<Trap@example.org>\r\n"
      "RCPT TO:<nobody>\r\nDATA\r\nx\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<b@c.example>\r\n"
      "RSET\r\nMAIL FROM:<>\r\nRCPT TO:<d@c.example>\r\nDATA\r\ny\r\n.\r\n");
  ASSERT_EQ(envelopes_.size(), 2U);
  EXPECT_EQ(envelopes_[0].sender, "anna@example.org");
  EXPECT_THAT(envelopes_[0].recipients, ElementsAre("trap@example.org", "nobody"));
  EXPECT_EQ(envelopes_[1].sender, "");
  EXPECT_THAT(envelopes_[1].recipients, ElementsAre("d@c.example"));
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

TEST_F(Dialogue, TellsWhoForwardedASpamWithoutItsHeader) {
  answer_ = ReportTaken::no_header;
  EXPECT_THAT(talk(conversation), HasSubstr("550 5.6.0 this shows not where"));
  answer_ = ReportTaken::ordinary;
  EXPECT_THAT(talk(conversation), HasSubstr("250 2.0.0 report taken"));
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

}  // namespace
}  // namespace leumund::intake
