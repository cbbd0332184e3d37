// The verb trace on mails, reports with a mail attached, and files that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/command/sheet.h"
#include "apps/command/verbs.h"

namespace leumund::apps {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* spam =
    "Received: from out.hoster.example (out.hoster.example [203.0.113.5])\r\n"
    "\tby mail.ours.example (Postfix) with ESMTPS id B; Sat, 21 Nov 2026 10:00:08 +0000\r\n"
    "Received: from bank (bank.example [192.0.2.99]) by mail.ours.example with ESMTP id X;\r\n"
    "\tSat, 21 Nov 2026 10:00:01 +0000\r\n"
    "Subject: \x1b[31mwin\r\n\r\ntext\r\n";

class Tracing : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("leumund-trace-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    request_.verb = "trace";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  int run(Language language = Language::en) {
    const Sheet out;
    const Sheet err;
    Terminal terminal(out.file(), err.file(), language);
    const int status = trace_mail(request_, terminal);
    terminal.flush();
    out_ = out.text();
    err_ = err.text();
    return status;
  }
  nlohmann::json object() { return nlohmann::json::parse(out_.substr(0, out_.find('\n'))); }

  std::filesystem::path folder_;
  Request request_;
  std::string out_;
  std::string err_;
};

TEST_F(Tracing, NamesTheInjectorItsAbuseContactAndWhatIsForged) {
  request_.files = {file("spam.eml", spam)};
  request_.abuse_file = file("contacts", "203.0.113.0/24 abuse@hoster.example AS64500 Hoster\n");
  EXPECT_EQ(run(), exit_done);
  EXPECT_THAT(out_, HasSubstr("Handed to us by 203.0.113.5 (out.hoster.example); this is proven."));
  request_.files = {
      file("bare.eml",
           "Received: from [203.0.113.5] (unknown [203.0.113.5]) by mail.ours.example "
           "(Postfix) with ESMTP id 1; Sun, 1 Nov 2026 10:00:00 +0000\r\n\r\n")};
  EXPECT_EQ(run(), exit_done);
  EXPECT_THAT(out_, Not(HasSubstr("(-)"))) << "a host without a name has none";
  request_.files = {file("spam.eml", spam)};
  EXPECT_EQ(run(), exit_done);
  EXPECT_THAT(out_,
              HasSubstr("Abuse contact: abuse@hoster.example (203.0.113.0/24 AS64500 Hoster)"));
  EXPECT_THAT(out_, HasSubstr("it uses the name of a host of ours"));
  EXPECT_THAT(out_, Not(HasSubstr("\x1b")));
  EXPECT_EQ(run(Language::de), exit_done);
  EXPECT_THAT(out_, HasSubstr("gefälscht"));
}

TEST_F(Tracing, TakesTheMailOutOfAReportAndTheReportItselfWhenAsked) {
  request_.json = true;
  request_.files = {
      file("report.eml",
           std::string("Received: from fbl (fbl.isp.example [198.51.100.50]) by mail.ours.example "
                       "with ESMTP; Sat, 21 Nov 2026 12:00:00 +0000\r\n"
                       "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
                       "--x\r\nContent-Type: text/plain\r\n\r\nspam!\r\n"
                       "--x\r\nContent-Type: message/rfc822\r\n\r\n") +
               spam + "\r\n--x--\r\n")};
  EXPECT_EQ(run(), exit_done);
  EXPECT_EQ(object()["injector"], "203.0.113.5");
  EXPECT_EQ(object()["hops"][1]["fault"], "our_name");
  request_.outer = true;
  EXPECT_EQ(run(), exit_done);
  EXPECT_EQ(object()["injector"], "198.51.100.50");
}

TEST_F(Tracing, BelievesHostsOfTrustedNetworks) {
  request_.json = true;
  request_.trusted = {"203.0.113.0/24"};
  request_.files = {file("spam.eml", spam)};
  EXPECT_EQ(run(), exit_done);
  EXPECT_EQ(object()["injector"], "192.0.2.99");
}

TEST_F(Tracing, CallsNothingProvenThatAProgramOfOursCanHaveWritten) {
  const std::string border(spam);
  const std::string handed_in =
      "Received: from localhost (localhost [127.0.0.1]) by mail.ours.example (Postfix) with ESMTP "
      "id C; Sat, 21 Nov 2026 10:00:09 +0000\r\n";
  request_.files = {file("in.eml", handed_in + border)};
  EXPECT_EQ(run(), exit_done);
  EXPECT_THAT(out_, HasSubstr("203.0.113.5 (out.hoster.example), if no program on a host of ours"));
  EXPECT_THAT(out_, Not(HasSubstr("proven")));
  request_.trusted = {"127.0.0.1"};
  EXPECT_EQ(run(), exit_done);
  EXPECT_THAT(out_, HasSubstr("this is proven"));
  request_.trusted.clear();
  request_.files = {file("script.eml",
                         "Received: by mail.ours.example (Postfix, from userid 33) id A; "
                         "Sat, 21 Nov 2026 10:00:09 +0000\r\n" +
                             border)};
  EXPECT_EQ(run(), exit_done);
  EXPECT_THAT(out_, Not(HasSubstr("Handed to us")));
}

TEST_F(Tracing, SaysWhatIsWrongWithItsInput) {
  request_.files = {file("none.eml", "Subject: x\r\n\r\ntext\r\n")};
  EXPECT_EQ(run(), exit_negative);
  EXPECT_THAT(out_, HasSubstr("no Received line"));
  request_.trusted = {"203.0.113.0/99"};
  EXPECT_EQ(run(), exit_wrong_use);
  EXPECT_THAT(err_, HasSubstr("--trust '203.0.113.0/99' is no network"));
  request_.trusted.clear();
  request_.abuse_file = file("contacts", "nonsense\n");
  EXPECT_EQ(run(), exit_wrong_use);
  EXPECT_THAT(err_, HasSubstr("contacts: line 1"));
  request_.abuse_file.clear();
  request_.files = {"/nonexistent/mail"};
  EXPECT_EQ(run(), exit_wrong_use);
  EXPECT_THAT(err_, HasSubstr("/nonexistent/mail"));
}

}  // namespace
}  // namespace leumund::apps
