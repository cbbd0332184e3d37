// Whole reports in the forms of the standards and of many programs, with what must be read from
// each. The messages stand in tests/golden/reports, written for this test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "wire/delivery_report.h"

namespace leumund::wire {
namespace {

struct Expected {
  std::string name;
  std::string kind;
  std::vector<std::vector<std::string>> recipients;  // address, action, status, code
  std::string message;
};

// "a b@c.example failed 5.1.1 550": the last three words are no part of the address.
std::vector<std::string> recipient_fields(std::string_view line) {
  std::vector<std::string> fields(4);
  for (std::size_t i = 3; i > 0; --i) {
    const std::size_t blank = line.rfind(' ');
    if (blank == std::string_view::npos) return {};
    fields[i] = line.substr(blank + 1);
    line = line.substr(0, blank);
  }
  fields[0] = line;
  return fields;
}

std::vector<Expected> read_golden(const std::string& file) {
  std::ifstream in(std::filesystem::path(LEUMUND_SOURCE_DIR) / "tests/golden/reports" / file);
  std::vector<Expected> all;
  bool in_message = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      all.emplace_back().name = line.substr(4);
      in_message = false;
    } else if (all.empty()) {
      continue;
    } else if (in_message) {
      all.back().message += line + "\n";
    } else if (line == "---") {
      in_message = true;
    } else if (line.starts_with("kind: ")) {
      all.back().kind = line.substr(6);
    } else if (line.starts_with("recipient: ")) {
      all.back().recipients.push_back(recipient_fields(std::string_view(line).substr(11)));
    } else {
      ADD_FAILURE() << file << ": " << line;
    }
  }
  return all;
}

std::string or_dash(std::string_view text) { return text.empty() ? "-" : std::string(text); }

void expect_field(const std::string& wanted, const std::string& got) {
  if (wanted == "*") return;
  EXPECT_EQ(wanted, got);
}

void expect_as_written(const std::string& file, std::size_t at_least) {
  const std::vector<Expected> all = read_golden(file);
  EXPECT_GE(all.size(), at_least);
  for (const Expected& expected : all) {
    SCOPED_TRACE(file + ": " + expected.name);
    const DeliveryReport report = DeliveryReportReader().read(expected.message);
    EXPECT_EQ(expected.kind, report_kind_name(report.kind));
    ASSERT_EQ(expected.recipients.size(), report.recipients.size());
    for (std::size_t i = 0; i < report.recipients.size(); ++i) {
      const RecipientReport& got = report.recipients[i];
      const std::vector<std::string>& wanted = expected.recipients[i];
      ASSERT_EQ(4U, wanted.size());
      EXPECT_EQ(wanted[0], got.recipient);
      expect_field(wanted[1], or_dash(report_action_name(got.action)));
      expect_field(wanted[2], or_dash(got.status));
      expect_field(wanted[3], got.code ? std::to_string(*got.code) : "-");
    }
  }
}

TEST(DeliveryReportGolden, ReadsWhatTheStandardsAllow) { expect_as_written("standard.txt", 33); }

TEST(DeliveryReportGolden, ReadsTheFormsOfManyPrograms) { expect_as_written("programs.txt", 61); }

TEST(DeliveryReportGolden, TellsAutomaticAnswersAndOrdinaryMailApart) {
  expect_as_written("automatic.txt", 41);
}

TEST(DeliveryReportGolden, AnAnswerGoesOnWhereItNamesTheRecipientAgain) {
  const DeliveryReport report = DeliveryReportReader().read(
      "Return-Path: <>\nFrom: MAILER-DAEMON@haus.example\nSubject: failed\n\n"
      "Your message could not be delivered:\n\n"
      "<a@fern.example>: host\n"
      "    mx.fern.example[198.51.100.7] said: 550\n"
      "    <a@fern.example>: no mailbox (in reply to RCPT TO command)\n\n"
      "<b@fern.example>: host mx.fern.example[198.51.100.7] said: 552 full\n");
  ASSERT_EQ(2U, report.recipients.size());
  EXPECT_EQ(
      "host mx.fern.example[198.51.100.7] said: 550 <a@fern.example>: no mailbox (in reply "
      "to RCPT TO command)",
      report.recipients[0].text);
  EXPECT_EQ(model::DeliveryStage::rcpt, report.recipients[0].stage);
  EXPECT_EQ(552, report.recipients[1].code);
}

}  // namespace
}  // namespace leumund::wire
