#include "fingerprint/mail_class.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::fingerprint {
namespace {

using model::MailClass;
using model::MailSign;

ClassRules rules(std::vector<std::string> lines) { return ClassRules::parse(lines).value(); }

std::string error_of(const std::string& line) {
  const std::vector<std::string> lines = {line};
  const auto parsed = ClassRules::parse(lines);
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(MailClass, TheFirstRuleThatHoldsDecides) {
  const ClassRules two =
      rules({"# ours", "", "ticket subject:*[t#*", "invoice subject:*rechnung*"});
  EXPECT_EQ(two.class_of({.subject = "[T#5] Rechnung"}), MailClass::ticket);
  EXPECT_EQ(two.class_of({.subject = "Ihre RECHNUNG 7"}), MailClass::invoice);
  EXPECT_EQ(two.class_of({.subject = "hello"}), MailClass::personal);
}

TEST(MailClass, AllConditionsMustHold) {
  const ClassRules one = rules({"booking script:*/cms/* sender:kurse@* -subject:*storno*"});
  EXPECT_EQ(one.class_of({.subject = "Kurs", .sender = "kurse@x", .script = "uid3:/srv/cms/a"}),
            MailClass::booking);
  EXPECT_EQ(one.class_of({.subject = "Storno", .sender = "kurse@x", .script = "uid3:/srv/cms/a"}),
            MailClass::personal);
  EXPECT_EQ(one.class_of({.subject = "Kurs", .sender = "a@x", .script = "uid3:/srv/cms/a"}),
            MailClass::personal);
}

TEST(MailClass, HeadersAndRecipientsAndSignsAreConditions) {
  const ClassRules some = rules({"ticket header:X-Queue=support*", "bulk recipient:*@all.example",
                                 "booking sign:calendar", "invoice subject:\"order no*\""});
  const std::vector<std::pair<std::string, std::string>> headers = {{"x-queue", "Support 2"}};
  EXPECT_EQ(some.class_of({.headers = headers}), MailClass::ticket);
  const std::vector<std::string> recipients = {"a@b.example", "x@All.example"};
  EXPECT_EQ(some.class_of({.recipients = recipients}), MailClass::bulk);
  EXPECT_EQ(some.class_of({.signs = 1U << static_cast<unsigned>(MailSign::calendar)}),
            MailClass::booking);
  EXPECT_EQ(some.class_of({.subject = "Order no 7"}), MailClass::invoice);
}

TEST(MailClass, ForwardedMailIsForwardWhateverTheRulesSay) {
  EXPECT_EQ(rules({"invoice subject:*"}).class_of({.subject = "x", .forwarded = true}),
            MailClass::forward);
}

TEST(MailClass, WithoutARuleTheHeadersDecide) {
  const ClassRules none;
  EXPECT_EQ(none.class_of({.signs = 1U << static_cast<unsigned>(MailSign::unsubscribe)}),
            MailClass::bulk);
  EXPECT_EQ(none.class_of({.signs = 1U << static_cast<unsigned>(MailSign::auto_submitted)}),
            MailClass::automatic);
}

TEST(MailClass, DefaultsKnowGermanAndEnglish) {
  const ClassRules defaults = ClassRules::defaults();
  EXPECT_EQ(defaults.class_of({.subject = "Ihre Rechnung Nr. 5"}), MailClass::invoice);
  EXPECT_EQ(defaults.class_of({.subject = "Re: Ihre Rechnung Nr. 5"}), MailClass::personal);
  EXPECT_EQ(defaults.class_of({.subject = "Anmeldebest\xC3\xA4tigung"}), MailClass::booking);
  EXPECT_EQ(defaults.class_of({.subject = "Booking confirmed"}), MailClass::booking);
}

TEST(MailClass, WrongRulesAreNamed) {
  EXPECT_THAT(error_of("spam subject:*x*"), testing::HasSubstr("no class"));
  EXPECT_THAT(error_of("bulk"), testing::HasSubstr("no condition"));
  EXPECT_THAT(error_of("bulk color:red"), testing::HasSubstr("color:red"));
  EXPECT_THAT(error_of("bulk sign:happy"), testing::HasSubstr("sign:happy"));
  EXPECT_THAT(error_of("bulk subject"), testing::HasSubstr("\":\""));
  EXPECT_THAT(error_of("bulk subject:"), testing::HasSubstr("no pattern"));
  EXPECT_THAT(error_of("bulk subject:" + std::string(300, 'x')), testing::HasSubstr("200 bytes"));
  std::string many = "bulk";
  for (int i = 0; i < 9; ++i) many += " subject:x";
  EXPECT_THAT(error_of(many), testing::HasSubstr("over 8"));
  EXPECT_FALSE(ClassRules::parse(std::vector<std::string>(201, "bulk subject:x")).ok());
}

TEST(MailClass, GlobsMatch) {
  EXPECT_TRUE(matches_glob("a*c", "abc"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(matches_glob("a*c", "abd"));
  EXPECT_FALSE(matches_glob("", "a"));
  EXPECT_FALSE(matches_glob(std::string("*a*a*a*a*a*a*b"), std::string(5'000, 'a')));
}

}  // namespace
}  // namespace leumund::fingerprint
