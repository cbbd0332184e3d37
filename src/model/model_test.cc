#include <gtest/gtest.h>

#include <algorithm>

#include "model/restriction.h"
#include "model/sender_name.h"
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

TEST(Subject, TheUidHandsInWhatItsScriptsSend) {
  const Subject uid{SubjectKind::script, "uid33"};
  EXPECT_EQ(hands_in(Subject{SubjectKind::script, "uid33:contact.php"}), uid);
  EXPECT_EQ(hands_in(Subject{SubjectKind::script, "uid33:x-site:verein.example"}), uid);
  EXPECT_FALSE(hands_in(uid));
  EXPECT_FALSE(hands_in(Subject{SubjectKind::script, "x-site:verein.example"}));
  EXPECT_FALSE(hands_in(Subject{SubjectKind::account, "uid33:contact.php"}));
}

TEST(SenderName, ABareNameIsAnAccountAndAnAddressGetsItsUsualSpelling) {
  EXPECT_EQ(read_sender("A@B.example")->to_string(), "account:a@b.example");
  EXPECT_EQ(read_sender("anna")->to_string(), "account:anna");
  EXPECT_EQ(read_sender("account:with space@b.example")->name, "with space@b.example");
  EXPECT_EQ(read_sender("anna@b.example:pop3")->name, "anna@b.example:pop3");
  EXPECT_EQ(read_sender("account:10.0.0.1")->name, "10.0.0.1");
  EXPECT_EQ(read_sender("client:2001:DB8:0::7")->to_string(), "client:2001:db8::7");
  for (const char* script : {"uid33", "uid33:/srv/www/x.php", "uid33:contact.php",
                             "uid33:x-site:verein.example", "uid33:a b.php", "x-site:y.example"}) {
    const auto read = read_sender(std::string("script:") + script);
    ASSERT_TRUE(read.ok()) << script;
    EXPECT_EQ(read->name, script);
  }
}

TEST(SenderName, ASlipIsAnErrorThatNamesWhatWasTyped) {
  for (const char* slip :
       {"bogus:foo", "Account:foo", "client:10.0.0.999", "client:mail.example", "10.0.0.1",
        "2001:db8::7", "@b.example", "a@", "script:www-data", "script:uid",
        "script:uid33:", "script:uidx:y", "script:www:x", "account:a\x1b[31m",
        "egress:198.51.100.7", "network:198.51.100.0/24", " a@b.example"}) {
    const auto read = read_sender(slip);
    ASSERT_FALSE(read) << slip;
    EXPECT_EQ(read.error().code, base::ErrorCode::malformed);
    std::string shown(slip);
    std::replace(shown.begin(), shown.end(), '\x1b', '?');
    EXPECT_NE(read.error().message.find("'" + shown + "'"), std::string::npos)
        << read.error().message;
  }
  for (const char* empty : {"", "account:", "client:", "account:   "}) {
    EXPECT_FALSE(read_sender(empty)) << empty;
  }
  EXPECT_FALSE(read_sender(std::string(400, 'x')));
  // What a mail server reports may be odd; it can be asked about and released.
  EXPECT_TRUE(read_subject("account:@b.example"));
  EXPECT_TRUE(read_subject("egress:198.51.100.7"));
  EXPECT_FALSE(read_subject("bogus:foo"));
}

TEST(Level, NamesRoundTrip) {
  for (const auto level : {Level::throttle, Level::hold, Level::external_only, Level::no_sending}) {
    EXPECT_EQ(parse_level(level_name(level)), level);
  }
  EXPECT_FALSE(parse_level("ban"));
}

}  // namespace
}  // namespace leumund::model
