// The command leumund: its words, its options, what it prints, and its exit statuses against a
// server over a real Unix socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "apps/command/json.h"
#include "apps/command/sheet.h"
#include "apps/command/show.h"
#include "apps/command/verbs.h"
#include "config/load.h"
#include "face/api_service.h"
#include "face/fake_control.h"
#include "net/http_server.h"

namespace leumund::apps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

ParsedRequest parse(std::vector<const char*> words, const Sheet& out, const Sheet& err) {
  words.insert(words.begin(), "leumund");
  return parse_request(static_cast<int>(words.size()), words.data(), out.file(), err.file());
}

TEST(LeumundWords, TheLanguageFollowsTheOptionThenTheEnvironment) {
  ::setenv("LC_ALL", "", 1);
  ::unsetenv("LC_MESSAGES");
  ::setenv("LANG", "de_DE.UTF-8", 1);
  EXPECT_EQ(choose_language(""), Language::de);
  EXPECT_EQ(choose_language("en"), Language::en);
  ::setenv("LANG", "den_XX.UTF-8", 1);  // Slavey
  EXPECT_EQ(choose_language(""), Language::en);
  ::setenv("LC_ALL", "C.UTF-8", 1);
  EXPECT_EQ(choose_language(""), Language::en);
}

TEST(LeumundRequest, ReadsEveryVerb) {
  const Sheet out, err;
  const auto release = parse({"release", "a@c.test", "--done", "password=hans", "--done",
                              "sessions=hans", "--done", "forwards=x", "--mail", "delete"},
                             out, err);
  ASSERT_TRUE(release.request) << err.text();
  EXPECT_THAT(release.request->done, ElementsAre("password=hans", "sessions=hans", "forwards=x"));
  EXPECT_EQ(release.request->mail, "delete");
  const auto json = parse({"--socket", "/s", "explain", "a", "--json"}, out, err);
  EXPECT_TRUE(json.request->json);
  EXPECT_EQ(json.request->socket, "/s");
  EXPECT_EQ(parse({"status", "--socket", "/t"}, out, err).request->socket, "/t");
  EXPECT_EQ(parse({"config", "check", "/f"}, out, err).request->verb, "config check");
  EXPECT_EQ(parse({"connect", "postfix", "--config-dir", "/a", "--config-dir", "/b"}, out, err)
                .request->config_folders.size(),
            2U);
  const auto connect = parse({"connect", "--config-dir", "/etc/postfix", "postfix"}, out, err);
  ASSERT_TRUE(connect.request) << "an option takes one value: " << err.text();
  EXPECT_EQ(connect.request->file, "postfix");
  const auto trace = parse({"trace", "--trust", "127.0.0.1", "spam.eml"}, out, err);
  ASSERT_TRUE(trace.request) << err.text();
  EXPECT_THAT(trace.request->trusted, ElementsAre("127.0.0.1"));
  EXPECT_THAT(trace.request->files, ElementsAre("spam.eml"));
  EXPECT_EQ(parse({"queue", "a", "--delete"}, out, err).request->queue_work, "delete");
  const auto replay =
      parse({"--lang", "de", "--json", "replay", "--observe", "--campaigns", "a", "b"}, out, err);
  ASSERT_TRUE(replay.request) << err.text();
  EXPECT_THAT(replay.request->replay_files, ElementsAre("a", "b"));
  EXPECT_TRUE(replay.request->json && replay.request->replay_observe &&
              replay.request->replay_campaigns);
  EXPECT_TRUE(works_alone(*replay.request));
}

TEST(LeumundRequest, AWrongWordIsToldWithTheNearestRightOne) {
  const auto told = [](const std::vector<const char*>& words) {
    const Sheet out, err;
    EXPECT_EQ(parse(words, out, err).status, exit_wrong_use);
    return out.text() + err.text();
  };
  EXPECT_EQ(told({"sttaus"}), "leumund: there is no verb 'sttaus'; did you mean 'status'?\n");
  EXPECT_EQ(told({"--lang", "de", "relaese", "a@b.example"}),
            "leumund: das Verb 'relaese' gibt es nicht; war 'release' gemeint?\n");
  EXPECT_EQ(told({"config", "chekc"}),
            "leumund: there is no verb 'chekc'; did you mean 'check'?\n");
  EXPECT_EQ(told({"xyzzy\x1b"}), "leumund: there is no verb 'xyzzy?'; leumund --help lists them\n");
  EXPECT_EQ(told({"suspend", "a", "--reason", "x", "--lvel"}),
            "leumund: '--lvel' is not known here; did you mean '--level'?\n");
  EXPECT_EQ(told({}), "leumund: say what to do: a verb is missing; leumund --help lists them\n");
  EXPECT_EQ(told({"suspend", "a"}),
            "leumund: --reason is required; leumund suspend --help tells more\n");
  EXPECT_EQ(told({"--lang=de", "suspend", "a"}),
            "leumund: --reason fehlt; mehr sagt leumund suspend --help\n");
}

TEST(LeumundRequest, AWrongCommandLineIsOneObjectForMachines) {
  const Sheet out, err;
  EXPECT_EQ(parse({"--lang", "de", "sttaus", "--json"}, out, err).status, exit_wrong_use);
  EXPECT_EQ(
      out.text(),
      "{\"error\":{\"code\":\"wrong_use\",\"message\":\"there is no verb 'sttaus'; did you mean "
      "'status'?\"}}\n");
  EXPECT_EQ(err.text(), "");
}

TEST(LeumundRequest, HelpIsInThePersonsLanguageAndKnowsTheVerbHelp) {
  const Sheet en, de, err;
  EXPECT_EQ(parse({"help", "suspend"}, en, err).status, exit_done);
  EXPECT_THAT(en.text(), HasSubstr("Usage: leumund suspend [OPTIONS] SUBJECT --reason TEXT\n"));
  EXPECT_EQ(parse({"--lang", "de", "suspend", "--help"}, de, err).status, exit_done);
  EXPECT_THAT(de.text(), HasSubstr("Aufruf: leumund suspend [OPTIONEN] SUBJECT --reason TEXT\n"));
  EXPECT_THAT(de.text(), HasSubstr("Warum; andere werden fragen"));
  EXPECT_THAT(de.text(), Not(HasSubstr("Print")));
}

TEST(LeumundRequest, AWrongCommandLineIsStatusTwoAndHelpIsNone) {
  for (const std::vector<const char*>& words : std::vector<std::vector<const char*>>{
           {},
           {"nothing"},
           {"explain"},
           {"suspend", "a"},
           {"suspend", "a", "--reason", "x", "--level", "y"},
           {"queue", "a", "--release", "--delete"},
           {"connect", "exim"},
           {"undo", "x"},
           {"unattended", "--off", "--until", "3d"},
           {"announce", "a", "--recipients", "0", "--until", "3d"}}) {
    const Sheet out, err;
    const auto parsed = parse(words, out, err);
    EXPECT_FALSE(parsed.request);
    EXPECT_EQ(parsed.status, exit_wrong_use);
    EXPECT_THAT(err.text(), Not(IsEmpty()));
  }
  const Sheet out, err;
  EXPECT_EQ(parse({"--help"}, out, err).status, exit_done);
  EXPECT_EQ(parse({"--version"}, out, err).status, exit_done);
  EXPECT_THAT(out.text(), HasSubstr("leumund " + std::string(LEUMUND_VERSION)));
}

TEST(LeumundManual, NamesEveryVerbAndOption) {
  std::ifstream in(LEUMUND_SOURCE_DIR "/packaging/man/leumund.1");
  std::stringstream text;
  text << in.rdbuf();
  std::string manual = text.str();
  for (auto at = manual.find("\\-"); at != std::string::npos; at = manual.find("\\-", at))
    manual.erase(at, 1);
  for (const std::string& word : documented_words())
    EXPECT_NE(manual.find(word), std::string::npos) << word;
}

TEST(LeumundTerminal, NoControlCharacterReachesTheTerminal) {
  EXPECT_EQ(safe("a\x1b[31m\n\x7f"), "a?[31m??");
  EXPECT_EQ(safe("\xc2\x9b"
                 "31m\xc3\xa4"),
            "?31m\xc3\xa4");
}

TEST(LeumundTerminal, CutsByCharactersNotBytes) {
  EXPECT_EQ(cut("äöüß", 4), "äöüß");
  EXPECT_EQ(cut("äöüßx", 4), "ä...");
  EXPECT_EQ(cut("abc", 0), "...");
}

TEST(LeumundTerminal, TimesAreReadAsPeopleTypeThem) {
  ::setenv("TZ", "CET-1", 1);
  ::tzset();
  const auto now = *base::parse_rfc3339("2026-11-21T18:00:00Z");  // 19:00 local
  const auto when = [&](std::string_view text) {
    return base::format_rfc3339(*parse_when(text, now));
  };
  EXPECT_EQ(when("2026-12-24T12:00:00+01:00"), "2026-12-24T11:00:00Z");
  EXPECT_EQ(when("2026-12-24"), "2026-12-23T23:00:00Z");
  EXPECT_EQ(when("2026-12-24 18:30"), "2026-12-24T17:30:00Z");
  EXPECT_EQ(when("20:00"), "2026-11-21T19:00:00Z");
  EXPECT_EQ(when("19:00"), "2026-11-22T18:00:00Z");
  EXPECT_EQ(when("3d"), "2026-11-24T18:00:00Z");
  for (const char* bad : {"", "tomorrow", "2026-02-31", "2026-12-24 25:00", "24:61", "3 days"}) {
    EXPECT_FALSE(parse_when(bad, now)) << bad;
  }
  ::unsetenv("TZ");
  ::tzset();
}

TEST(LeumundShow, AStrangeAnswerEndsNothing) {
  const Sheet out, err;
  Terminal terminal(out.file(), err.file(), Language::en);
  for (const char* body : {"", "[]", "null", "{", "17"}) {
    EXPECT_FALSE(show_status(terminal, body)) << body;
    EXPECT_FALSE(show_subject(terminal, body)) << body;
    EXPECT_EQ(event_line(terminal, body), "") << body;
  }
  EXPECT_TRUE(
      show_status(terminal, R"({"parts":17,"restrictions":{"a":1},"now":"x","watched":null})"));
  EXPECT_TRUE(show_subject(terminal,
                           R"({"known":true,"terms":[1,{"events":{}}],"habits":[1],"until":-1})"));
}

TEST(LeumundShow, ASuspendedAccountIsExplainedWithTheWayOut) {
  const Sheet out, err;
  Terminal terminal(out.file(), err.file(), Language::de);
  EXPECT_TRUE(
      show_subject(terminal, R"({"subject":"account:a's@c.test","known":true,"standing":"suspended",
    "score":14.1,"threshold":9,
    "terms":[{"name":"new_recipient","value":9.7,"text":"31 of 33 new",
      "events":["m1"]}],
    "restriction":{"level":"no_sending",
      "reason":"burst: 31 of 33 recipients never written to","by":"burst","since":0,"until":null},
    "attempts":{"recipients":5,"last_at":60},"queued":["4XyZ"],"checklist":["password"]})"));
  const std::string text = out.text();
  EXPECT_THAT(text, HasSubstr("account:a's@c.test: als Absender gesperrt"));
  EXPECT_THAT(text, HasSubstr("+9,70 31 of 33 new [m1]"));
  EXPECT_THAT(text,
              HasSubstr("plötzlicher Schwall: 31 von 33 Empfängern nie zuvor angeschrieben\n"));
  EXPECT_THAT(text, Not(HasSubstr("burst")));
  EXPECT_THAT(text, HasSubstr("Seitdem versucht: 5 Empfänger"));
  EXPECT_THAT(text, HasSubstr("leumund release 'account:a'\\''s@c.test' --done password=WHO"));
}

TEST(LeumundShow, ARestrictedAccountShowsWhatItWasStoppedForAndWhatIsLeftOfIt) {
  const Sheet out, err;
  Terminal terminal(out.file(), err.file(), Language::en);
  EXPECT_TRUE(show_subject(terminal, R"({"subject":"account:a","known":true,"standing":"suspended",
    "score":2.5,"threshold":9,"terms":[{"name":"volume","value":2.5,"text":"little"}],
    "habits":{"days_with_mail":"12","first_seen":"2026-11-01T08:00:00Z","a_new_one":"x"},
    "restriction":{"level":"no_sending","reason":"burst: much","by":"burst","since":0,"until":null},
    "decisions":[{"decision":"restricted","number":4,"score":14.1,"at":60,"by":"burst",
      "reason":"burst: much","level":"no_sending","subject":"account:a",
      "terms":[{"name":"volume","value":14.1,"text":"much"}]}]})"));
  const std::string text = out.text();
  EXPECT_THAT(text, HasSubstr("Score 14.10 at the decision of"));
  EXPECT_THAT(text, HasSubstr("; now: 2.50"));
  EXPECT_THAT(text, HasSubstr(" +14.10 much"));
  EXPECT_THAT(text, Not(HasSubstr("little")));
  EXPECT_THAT(text, HasSubstr("until released, sudden burst\n"));
  EXPECT_THAT(text, Not(HasSubstr("burst: burst")));
  EXPECT_THAT(text, HasSubstr("days with mail"));
  EXPECT_THAT(text, HasSubstr("a new one"));
  EXPECT_THAT(text, Not(HasSubstr("_with_")));
  EXPECT_THAT(text, Not(HasSubstr("T08:00:00Z")));
}

TEST(LeumundShow, AChangedRestrictionSaysWhatStoodBefore) {
  const Sheet out, err;
  Terminal terminal(out.file(), err.file(), Language::en);
  EXPECT_TRUE(show_decision(terminal, R"({"decision":"restricted","number":2,"subject":"account:a",
    "level":"hold","until":null,"reason":"x","by":"admin root",
    "before":{"level":"no_sending","until":null,"by":"admin hans"},
    "also":[{"decision":"exemption_ended","number":1,"subject":"account:a"}],
    "trouble":"its queued mail is not held: /x (the queue helper) is not there"})"));
  EXPECT_THAT(out.text(), HasSubstr("account:a no longer exempt\n"));
  EXPECT_THAT(out.text(), HasSubstr("account:a was restricted before (no sending, until released, "
                                    "by hans); now: held for review, until released\n"));
  EXPECT_EQ(err.text(),
            "leumund: not all is done: its queued mail is not held: /x (the queue "
            "helper) is not there\n");
}

TEST(LeumundShow, ColumnsAreAsWideAsTheirWidestCell) {
  const Sheet out, err;
  Terminal terminal(out.file(), err.file(), Language::en);
  show_rows(terminal, {{{"ä"}, {"1"}}, {{"bcd"}, {"2"}}});
  EXPECT_EQ(out.text(), "  ä    1\n  bcd  2\n");
}

struct LeumundAsk : ::testing::Test {
  std::string folder = ::testing::TempDir() + "leumund_ask_" + std::to_string(::getpid());
  face::FakeControl control;
  face::StreamRing ring;
  face::Api api{control, [] { return std::string(); }, {}};
  std::unique_ptr<net::HttpServer> server;
  std::string printed;
  std::string complained;

  void SetUp() override {
    std::filesystem::create_directories(folder);
    net::HttpOptions options;
    options.listen = net::Endpoint::unix_socket(folder + "/control");
    auto opened = net::HttpServer::open(
        std::move(options),
        face::http_routes(api, ring, face::Door::unix_socket, [] { return base::system_now(); }));
    ASSERT_TRUE(opened) << opened.error().message;
    server = std::move(*opened);
  }
  void TearDown() override {
    server.reset();
    std::filesystem::remove_all(folder);
  }
  int run(std::vector<const char*> words) {
    const Sheet out, err;
    const std::string socket = folder + "/control";
    words.insert(words.begin(), {"--socket", socket.c_str()});
    const auto parsed = parse(words, out, err);
    if (!parsed.request) {
      printed = out.text();
      complained = err.text();
      return parsed.status;
    }
    Terminal terminal(out.file(), err.file(), Language::en);
    const int status = ask_daemon(*parsed.request, terminal);
    printed = out.text();
    complained = err.text();
    return status;
  }
};

TEST_F(LeumundAsk, OrdersReachTheDaemonAsTyped) {
  EXPECT_EQ(run({"suspend", "a@c.test", "--level", "hold", "--for", "2h", "--reason", "too much"}),
            exit_done);
  EXPECT_THAT(printed, HasSubstr("account:a@c.test restricted"));
  EXPECT_EQ(run({"release", "a@c.test", "--done", "password=hans", "--mail", "release"}),
            exit_done);
  EXPECT_EQ(run({"exempt", "script:uid33"}), exit_done);
  EXPECT_EQ(run({"undo", "7"}), exit_done);
  EXPECT_EQ(run({"unattended", "--off"}), exit_done);
  EXPECT_EQ(run({"queue", "a@c.test", "--delete"}), exit_done);
  EXPECT_EQ(run({"config", "reload"}), exit_done);
  EXPECT_THAT(control.asked,
              ElementsAre(StartsWith("suspend account:a@c.test hold 7200 too much by admin "),
                          "explain account:a@c.test",
                          "release account:a@c.test password=hans mail 1", "exempt script:uid33",
                          "undo 7", "unattended off", "queue delete account:a@c.test", "reload"));
}

TEST_F(LeumundAsk, TheExitStatusTellsNoFromWrongFromGone) {
  EXPECT_EQ(run({"explain", "nobody@c.test"}), exit_negative);
  control.error = base::Error{base::ErrorCode::refused, "password is not done"};
  EXPECT_EQ(run({"release", "a"}), exit_negative);
  EXPECT_THAT(complained, HasSubstr("leumund: password is not done"));
  control.error = base::Error{base::ErrorCode::unavailable, "the store is gone"};
  EXPECT_EQ(run({"status"}), exit_unreachable);
  control.error.reset();
  EXPECT_EQ(run({"release", "a", "--done", "password"}), exit_wrong_use);
  EXPECT_EQ(run({"suspend", "a", "--for", "soon", "--reason", "x"}), exit_wrong_use);
  EXPECT_EQ(run({"announce", "a", "--recipients", "5", "--until", "someday"}), exit_wrong_use);
  EXPECT_THAT(complained, HasSubstr("--until: 'someday' is no time"));
  server.reset();
  EXPECT_EQ(run({"status"}), exit_unreachable);
  EXPECT_THAT(complained, HasSubstr("systemctl status leumundd"));
  EXPECT_EQ(run({"status", "--json"}), exit_unreachable);
  EXPECT_THAT(printed, HasSubstr("\"code\":\"unreachable\""));
}

TEST_F(LeumundAsk, AnOrderThatLeftSomethingUndoneIsNotDone) {
  control.trouble = "its held mail stays: the queue helper is away";
  EXPECT_EQ(run({"undo", "7"}), exit_negative);
  EXPECT_THAT(printed, HasSubstr("account:a released"));
  EXPECT_THAT(complained, HasSubstr("not all is done: its held mail stays"));
  EXPECT_EQ(run({"release", "a", "--mail", "release", "--json"}), exit_negative);
  EXPECT_THAT(printed, HasSubstr("\"trouble\":\"its held mail stays: the queue helper is away\""));
  EXPECT_EQ(run({"suspend", "a", "--reason", "x"}), exit_negative);
}

TEST_F(LeumundAsk, ASenselessSubjectIsTurnedAwayBeforeTheDaemonIsAsked) {
  for (const char* subject : {"bogus:foo", "client:10.0.0.999", "", "a\nb", "egress:192.0.2.1"}) {
    EXPECT_EQ(run({"suspend", subject, "--reason", "x"}), exit_wrong_use) << subject;
    EXPECT_THAT(complained, StartsWith("leumund: ")) << subject;
  }
  EXPECT_EQ(run({"explain", "bogus:foo"}), exit_wrong_use);
  EXPECT_THAT(complained, HasSubstr("'bogus:foo': 'bogus' is no kind of subject"));
  EXPECT_THAT(control.asked, IsEmpty());
}

TEST_F(LeumundAsk, EveryErrorIsOneWholeObjectForMachines) {
  const auto error = [this](std::vector<const char*> words) {
    words.push_back("--json");
    run(std::move(words));
    EXPECT_EQ(complained, "");
    EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 1) << printed;
    const JsonValue answer = JsonValue::parse(printed);
    return answer.at("error").at("code").text() + ": " + answer.at("error").at("message").text();
  };
  EXPECT_THAT(error({"suspend", "bogus:foo", "--reason", "x"}),
              StartsWith("wrong_use: 'bogus:foo'"));
  EXPECT_THAT(error({"suspend", "a", "--for", "soon", "--reason", "x"}),
              StartsWith("wrong_use: --for soon"));
  EXPECT_THAT(error({"announce", "a", "--recipients", "5", "--until", "someday"}),
              StartsWith("wrong_use: --until: 'someday'"));
  EXPECT_THAT(error({"release", "a", "--done", "password"}), StartsWith("wrong_use: --done"));
  EXPECT_THAT(error({"nothing"}), StartsWith("wrong_use: there is no verb"));
  control.error = base::Error{base::ErrorCode::refused, std::string(3000, 'x') + " and its end"};
  EXPECT_THAT(error({"release", "a"}), ::testing::EndsWith(" and its end"));
  control.error = base::Error{base::ErrorCode::unavailable, "the store is gone"};
  EXPECT_EQ(error({"status"}), "unavailable: the store is gone");
  server.reset();
  EXPECT_THAT(error({"status"}), ::testing::AllOf(StartsWith("unreachable: leumundd does not"),
                                                  HasSubstr("systemctl status leumundd")));
}

TEST_F(LeumundAsk, JsonIsOneObjectALine) {
  EXPECT_EQ(run({"status", "--json"}), exit_negative) << "the store is ill";
  EXPECT_THAT(printed, StartsWith("{\"version\":\"0.1.0\""));
  EXPECT_EQ(run({"events", "--json", "--since", "6"}), exit_done);
  EXPECT_THAT(printed, StartsWith("{\"decision\":\"ended\",\"number\":7,"));
  EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 1);
}

TEST_F(LeumundAsk, EventsShowsTheNewestHoweverManyThereAre) {
  for (const std::uint64_t count : {0ULL, 1ULL, 2ULL, 3ULL, 20ULL, 21ULL, 64ULL, 100'003ULL}) {
    control.decisions_made = count;
    EXPECT_EQ(run({"events", "--limit", "3", "--json"}), exit_done);
    EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'),
              static_cast<std::int64_t>(std::min<std::uint64_t>(3, count)));
    if (count > 0) {
      EXPECT_THAT(printed, HasSubstr("\"number\":" + std::to_string(count) + ","));
    }
  }
}

TEST_F(LeumundAsk, EventsShowsTheNewestBehindNumbersThatACrashSkipped) {
  control.decisions_made = 2300;
  control.last_number = 2395;
  EXPECT_EQ(run({"events", "--limit", "3", "--json"}), exit_done);
  EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 3);
  EXPECT_THAT(printed, HasSubstr("\"number\":2300,"));
  control.decisions_made = 1;
  control.last_number = 5000;
  EXPECT_EQ(run({"events"}), exit_done);
  EXPECT_THAT(printed, HasSubstr(" #1 "));
  EXPECT_THAT(printed, Not(HasSubstr("No decisions")));
}

TEST_F(LeumundAsk, FollowingTellsEachDecisionOnceAndEndsWithTheDaemon) {
  control.decisions_made = 2;
  std::thread life([this] {
    while (!ring.followed()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ring.publish("decision", R"({"decision":"ended","number":2,"subject":"account:a","at":1})");
    ring.publish("decision", R"({"decision":"ended","number":3,"subject":"account:b","at":1})");
    ring.publish("event", R"({"type":"login","account":"c@c.test","at":1})");
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    server->stop();
  });
  EXPECT_EQ(run({"events", "--follow"}), exit_unreachable);
  life.join();
  EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 4);
  EXPECT_THAT(printed, HasSubstr("#3 account:b: restriction ended"));
  EXPECT_THAT(printed, HasSubstr("login c@c.test"));
}

TEST_F(LeumundAsk, WatchWithoutATerminalPrintsLinesWithoutEscapes) {
  EXPECT_EQ(run({"watch", "--count", "2", "--interval", "0.2"}), exit_done);
  EXPECT_THAT(printed, HasSubstr("Leumund 0.1.0, observing"));
  EXPECT_THAT(printed, Not(HasSubstr("restriction ended")));
  EXPECT_THAT(printed, Not(HasSubstr("\x1b")));
}

TEST(LeumundAlone, ConfigCheckTellsEveryProblemAndStatusTwo) {
  const std::string file = ::testing::TempDir() + "leumund_check.toml";
  std::ofstream(file) << "detectors.burst.mode = \"x\"\nnonsense = 1\n";
  const Sheet out, err;
  Terminal terminal(out.file(), err.file(), Language::en);
  Request request;
  request.verb = "config check";
  request.file = file;
  EXPECT_EQ(work_alone(request, terminal), exit_wrong_use);
  EXPECT_THAT(out.text(), HasSubstr(file + ":1: detectors.burst.mode"));
  EXPECT_THAT(out.text(), HasSubstr(file + ":2: unknown option nonsense"));
  std::ofstream(file) << "detectors.burst.mode = \"enforce\"\n";
  EXPECT_EQ(work_alone(request, terminal), exit_done);
  request.verb = "config show";
  request.config = file;
  request.changed = true;
  request.json = true;
  EXPECT_EQ(work_alone(request, terminal), exit_done);
  EXPECT_THAT(out.text(), HasSubstr("{\"detectors.burst.mode\":\"enforce\"}\n"));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace leumund::apps
