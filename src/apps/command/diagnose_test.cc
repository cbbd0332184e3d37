// The verb diagnose on the files and options people give it.
#include "apps/command/diagnose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace leumund::apps {
namespace {

// What is asked of one file, or of none.
Request ask(bool json, const std::string& file, bool replies = false) {
  Request request;
  request.verb = "diagnose";
  request.json = json;
  request.replies = replies;
  if (!file.empty()) request.files = {file};
  return request;
}

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* spamcop =
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.spamcop.net";

class Diagnosing : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("leumund-diagnose-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // Runs the verb; out_ and err_ hold what it said.
  int run(const Request& request, Language language = Language::en) {
    std::FILE* out = std::tmpfile();
    std::FILE* err = std::tmpfile();
    Terminal terminal(out, err, language);
    const int status = run_diagnose(request, terminal);
    out_ = read_back(out);
    err_ = read_back(err);
    return status;
  }
  nlohmann::json first_object() { return nlohmann::json::parse(out_.substr(0, out_.find('\n'))); }

  static std::string read_back(std::FILE* file) {
    std::rewind(file);
    std::string text;
    std::array<char, 4096> chunk{};
    while (const auto got = std::fread(chunk.data(), 1, chunk.size(), file)) {
      text.append(chunk.data(), got);
    }
    std::fclose(file);
    return text;
  }

  static std::string sample(const std::string& name) {
    return std::string(LEUMUND_SOURCE_DIR) + "/tests/corpus/delivery_report/" + name + ".eml";
  }

  std::filesystem::path folder_;
  std::string out_, err_;
};

TEST_F(Diagnosing, OneObjectPerRecipientOfAReport) {
  EXPECT_EQ(run(ask(true, sample("postfix_blocklist"))), exit_done);
  const auto object = first_object();
  EXPECT_EQ(object["recipient"], "erika@ziel.example");
  EXPECT_EQ(object["action"], "failed");
  EXPECT_EQ(object["kind"], "ip-blocklist-public");
  EXPECT_EQ(object["lists"], nlohmann::json::array({"spamcop"}));
  EXPECT_EQ(object["listed_address"], "192.0.2.7");
  EXPECT_EQ(object["remote"].is_null(), false);
  EXPECT_EQ(object["original"]["queue_id"], "4Xk2Lm1qzz");
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 2);
}

TEST_F(Diagnosing, TellsWhomWeWroteToWhereTheReportNamesAnother) {
  const std::string name = file("forwarded.eml",
                                "From: MAILER-DAEMON@isp.example\nSubject: failure\n"
                                "Content-Type: multipart/report; report-type=delivery-status; "
                                "boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
                                "Reporting-MTA: dns; isp.example\n\nAction: failed\nStatus: 5.2.2\n"
                                "Original-Recipient: rfc822; anna@isp.example\n"
                                "Final-Recipient: rfc822; anna@store7.isp.example\n\n--x--\n");
  EXPECT_EQ(run(ask(true, name)), exit_done);
  EXPECT_EQ(first_object()["recipient"], "anna@store7.isp.example");
  EXPECT_EQ(first_object()["original_recipient"], "anna@isp.example");
}

TEST_F(Diagnosing, LinesOfALogAreReadOneByOneAndOnlyRefusalsOfOurMail) {
  const std::string times = "delay=1, delays=0.1/0/0.5/0.4, ";
  const std::string log =
      "Nov 23 06:00:01 mx postfix/smtp[7]: 4F3B21A0C7: to=<a@b.example>, "
      "relay=mx.b.example[198.51.100.7]:25, " +
      times +
      "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4ABCD)\n"
      "Nov 23 06:00:02 mx postfix/qmgr[5]: 4F3B21A0C7: removed\n"
      "Nov 23 06:00:03 mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from bad.example[203.0.113.200]: "
      "554 5.7.1 Service unavailable; Client host [203.0.113.200] blocked using zen.spamhaus.org; "
      "from=<s@bad.example> to=<a@firm.example> proto=ESMTP helo=<bad.example>\n"
      "Nov 23 06:00:04 mx postfix/smtp[7]: 4F3B21A0C8: to=<x@c.example>, relay=none, " +
      times +
      "dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for "
      "name=c.example type=MX: Host not found)\n"
      "Nov 23 06:00:05 mx postfix/smtp[7]: 4F3B21A0C9: to=<y@d.example>, "
      "relay=mx.d.example[198.51.100.8]:25, " +
      times +
      "dsn=5.1.1, status=bounced (host mx.d.example[198.51.100.8] said: 550 5.1.1 user unknown)\n";
  EXPECT_EQ(run(ask(true, file("mail.log", log))), exit_done);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 2) << out_;
  EXPECT_EQ(first_object()["status"], "5.4.4");
  EXPECT_EQ(first_object()["permanent"], true);
  EXPECT_EQ(run(ask(true, file("own.log", log.substr(0, log.find("Nov 23 06:00:04"))))),
            exit_negative);
}

TEST_F(Diagnosing, SeveralRepliesAreNotOneAndLinesOfOneAreNotSeveral) {
  EXPECT_EQ(run(ask(true, file("two", "554 5.7.1 blocked\n550 5.1.1 user unknown\n"))), exit_done);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 2) << out_;
  EXPECT_EQ(run(ask(true, file("one", "554-5.7.1 blocked\n554 5.7.1 for spam\n"))), exit_done);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 1) << out_;
}

TEST_F(Diagnosing, ABinaryFileHoldsNoRefusalAndAMissingOneHidesNoOther) {
  EXPECT_EQ(run(ask(true, file("program", std::string("\x7f"
                                                      "ELF\0\1\2 refused",
                                                      15)))),
            exit_negative);
  Request request = ask(true, "/nowhere/at/all");
  request.files.push_back(file("reply", "550 5.1.1 user unknown\n"));
  EXPECT_EQ(run(request), exit_wrong_use);
  EXPECT_THAT(out_, HasSubstr("unknown-user"));
}

TEST_F(Diagnosing, WhatCameBackForGoodIsNotTriedAgainByItself) {
  EXPECT_EQ(run(ask(false, file("reply", "552 5.2.2 mailbox full\n"))), exit_done);
  EXPECT_THAT(out_, HasSubstr("has come back"));
  EXPECT_EQ(run(ask(false, file("reply", "452 4.2.2 mailbox full\n"))), exit_done);
  EXPECT_THAT(out_, HasSubstr("tried again by itself"));
}

TEST_F(Diagnosing, EachLineIsAReplyWhenSaidSo) {
  const std::string name = file("replies", std::string(spamcop) + "\r\n\n550 5.1.1 user unknown\n");
  EXPECT_EQ(run(ask(true, name, true)), exit_done);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 2);
  EXPECT_EQ(first_object()["zone"], "bl.spamcop.net");
  EXPECT_TRUE(first_object()["recipient"].is_null());
}

TEST_F(Diagnosing, ABareReplyOfSeveralLinesIsOne) {
  const std::string name =
      file("reply", "550-5.7.1 Client host rejected:\r\n550 5.7.1 listed at bl.spamcop.net\r\n");
  EXPECT_EQ(run(ask(true, name)), exit_done);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 1);
  EXPECT_EQ(first_object()["lists"], nlohmann::json::array({"spamcop"}));
}

TEST_F(Diagnosing, PeopleReadTheirLanguageAndNoEscapeReachesTheTerminal) {
  const std::string name = file("reply", std::string(spamcop) + " \x1b[31m red");
  EXPECT_EQ(run(ask(false, name)), exit_done);
  EXPECT_THAT(out_, HasSubstr("because it says"));
  EXPECT_THAT(out_, Not(HasSubstr("\x1b")));
  EXPECT_EQ(run(ask(false, name), Language::de), exit_done);
  EXPECT_THAT(out_, HasSubstr("weil dort steht"));
  EXPECT_THAT(out_, HasSubstr("endgültig"));
}

TEST_F(Diagnosing, AServerWithoutANameIsCapitalOnlyAtTheBeginning) {
  EXPECT_EQ(run(ask(false, file("unknown", "550 5.1.1 User unknown\n"))), exit_done);
  EXPECT_THAT(out_, HasSubstr("no such mailbox at the recipient's mail server:"));
  EXPECT_EQ(run(ask(false, file("reply", spamcop))), exit_done);
  EXPECT_THAT(out_, HasSubstr("  The recipient's mail server refused"));
}

TEST_F(Diagnosing, WhatTheCallerKnowsMakesTheAnswerSurer) {
  const std::string name = file("reply", "550 5.7.1 [192.0.2.1] and [198.51.100.2] refused\n");
  Request request = ask(true, name);
  request.ours = {"198.51.100.2"};
  request.stage = "greeting";
  EXPECT_EQ(run(request), exit_done);
  EXPECT_EQ(first_object()["listed_address"], "198.51.100.2");
  request.ours = {"not an address"};
  EXPECT_EQ(run(request), exit_wrong_use);
  EXPECT_THAT(out_, HasSubstr("--ours 'not an address'"));
  request.ours = {};
  request.provider = "nobody-knows";
  EXPECT_EQ(run(request), exit_wrong_use);
  EXPECT_THAT(out_, HasSubstr("nobody-knows"));
}

TEST_F(Diagnosing, NoReportIsTheNegativeAnswerAndNoFileIsWrongUse) {
  EXPECT_EQ(run(ask(true, sample("ordinary_about_bounces"))), exit_negative);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(run(ask(true, file("empty", "\n\n"))), exit_negative);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(run(ask(false, file("empty", "\n\n"))), exit_negative);
  EXPECT_THAT(err_, HasSubstr("nothing to diagnose"));
  EXPECT_EQ(run(ask(false, "/nowhere/x.eml")), exit_wrong_use);
  EXPECT_THAT(err_, HasSubstr("/nowhere/x.eml"));
  Request request = ask(false, "");
  request.registry = "/nowhere/own.toml";
  EXPECT_EQ(run(request), exit_wrong_use);
  EXPECT_THAT(err_, HasSubstr("/nowhere/own.toml"));
}

TEST_F(Diagnosing, OwnPatternsAreTakenAndWrongOnesNamed) {
  const std::string reply = file("reply", "550 kennt hier keiner\n");
  const std::string own = file("own.toml",
                               "[[concept]]\nid = \"unknown-user\"\n"
                               "words = [{ re = 'kennt hier keiner', "
                               "sample = \"550 kennt hier keiner\" }]\n");
  Request request = ask(true, reply);
  request.registry = own;
  EXPECT_EQ(run(request), exit_done) << err_;
  EXPECT_EQ(first_object()["kind"], "unknown-user");
  request.registry = file("bad.toml", "[[concept]]\nid = 7\n");
  EXPECT_EQ(run(request), exit_wrong_use);
  EXPECT_THAT(out_, HasSubstr("bad.toml"));
}

}  // namespace
}  // namespace leumund::apps
