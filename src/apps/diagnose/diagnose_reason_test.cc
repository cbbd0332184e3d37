// Reasons for reports in the wordings of many servers, written for this test, not from it.
#include "apps/diagnose/diagnose_reason.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "diagnosis/reader.h"

namespace leumund::apps {
namespace {

using model::DeliveryStage;

const diagnosis::Reader& reader() {
  static const auto made = diagnosis::Reader::shipped();
  EXPECT_TRUE(made.ok()) << made.error().message;
  return **made;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "5.1.10" of "550 5.1.10 no"; a text without any has failed for a reason it does not tell.
std::string status_in(const std::string& text) {
  for (std::size_t at = 0; at + 5 <= text.size(); ++at) {
    const bool begins = (text[at] == '4' || text[at] == '5') && text[at + 1] == '.' &&
                        is_digit(text[at + 2]) && text[at + 3] == '.' && is_digit(text[at + 4]);
    if (!begins || (at > 0 && text[at - 1] != ' ' && text[at - 1] != '#')) continue;
    std::size_t end = at + 5;
    while (end < text.size() && is_digit(text[end])) ++end;
    return text.substr(at, end - at);
  }
  return "5.0.0";
}

// As the report of a sending server gives it on.
wire::RecipientReport report_of(std::string text) {
  wire::RecipientReport report;
  report.recipient = "a@example.jp";
  report.action = wire::ReportAction::failed;
  constexpr std::array stages = {
      std::pair{"EHLO", DeliveryStage::greeting}, std::pair{"MAIL FROM", DeliveryStage::mail},
      std::pair{"RCPT TO", DeliveryStage::rcpt}, std::pair{"DATA", DeliveryStage::data},
      std::pair{"end of DATA", DeliveryStage::end}};
  for (const auto& [command, stage] : stages) {
    const std::string said = std::string(" (in reply to ") + command + " command)";
    if (!text.ends_with(said)) continue;
    report.stage = stage;
    text.resize(text.size() - said.size());
  }
  const bool answer = text.size() > 3 && (text[0] == '4' || text[0] == '5') && is_digit(text[1]) &&
                      is_digit(text[2]) && (text[3] == ' ' || text[3] == '-');
  std::uint16_t code = 0;
  if (answer) {
    std::from_chars(text.data(), text.data() + 3, code);
    report.code = code;
  }
  report.status = status_in(text);
  report.text = std::move(text);
  return report;
}

std::string_view reason_of(const std::string& text) {
  const wire::RecipientReport report = report_of(text);
  diagnosis::Reader::Session session(reader());
  diagnosis::Reply reply;
  reply.text = report.text;
  reply.recipient = report.recipient;
  switch (report.stage) {
    case DeliveryStage::greeting: reply.stage = diagnosis::Stage::greeting; break;
    case DeliveryStage::mail: reply.stage = diagnosis::Stage::mail; break;
    case DeliveryStage::rcpt: reply.stage = diagnosis::Stage::rcpt; break;
    case DeliveryStage::data: reply.stage = diagnosis::Stage::data; break;
    case DeliveryStage::end: reply.stage = diagnosis::Stage::end; break;
    default: break;
  }
  // The result may view the diagnosis, which must live as long.
  static diagnosis::Diagnosis found;
  found = reader().diagnose(reply, session);
  return reason_of_report(report, found, reader().registry());
}

TEST(DiagnoseReasonGolden, WordingsOfManyServers) {
  const auto path = std::filesystem::path(LEUMUND_SOURCE_DIR) / "tests/golden/refusals/reasons.tsv";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::size_t read_lines = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    const std::size_t tab = line.find('\t');
    ASSERT_NE(tab, std::string::npos) << line;
    EXPECT_EQ(reason_of(line.substr(tab + 1)), line.substr(0, tab)) << line.substr(tab + 1);
    ++read_lines;
  }
  EXPECT_GT(read_lines, 170U);
}

TEST(DiagnoseReason, AStatusSpeaksOnlyWhereTheWordsAreSilent) {
  EXPECT_EQ(reason_of("550 5.1.10 recipient not found by address lookup"), "userunknown");
  EXPECT_EQ(reason_of("550 5.1.10 no"), "notaccept");
  EXPECT_EQ(reason_of("554 5.6.5 no"), "contenterror");
}

TEST(DiagnoseReason, WhatAMailerSaidDecidesBeforeSendmailsOwnUnavailable) {
  wire::RecipientReport report = report_of("554 <a@example.jp>... Service unavailable");
  report.notes = {"mail.local: unknown user: a"};
  diagnosis::Diagnosis found;
  found.reason = "systemerror";
  EXPECT_EQ(reason_of_report(report, found, reader().registry()), "userunknown");
  report.notes = {"554 <a@example.jp>... Service unavailable"};
  EXPECT_EQ(reason_of_report(report, found, reader().registry()), "systemerror");
}

TEST(DiagnoseReason, AServerThatCountsConnectionsBeforeItsGreetingBlocksNobody) {
  EXPECT_EQ(reason_of("421 4.7.0 Too many connections (in reply to EHLO command)"), "toomanyconn");
  EXPECT_EQ(reason_of("421 Service not available (in reply to EHLO command)"), "blocked");
}

}  // namespace
}  // namespace leumund::apps
