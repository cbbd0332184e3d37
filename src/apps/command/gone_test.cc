// What the command says at night: of a daemon that is dead or hangs, and of scores that are noise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "apps/command/json.h"
#include "apps/command/sheet.h"
#include "apps/command/show.h"
#include "apps/command/verbs.h"

namespace leumund::apps {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A socket that nobody listens at, as a killed daemon leaves one behind.
class DeadSocket {
 public:
  DeadSocket() : path(::testing::TempDir() + "leumund_dead_" + std::to_string(::getpid())) {
    std::filesystem::remove(path);
    const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    bound = ::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(left);
  }
  DeadSocket(const DeadSocket&) = delete;
  DeadSocket& operator=(const DeadSocket&) = delete;
  ~DeadSocket() { std::filesystem::remove(path); }

  std::string path;
  bool bound = false;
};

TEST(LeumundGone, TheSocketOfAKilledDaemonIsTakenForADeadDaemon) {
  const DeadSocket socket;
  ASSERT_TRUE(socket.bound);
  Request request;
  request.verb = "status";
  request.socket = socket.path;
  Sheet english;
  EXPECT_EQ(ask_daemon(request, english.terminal), exit_unreachable);
  EXPECT_THAT(english.text(), HasSubstr(socket.path + ": the connection is refused\n"));
  EXPECT_THAT(english.text(), HasSubstr("Is it running?"));
  EXPECT_THAT(english.text(), Not(HasSubstr("no reply from")));
  Sheet german(Language::de);
  EXPECT_EQ(ask_daemon(request, german.terminal), exit_unreachable);
  EXPECT_THAT(german.text(), HasSubstr("die Verbindung wird abgelehnt\n"));
}

TEST(LeumundGone, OfADaemonThatHangsItSaysThatTheOrderMayStillBeDone) {
  const DeadSocket socket;
  const base::Error late{base::ErrorCode::timed_out,
                         "no reply from unix:" + socket.path + ": it was silent for 30 s"};
  Sheet english;
  EXPECT_EQ(tell_unreachable({}, socket.path, late, english.terminal), exit_unreachable);
  EXPECT_THAT(english.text(), HasSubstr("it was silent for 30 s\n"));
  EXPECT_THAT(english.text(), HasSubstr("look before you repeat it"));
  EXPECT_THAT(english.text(), Not(HasSubstr("Is it running?")));
  Sheet german(Language::de);
  EXPECT_EQ(tell_unreachable({}, socket.path, late, german.terminal), exit_unreachable);
  EXPECT_THAT(german.text(), HasSubstr("seit 30 s kommt nichts von ihm\n"));
}

TEST(LeumundDecisions, APersonsOrderNamesThePerson) {
  const Sheet sheet;
  const auto line = [&](const char* body) {
    return decision_line(sheet.terminal, JsonValue::parse(body));
  };
  EXPECT_THAT(line(R"({"decision":"released","number":3,"subject":"account:a","at":60,
                       "by":"admin root"})"),
              HasSubstr("#3 account:a released (by root)"));
  EXPECT_THAT(line(R"({"decision":"released","number":4,"subject":"account:a","at":60,
                       "by":"file"})"),
              HasSubstr("released (by file)"));
  EXPECT_THAT(line(R"({"decision":"restricted","number":5,"subject":"account:a","at":60,
                       "by":"burst","level":"no_sending","reason":"burst: much"})"),
              Not(HasSubstr("(by")));
}

TEST(LeumundStatus, ScoresOfHonestDaysAreNotShown) {
  Sheet sheet;
  EXPECT_TRUE(show_status(sheet.terminal, R"({"watched":[{"subject":"account:a","score":1.5},
    {"subject":"account:b","score":0.9}]})"));
  EXPECT_THAT(sheet.text(), HasSubstr("Highest scores:\n  account:a"));
  EXPECT_THAT(sheet.text(), Not(HasSubstr("account:b")));
  Sheet quiet;
  EXPECT_TRUE(show_status(quiet.terminal, R"({"watched":[{"subject":"account:b","score":0.9}]})"));
  EXPECT_THAT(quiet.text(), Not(HasSubstr("Highest scores")));
}

TEST(LeumundStatus, WhatObserveModeWouldDoStandsBesideWhatIsDone) {
  Sheet sheet;
  EXPECT_TRUE(show_status(sheet.terminal, R"({"restrictions_total":0,"would_restrict_total":2,
    "would_restrict":[{"subject":"campaign:7f3a09c2d1e4","level":"hold","reason":"campaign: x",
      "by":"campaign","since":0,"until":null},
     {"subject":"account:a","level":"no_sending","reason":"burst: y","by":"burst","since":0,
      "until":null}]})"));
  EXPECT_THAT(sheet.text(), HasSubstr("Nobody is restricted.\nWould be restricted, if it acted (2, "
                                      "within a day):\n  campaign:7f3a09c2d1e4"));
  EXPECT_THAT(sheet.text(), HasSubstr("account:a"));
}

}  // namespace
}  // namespace leumund::apps
