#include <gtest/gtest.h>

#include "model/restriction.h"
#include "model/subject.h"

namespace leumund::model {
namespace {

TEST(Subject, ParsesItsOwnSpelling) {
  const auto script = Subject::parse("script:uid33:/srv/www/site/contact.php");
  ASSERT_TRUE(script);
  EXPECT_EQ(script->kind, SubjectKind::script);
  EXPECT_EQ(script->name, "uid33:/srv/www/site/contact.php");
  EXPECT_EQ(Subject::parse(script->to_string()), script);
}

TEST(Subject, IsAnAccountWithoutAKind) {
  EXPECT_EQ(Subject::parse("a@verein.example")->to_string(), "account:a@verein.example");
  EXPECT_EQ(Subject::parse("accounts:x")->name, "accounts:x");
}

TEST(Subject, AnAccountIsTheSameInAnyCaseAndAScriptIsNot) {
  EXPECT_EQ(Subject::parse("account:Anna@Verein.Example"), Subject::parse("anna@verein.example"));
  EXPECT_NE(Subject::parse("script:uid33:/srv/A"), Subject::parse("script:uid33:/srv/a"));
}

TEST(Subject, RefusesEmptyLongAndControlCharacters) {
  EXPECT_FALSE(Subject::parse(""));
  EXPECT_FALSE(Subject::parse("a\nb"));
  EXPECT_FALSE(Subject::parse(std::string(321, 'x')));
}

TEST(Level, NamesRoundTrip) {
  for (const auto level : {Level::throttle, Level::hold, Level::external_only, Level::no_sending}) {
    EXPECT_EQ(parse_level(level_name(level)), level);
  }
  EXPECT_FALSE(parse_level("ban"));
}

}  // namespace
}  // namespace leumund::model
