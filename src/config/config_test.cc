#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/listen_address.h"
#include "config/postfix_files.h"

namespace leumund::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Surroundings as_root;

Loaded load(std::string_view text) { return load_text(text, "t.toml", as_root); }

TEST(OptionTable, EveryRowIsCompleteAndUnique) {
  std::set<std::string> names;
  for (const Option& option : option_table()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_FALSE(option.type.empty()) << option.name;
    EXPECT_TRUE(option.sentence.ends_with('.')) << option.name;
    EXPECT_TRUE(option.set && option.get) << option.name;
  }
  EXPECT_EQ(names.size(), option_table().size());
}

TEST(OptionTable, ReferenceTextIsTheCommittedOne) {
  std::ifstream in(LEUMUND_SOURCE_DIR "/docs/reference/options.md");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), options_reference())
      << "write it anew: leumund config show --reference > docs/reference/options.md";
}

TEST(ConfigLoad, WithoutAFileTheEmbeddedDefaultObservesOnLoopback) {
  const Loaded loaded = load_file("/nonexistent/leumund.toml", false, as_root);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_FALSE(loaded.from_file);
  EXPECT_EQ(loaded.settings.run.burst_mode, model::Mode::observe);
  EXPECT_EQ(loaded.settings.start.state_folder, "/var/lib/leumund");
  EXPECT_EQ(loaded.settings.start.suspended_file, "/var/lib/leumund/suspended_senders");
  EXPECT_THAT(loaded.settings.start.policy_listen,
              ElementsAre("inet:127.0.0.1:10040", "unix:/run/leumund/policy"));
}

TEST(ConfigLoad, AFileThatWasNamedMustExist) {
  const Loaded loaded = load_file("/nonexistent/leumund.toml", true, as_root);
  EXPECT_THAT(loaded.problems, ElementsAre("/nonexistent/leumund.toml: No such file or directory"));
}

TEST(ConfigLoad, RefusesAFolderInPlaceOfAFile) {
  EXPECT_THAT(load_file("/", false, as_root).problems, ElementsAre("/: is not a plain file"));
}

TEST(ConfigLoad, ReadsTablesDottedNamesAndUnits) {
  const Loaded loaded = load(R"(
state_folder = "/srv/leumund/"
[detectors.burst]
mode = "enforce"
span = "2h"
level = "hold"
false_alarms = 1e-3
[limits]
ledger = "2GiB"
[measures]
helpdesk = ["Hilfe@C.test"]
[unattended]
until = 2026-12-27T07:00:00+01:00
)");
  ASSERT_THAT(loaded.problems, IsEmpty());
  const RunSettings& run = loaded.settings.run;
  EXPECT_EQ(run.burst_mode, model::Mode::enforce);
  EXPECT_EQ(run.burst_span, std::chrono::seconds(7200));
  EXPECT_EQ(run.burst_level, model::Level::hold);
  EXPECT_DOUBLE_EQ(run.burst_false_alarms, 1e-3);
  EXPECT_THAT(run.helpdesk, ElementsAre("hilfe@c.test"));
  EXPECT_EQ(run.unattended_until, *base::parse_rfc3339("2026-12-27T06:00:00Z"));
  EXPECT_EQ(loaded.settings.start.ledger_bytes, 2ULL << 30);
  EXPECT_EQ(loaded.settings.start.table_folder, "/srv/leumund/tables");
}

TEST(ConfigLoad, ADetectorWithoutAModeOfItsOwnTakesTheDefault) {
  EXPECT_EQ(load("detectors.default_mode = \"enforce\"\n").settings.run.burst_mode,
            model::Mode::enforce);
  EXPECT_EQ(load("detectors.default_mode = \"enforce\"\ndetectors.burst.mode = \"observe\"\n")
                .settings.run.burst_mode,
            model::Mode::observe);
}

TEST(ConfigLoad, ReadsNetworksAndNamesAWrongOne) {
  const Loaded loaded = load("policy.relay_clients = [\"192.0.2.0/24\", \"2001:db8::/32\"]\n");
  ASSERT_THAT(loaded.settings.run.relay_clients, SizeIs(2));
  EXPECT_EQ(loaded.settings.run.relay_clients[0].to_string(), "192.0.2.0/24");
  EXPECT_THAT(load("policy.relay_clients = [\"192.0.2.0/33\"]\n").problems,
              ElementsAre(HasSubstr("'192.0.2.0/33' is no network")));
}

TEST(ConfigLoad, NamesFileLineNameValueAndBounds) {
  const Loaded loaded = load("[detectors.burst]\n\nmode = \"enfroce\"\n[measures]\nthrottle = 0\n");
  EXPECT_THAT(
      loaded.problems,
      ElementsAre("t.toml:3: detectors.burst.mode = \"enfroce\": want observe, enforce or default",
                  "t.toml:5: measures.throttle = 0: want 1 to 10000"));
}

TEST(ConfigLoad, AnUnknownOptionComesWithTheNearestKnownName) {
  EXPECT_THAT(load("[detectors.bursts]\nmode = \"observe\"\n").problems,
              ElementsAre("t.toml:2: unknown option detectors.bursts.mode; did you mean "
                          "detectors.burst.mode?"));
  EXPECT_THAT(load("helpdesk = []\n").problems,
              ElementsAre("t.toml:1: unknown option helpdesk; did you mean measures.helpdesk?"));
  EXPECT_THAT(load("zzzzzzzzzzzzzzzz = 1\n").problems,
              ElementsAre(HasSubstr("`leumund config show` lists all")));
}

TEST(ConfigLoad, TellsASyntaxErrorWithItsLine) {
  EXPECT_THAT(load("a = 1\nb = = 2\n").problems, ElementsAre(HasSubstr("t.toml:2: ")));
}

TEST(ConfigLoad, AWrongTypeSaysWhatWasWanted) {
  EXPECT_THAT(load("policy.listen = \"inet:127.0.0.1:1\"\n").problems,
              ElementsAre(HasSubstr("want a list of texts")));
  EXPECT_THAT(load("limits.ledger = \"1GB\"\n").problems,
              ElementsAre(HasSubstr("want a size from 16MiB to 1TiB")));
  EXPECT_THAT(load("notices.owner = \"yes\"\n").problems,
              ElementsAre(HasSubstr("want true or false")));
  EXPECT_THAT(load("measures.helpdesk = [1]\n").problems,
              ElementsAre(HasSubstr("want list of addresses")));
}

TEST(ConfigLoad, RefusesAnOversizedFile) {
  EXPECT_THAT(load(std::string((1 << 20) + 1, '#')).problems,
              ElementsAre(HasSubstr("over the limit")));
}

TEST(ConfigLoad, RefusesACombinationThatCannotWork) {
  EXPECT_THAT(load("unattended.from = \"2026-12-24T12:00:00Z\"\n").problems,
              ElementsAre(HasSubstr("would never end")));
  EXPECT_THAT(load("api.listen = \"inet:0.0.0.0:10080\"\n").problems,
              ElementsAre(HasSubstr("set api.token_file")));
  EXPECT_THAT(load("control.mode = \"0666\"\n").problems, ElementsAre(HasSubstr("control.mode")));
  EXPECT_THAT(load("notices.admin = \"a@c.test\"\n").problems,
              ElementsAre(HasSubstr("neither notices.smtp nor notices.webhook")));
}

TEST(ConfigLoad, WhereNoPasswordIsKnownNobodyMayReachItUnasked) {
  for (const char* text :
       {"policy.listen = [\"inet:0.0.0.0:10040\"]\n", "milter.listen = [\"inet:[::]:10041\"]\n",
        "reports.listen = [\"inet:203.0.113.1:24\"]\n", "screening.listen = \"inet:0.0.0.0:1\"\n",
        "detour.socketmap = \"inet:203.0.113.1:2\"\n"}) {
    EXPECT_THAT(load(text).problems, ElementsAre(HasSubstr("listen_anywhere"))) << text;
    EXPECT_THAT(load("listen_anywhere = true\n" + std::string(text)).problems, IsEmpty()) << text;
  }
  EXPECT_THAT(
      load("policy.listen = [\"inet:10.0.0.5:1\", \"inet:[fd00::1]:1\", \"unix:/p\"]\n").problems,
      IsEmpty());
}

TEST(ConfigLoad, AListThatStandsTwiceInALineIsToldByName) {
  EXPECT_THAT(load("screening.score_lists = [\"psbl*2\", \"a.example\", \"psbl*3\"]\n").problems,
              ElementsAre(HasSubstr("screening.score_lists names the list psbl twice")));
  EXPECT_THAT(load("screening.block_lists = [\"spamcop\", \"spamcop\"]\n").problems, SizeIs(1));
  EXPECT_THAT(load("screening.block_lists = [\"spamcop\"]\n"
                   "screening.score_lists = [\"spamcop\", \"z.example=127.0.0.2*1\", "
                   "\"z.example=127.0.0.3*2\"]\n")
                  .problems,
              IsEmpty());
}

TEST(PostfixFiles, TheContactInRefusalsStaysReadableWithoutComma) {
  const auto classes = restriction_classes(postfix_files({}), "helpdesk@verein.example, 0123 4567");
  EXPECT_THAT(classes.at(2).second,
              HasSubstr("please contact helpdesk@verein.example / 0123 4567}"));
}

TEST(ConfigLoad, TellsAtMostAHundredProblems) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "zz" + std::to_string(i) + " = 1\n";
  EXPECT_THAT(load(text).problems, SizeIs(100));
}

TEST(ConfigLoad, AUserWithoutRootGetsFoldersOfHisOwn) {
  Surroundings user;
  user.root = false;
  user.xdg_state_home = "/home/u/state";
  user.xdg_runtime_dir = "/run/user/7";
  user.home = "/home/u";
  EXPECT_EQ(default_settings(user).start.state_folder, "/home/u/state/leumund");
  EXPECT_EQ(default_settings(user).start.control_socket, "/run/user/7/leumund/control");
  user.xdg_state_home.clear();
  user.state_directory = "/var/lib/leumund:/other";
  EXPECT_EQ(default_settings(user).start.state_folder, "/var/lib/leumund");
}

TEST(ConfigShow, ChangedShowsOnlyWhatDiffersAndCanBeLoadedAgain) {
  const Loaded loaded = load("detectors.burst.mode = \"enforce\"\nlog.level = \"info\"\n");
  EXPECT_EQ(show_settings(loaded.settings, as_root, true), "detectors.burst.mode = \"enforce\"\n");
  const std::string all = show_settings(loaded.settings, as_root, false);
  const Loaded again = load(all);
  EXPECT_THAT(again.problems, IsEmpty());
  EXPECT_EQ(show_settings(again.settings, as_root, false), all);
}

TEST(ConfigReload, NamesEachDifferenceAndWhetherItNeedsARestart) {
  const Settings running = load("detectors.burst.mode = \"observe\"\n").settings;
  EXPECT_THAT(changed_options(running, running), IsEmpty());
  const Settings wanted = load(
                              "detectors.burst.mode = \"enforce\"\napi.listen = \"\"\n"
                              "notices.webhook = \"https://hook.test/secret\"\n")
                              .settings;
  std::map<std::string, OptionChange> changes;
  for (const OptionChange& change : changed_options(running, wanted)) changes[change.name] = change;
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes.at("detectors.burst.mode").before, "\"observe\"");
  EXPECT_EQ(changes.at("detectors.burst.mode").after, "\"enforce\"");
  EXPECT_TRUE(changes.at("detectors.burst.mode").reloadable);
  EXPECT_FALSE(changes.at("api.listen").reloadable);
  EXPECT_EQ(changes.at("api.listen").after, "\"\"");
  EXPECT_EQ(changes.at("notices.webhook").after, "(hidden)");
}

TEST(ListenAddress, ReadsEveryForm) {
  EXPECT_EQ(parse_listen_address("inet:127.0.0.1:10040")->to_string(), "inet:127.0.0.1:10040");
  EXPECT_EQ(parse_listen_address("[::1]:25")->to_string(), "inet:[::1]:25");
  EXPECT_EQ(parse_listen_address("localhost:25")->to_string(), "inet:127.0.0.1:25");
  EXPECT_EQ(parse_listen_address("unix:/run/p")->to_string(), "unix:/run/p");
  for (const char* bad : {"", "inet:", "inet:127.0.0.1", "inet:127.0.0.1:0", "inet:127.0.0.1:65536",
                          "unix:run/p", "inet:example.org:25", "::1:25", "inet:127.0.0.1:25x"}) {
    EXPECT_FALSE(parse_listen_address(bad)) << bad;
  }
  EXPECT_FALSE(parse_listen_address("unix:/" + std::string(107, 'a')));
}

}  // namespace
}  // namespace leumund::config
