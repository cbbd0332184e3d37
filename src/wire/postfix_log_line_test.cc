#include "wire/postfix_log_line.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace leumund::wire {
namespace {

using model::DeliveryStage;
using model::DeliveryStatus;

PostfixLogLine parsed(std::string_view line) {
  PostfixLogLine out;
  parse_postfix_log_line(line, out);
  return out;
}

std::string described_stamp(const LogStamp& stamp) {
  std::string out =
      fmt::format("{}-{}-{} {}", stamp.year, stamp.month, stamp.day, stamp.second_of_day);
  if (stamp.micros != 0) out += fmt::format(".{:06}", stamp.micros);
  if (stamp.has_offset) out += fmt::format(" offset {}", stamp.offset_seconds);
  return out;
}

// Every field that is not empty, in a fixed order.
std::string described(const PostfixLogLine& line) {
  std::string out(line_kind_name(line.kind));
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out += fmt::format(" {}=[{}]", name, value);
  };
  if (line.stamp.month != 0) add("stamp", described_stamp(line.stamp));
  add("host", line.host);
  add("instance", line.instance);
  add("service", line.service);
  if (line.kind == LineKind::foreign) return out;
  add("program", line.program_name);
  if (line.pid != 0) add("pid", fmt::format("{}", line.pid));
  add("queue_id", line.queue_id);
  add("client", line.client_name);
  add("address", line.client_address);
  add("account", line.account);
  if (line.verified) add("verified", "yes");
  add("sasl_method", line.sasl_method);
  add("sasl_sender", line.sasl_sender);
  add("orig_queue_id", line.orig_queue_id);
  add("orig_client", line.orig_client);
  add("verb", line.verb);
  add("stage", line.stage);
  if (line.kind == LineKind::pickup) add("uid", fmt::format("{}", line.uid));
  add("message_id", line.message_id);
  add("sender", line.sender);
  if (line.kind == LineKind::queued) add("size", fmt::format("{}", line.size_bytes));
  if (line.kind == LineKind::queued) add("nrcpt", fmt::format("{}", line.recipient_count));
  add("recipient", line.recipient);
  add("orig_recipient", line.orig_recipient);
  add("relay", line.relay);
  add("delay", line.delay);
  add("delays", line.delays);
  add("dsn", line.dsn);
  if (line.kind == LineKind::delivery)
    add("status", fmt::format("{}", static_cast<int>(line.status)));
  add("other_queue_id", line.other_queue_id);
  add("text", line.text);
  return out;
}

// Pairs of a log line and, on the next, what it is taken apart into; blank lines and "#" between.
// LEUMUND_GOLDEN=record writes the second lines anew.
TEST(PostfixLogLine, TakesTheGoldenLinesApart) {
  const std::filesystem::path path =
      std::filesystem::path(LEUMUND_SOURCE_DIR) / "tests/golden/postfix_log_line/lines.txt";
  std::ifstream in(path);
  ASSERT_TRUE(in) << path;
  std::string recorded;
  std::string line;
  std::string before;
  std::size_t pairs = 0;
  while (std::getline(in, line)) {
    if (line.starts_with("  ")) {
      EXPECT_EQ(described(parsed(before)), line.substr(2)) << before;
      ++pairs;
      continue;
    }
    recorded += line + "\n";
    if (!line.empty() && line[0] != '#') recorded += "  " + described(parsed(line)) + "\n";
    before = line;
  }
  const char* mode = std::getenv("LEUMUND_GOLDEN");
  if (mode != nullptr && std::string_view(mode) == "record") std::ofstream(path) << recorded;
  EXPECT_GE(pairs, 70U);
}

TEST(PostfixLogLine, TellsShortAndLongQueueIdsFromWords) {
  for (const char* id : {"81E343F2E2", "BABABABABA", "1A2B3C4D5E6F7890", "0DEAD"}) {
    EXPECT_TRUE(is_queue_id(id)) << id;
  }
  EXPECT_TRUE(is_queue_id("4Xyz9T1L7Rz2Bk"));
  EXPECT_TRUE(is_queue_id("3Pt2mN2VXxznjll"));
  for (const char* word : {"warning", "NOQUEUE", "", "ABCD", "statistics", "1A2B3C4D5E6F78901",
                           "4Xyz9T1L7Ra2Bk", "zXyz9T1L7Rz2Bk", "fatal", "4Xyz9T1L7Rz2Bk/../etc"}) {
    EXPECT_FALSE(is_queue_id(word)) << word;
  }
}

TEST(PostfixLogLine, ReadsEveryLayoutOfTheStamp) {
  const std::string rest = " mx postfix/qmgr[7]: 81E343F2E2: removed";
  const std::vector<std::pair<std::string, std::string>> stamps = {
      {"Oct 13 16:40:39", "0-10-13 60039"},
      {"Oct  3 16:40:39", "0-10-3 60039"},
      {"Oct 03 16:40:39", "0-10-3 60039"},
      {"Feb 29 00:00:00", "0-2-29 0"},
      {"Oct  3 2026 16:40:39", "2026-10-3 60039"},
      {"2026 Oct  3 16:40:39", "2026-10-3 60039"},
      {"Oct  3 16:40:39.250", "0-10-3 60039.250000"},
      {"2022-01-08T19:42:12.572958+00:00", "2022-1-8 70932.572958 offset 0"},
      {"2022-01-08T19:42:12Z", "2022-1-8 70932 offset 0"},
      {"2022-01-08T19:42:12-05:30", "2022-1-8 70932 offset -19800"},
      {"2022-01-08T19:42:12+0200", "2022-1-8 70932 offset 7200"},
      {"2022-01-08 19:42:12", "2022-1-8 70932"},
      {"<22>Oct  3 16:40:39", "0-10-3 60039"},
  };
  for (const auto& [stamp, wanted] : stamps) {
    const std::string text = stamp + rest;  // the line's views point into it
    const PostfixLogLine line = parsed(text);
    EXPECT_EQ(line.kind, LineKind::removed) << stamp;
    EXPECT_EQ(described_stamp(line.stamp), wanted) << stamp;
    EXPECT_EQ(line.host, "mx") << stamp;
  }
  for (const char* bad :
       {"Okt 13 16:40:39", "Oct 32 16:40:39", "Feb 30 16:40:39", "Oct 13 24:40:39",
        "2022-13-08T19:42:12Z", "2022-01-08T19:42:12+99:00", "Oct 13 16-40-39"}) {
    EXPECT_EQ(parsed(bad + rest).kind, LineKind::no_stamp) << bad;
  }
}

TEST(PostfixLogLine, ReadsSyslogProtocolFrames) {
  const PostfixLogLine line = parsed(
      "<22>1 2022-01-08T19:42:12.5Z mx postfix/submission/smtpd 42 - [x a=\"b\"] 1F5A2194AA9: "
      "client=pc.example[192.0.2.7], sasl_method=PLAIN, sasl_username=a@c.test");
  EXPECT_EQ(line.kind, LineKind::client);
  EXPECT_EQ(line.pid, 42U);
  EXPECT_EQ(line.account, "a@c.test");
}

TEST(PostfixLogLine, LeavesNoStampOfAFrameThatIsNone) {
  const PostfixLogLine line = parsed("<22>1 2022-01-80T19:42:12Z h t - - [x");
  EXPECT_EQ(line.kind, LineKind::no_stamp);
  EXPECT_EQ(line.stamp.month, 0);
}

TEST(PostfixLogLine, SaysWhereADeliveryEnded) {
  const auto stage = [](std::string_view text) {
    return read_delivery_text(text, DeliveryStatus::deferred).stage;
  };
  EXPECT_EQ(stage("host m[192.0.2.1] said: 550 no (in reply to RCPT TO command)"),
            DeliveryStage::rcpt);
  EXPECT_EQ(stage("host m[192.0.2.1] said: 550 no (in reply to MAIL FROM command)"),
            DeliveryStage::mail);
  EXPECT_EQ(stage("host m[192.0.2.1] said: 550 no (in reply to DATA command)"),
            DeliveryStage::data);
  EXPECT_EQ(stage("host m[192.0.2.1] said: 550 no (in reply to end of DATA command)"),
            DeliveryStage::end);
  EXPECT_EQ(stage("host m[192.0.2.1] said: 502 no (in reply to EHLO command)"),
            DeliveryStage::greeting);
  EXPECT_EQ(stage("host m[192.0.2.1] refused to talk to me: 554 go"), DeliveryStage::greeting);
  EXPECT_EQ(stage("connect to m[192.0.2.1]:25: Connection timed out"), DeliveryStage::connect);
  EXPECT_EQ(stage("lost connection with m[192.0.2.1] while receiving the initial server greeting"),
            DeliveryStage::greeting);
  EXPECT_EQ(stage("conversation with m[192.0.2.1] timed out while sending message body"),
            DeliveryStage::data);
  EXPECT_EQ(stage("delivery temporarily suspended: connect to m[192.0.2.1]:25: Connection refused"),
            DeliveryStage::connect);
  EXPECT_EQ(stage("Host or domain name not found. Name service error"), DeliveryStage::unknown);
}

TEST(PostfixLogLine, KeepsTheRemotesWordsWithoutOurFrame) {
  const auto text = read_delivery_text(
      "host mx.example[192.0.2.9] said: 550 5.1.1 <b (x)@y.example> unknown (see (1)) (in reply to "
      "RCPT TO command)",
      DeliveryStatus::bounced);
  EXPECT_EQ(text.reply, "550 5.1.1 <b (x)@y.example> unknown (see (1))");
  EXPECT_EQ(text.remote, "mx.example[192.0.2.9]");
}

TEST(PostfixLogLine, FindsTheQueueIdAFilterAnswered) {
  const auto id = [](std::string_view text) {
    return read_delivery_text(text, DeliveryStatus::sent).queued_as;
  };
  EXPECT_EQ(id("250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as AED441541AFC"),
            "AED441541AFC");
  EXPECT_EQ(id("250 2.0.0 Ok: queued as 4Xyz9T1L7Rz2Bk"), "4Xyz9T1L7Rz2Bk");
  EXPECT_EQ(id("250 Ok: queued as <x@mail.example>"), "");
  EXPECT_EQ(id("250 2.0.0 OK 1607509104 z6si1138927wrp.107 - gsmtp"), "");
}

TEST(PostfixLogLine, TakesAUserNameThatLooksLikeAFieldForAName) {
  PostfixLogLine line;
  parse_postfix_journal_entry(
      "dovecot", 1,
      "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<x>, rip=198.51.100.1, "
      "y=>, method=PLAIN, rip=192.0.2.66, lip=192.0.2.1, TLS",
      line);
  EXPECT_EQ(line.kind, LineKind::login_failed);
  EXPECT_EQ(line.client_address, "192.0.2.66");
}

TEST(PostfixLogLine, ReadsWhatThePasswordServerRefused) {
  const auto read = [](std::string_view message) {
    PostfixLogLine line;
    parse_postfix_journal_entry("dovecot", 1, message, line);
    return line.kind != LineKind::login_failed
               ? std::string("-")
               : std::string(line.account) + " " + std::string(line.client_address) + " " +
                     std::string(line.service);
  };
  EXPECT_EQ(read("auth: passwd-file(a@b.example,192.0.2.66): unknown user"),
            "a@b.example 192.0.2.66 auth");
  EXPECT_EQ(read("auth: Info: passwd-file(a,2001:db8::7,<X/y+9=>): unknown user (given password: "
                 "hunter2)"),
            "a 2001:db8::7 auth");
  EXPECT_EQ(read("auth-worker(77): conn unix:auth-worker (pid=7,uid=110): auth-worker<3>: "
                 "sql(a@b.example,192.0.2.66,<s>): Password mismatch"),
            "a@b.example 192.0.2.66 auth");
  EXPECT_EQ(read("auth: pam(a,192.0.2.66): Unknown user"), "a 192.0.2.66 auth");
  // Names that look like something else, where Dovecot lets them be.
  for (const char* other :
       {"auth: passwd-file(a,198.51.100.1,192.0.2.66): unknown user",
        "auth: passwd-file(a,198.51.100.1): unknown user,192.0.2.66): unknown user",
        "auth: passwd-file(a,198.51.100.1,<s>,192.0.2.66,<t>): unknown user",
        "auth: passwd-file(a(b,192.0.2.66): unknown user",
        "auth: passwd-file(a,192.0.2.66): unknown user (given password: x): unknown user)",
        "auth: passwd-file(a,192.0.2.66): Allowing any password", "auth: Error: (", "auth: x",
        "auth-worker(7): conn unix:auth-worker (pid=7,uid=1): auth-worker<1>",
        "auth: passwd-file(>): unknown user"}) {
    EXPECT_EQ(read(other), "-") << other;
  }
}

TEST(PostfixLogLine, LeavesNothingBehindFromTheLineBefore) {
  PostfixLogLine line;
  parse_postfix_log_line("Oct 13 16:40:39 mx postfix/pickup[1]: 81E343F2E2: uid=33 from=<www-data>",
                         line);
  EXPECT_EQ(line.uid, 33U);
  parse_postfix_log_line("", line);
  EXPECT_EQ(line.kind, LineKind::empty);
  EXPECT_EQ(line.uid, 0U);
  EXPECT_TRUE(line.queue_id.empty());
}

}  // namespace
}  // namespace leumund::wire
