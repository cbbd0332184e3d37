#include "action/suspended_text.h"

#include <gtest/gtest.h>

namespace leumund::action {
namespace {

using model::Level;
using model::Subject;
using model::SubjectKind;

Subject account(std::string name) { return {SubjectKind::account, std::move(name)}; }

TEST(SuspendedText, TakesANameAloneForNoSending) {
  const auto parsed = parse_suspended("a@verein.example\n");
  ASSERT_EQ(parsed.entries.size(), 1u);
  const auto& entry = parsed.entries.at(account("a@verein.example"));
  EXPECT_EQ(entry.level, Level::no_sending);
  EXPECT_FALSE(entry.until);
  EXPECT_EQ(parsed.problems, 0u);
}

TEST(SuspendedText, ReadsLevelEndAndReasonInAnyOrder) {
  const auto parsed = parse_suspended(
      "  A@Verein.example\tuntil=2026-12-01T08:00:00+01:00   external_only # spam; see ticket 5\r\n"
      "script:uid33:/srv/www/x.php hold#5\n"
      "script:uid33 hold # x\n");
  const auto& entry = parsed.entries.at(account("a@verein.example"));
  EXPECT_EQ(entry.level, Level::external_only);
  EXPECT_EQ(base::format_rfc3339(*entry.until), "2026-12-01T07:00:00Z");
  EXPECT_EQ(entry.reason, "spam; see ticket 5");
  EXPECT_TRUE(parsed.entries.contains({SubjectKind::script, "uid33"}));
  EXPECT_EQ(parsed.problems, 1u);  // hold#5
}

TEST(SuspendedText, LeavesAloneWhatALineWithATypoNames) {
  const auto parsed =
      parse_suspended("# c\n\na@v.example no-sending\nb@v.example until=tomorrow\n");
  EXPECT_TRUE(parsed.entries.empty());
  EXPECT_EQ(parsed.problems, 2u);
  EXPECT_EQ(parsed.problem_lines.at(account("a@v.example")), 3u);
  EXPECT_EQ(parsed.first_problem, "line 3: \"no-sending\" is neither a level nor until=TIME");
}

TEST(SuspendedText, DoesNotReadBadBytesOrEndlessLines) {
  using std::string_literals::operator""s;
  for (const auto& bad : {"a\0b@v.example\n"s, "a\x80@v.example\n"s, "\xff\xfe\n"s, "a\x1b[0m\n"s,
                          std::string(5000, 'a') + "\n", "\xc3\n"s, "\"a@v.example\n"s}) {
    const auto parsed = parse_suspended(bad);
    EXPECT_TRUE(parsed.entries.empty()) << bad;
    EXPECT_EQ(parsed.problems, 1u) << bad;
  }
  EXPECT_EQ(parse_suspended("m\xc3\xbcller@v.example\n").entries.size(), 1u);
}

// As the log has them: a form sends Latin-1.
TEST(SuspendedText, ANameThatIsNoTextIsWrittenAndReadBack) {
  const Subject muller = account("m\xfcller @v.example");
  const auto line = suspended_line(muller, {.until = {},
                                            .reason = "gr\xfc\xdf"
                                                      "e"});
  EXPECT_EQ(line, R"("m\xfcller @v.example" no_sending # gr??e)");
  const auto parsed = parse_suspended(line);
  ASSERT_EQ(parsed.problems, 0u) << parsed.first_problem;
  EXPECT_TRUE(parsed.entries.contains(muller));
  EXPECT_EQ(rewrite_suspended(line, parsed.entries, 7),
            rewrite_suspended(rewrite_suspended(line, parsed.entries, 7), parsed.entries, 7));

  const auto old = parse_suspended("\"m\xfcller @v.example\" no_sending # spam\n");
  EXPECT_EQ(old.problems, 1u);
  EXPECT_EQ(old.nameless_problems, 1u);
  // What we once wrote ourselves is put right; what a person wrote stays.
  const std::string mended = rewrite_suspended(
      "\"m\xfcller @v.example\" no_sending # spam\nx\xfc hold\n", parsed.entries, 7);
  EXPECT_EQ(parse_suspended(mended).entries.size(), 1u);
  EXPECT_EQ(parse_suspended(mended).problems, 1u) << mended;
  const auto told = parse_suspended(
      "a@v.example # gr\xfc\xdf"
      "e\n# f\xfcr Notizen\n");
  EXPECT_EQ(told.problems, 2u);
  EXPECT_EQ(told.nameless_problems, 0u) << "one names somebody, a comment nobody";
  EXPECT_TRUE(told.problem_lines.contains(account("a@v.example")));
  EXPECT_TRUE(parse_suspended(R"("a\x4g \\x41b")").entries.contains(account(R"(ax4g \x41b)")));
}

TEST(SuspendedText, TheHardestOfTwoLinesCounts) {
  const auto parsed =
      parse_suspended("a@v.example hold\nA@v.example no_sending\na@v.example throttle");
  EXPECT_EQ(parsed.entries.at(account("a@v.example")).level, Level::no_sending);
  EXPECT_FALSE(parsed.ends_with_newline);
}

TEST(SuspendedText, LinesWrittenAreReadBack) {
  const SuspendedEntry entry{.level = Level::hold,
                             .until = base::TimePoint(std::chrono::seconds(1'800'000'000)),
                             .reason = "burst: # 31 of 33"};
  for (const auto& subject :
       {account("a@v.example"), account("with space"), account("script:uid33"), account("script:"),
        account("#x"), account("q\"uo\\te"),
        Subject{SubjectKind::script, "uid33:/srv/my site/x.php"},
        Subject{SubjectKind::client_address, "192.0.2.1"}}) {
    const auto line = suspended_line(subject, entry);
    const auto parsed = parse_suspended(line);
    ASSERT_TRUE(parsed.entries.contains(subject)) << line << " " << parsed.first_problem;
    EXPECT_TRUE(parsed.entries.at(subject).same_measure(entry)) << line;
    EXPECT_EQ(parsed.entries.at(subject).reason, entry.reason) << line;
  }
}

TEST(SuspendedText, RewritingKeepsCommentsUnknownLinesAndUntouchedEntries) {
  const std::string text =
      "# ours, do not sort\n"
      "\n"
      "a@v.example   # keep my spacing\n"
      "??? what is this\n"
      "b@v.example hold # milder\n"
      "gone@v.example\n";
  const auto out = rewrite_suspended(
      text,
      {{account("a@v.example"), {}},
       {account("b@v.example"), {.level = Level::no_sending, .until = {}, .reason = "worse"}},
       {account("new@v.example"), {.level = Level::hold, .until = {}, .reason = ""}}},
      17);
  EXPECT_EQ(out,
            "# leumund: as of decision 17\n"
            "# ours, do not sort\n"
            "\n"
            "a@v.example   # keep my spacing\n"
            "??? what is this\n"
            "b@v.example no_sending # worse\n"
            "new@v.example hold\n");
  EXPECT_EQ(parse_suspended(out).as_of, 17u);
  EXPECT_EQ(rewrite_suspended(out, {}, 18),
            "# leumund: as of decision 18\n# ours, do not sort\n\n??? what is this\n");
}

TEST(SuspendedText, ANewFileExplainsItself) {
  const auto out = rewrite_suspended("", {}, 0);
  EXPECT_TRUE(out.starts_with("# Suspended senders, one a line"));
  EXPECT_FALSE(parse_suspended(out).blank);
  EXPECT_EQ(rewrite_suspended(out, {}, 0), out);
}

}  // namespace
}  // namespace leumund::action
