#include "fingerprint/attribution.h"

#include <gtest/gtest.h>

namespace leumund::fingerprint {
namespace {

const base::TimePoint t0 = base::from_unix_seconds(1'700'000'000);
constexpr Attribution::Way here{.from_here = true};

model::Submission local(std::string script) {
  model::Submission mail;
  mail.script = std::move(script);
  mail.client = base::IpAddress::parse("127.0.0.1");
  return mail;
}

MailPrint by_script(std::string script) {
  MailPrint made;
  made.script = std::move(script);
  return made;
}

TEST(Attribution, AHeaderNamesTheScriptBehindAUidButNoOtherUid) {
  Attribution attribution(base::HashKey{});
  model::Submission mail = local("uid33");
  attribution.apply(by_script("uid33:contact.php"), here, t0, mail);
  EXPECT_EQ(mail.script, "uid33:contact.php");
  EXPECT_EQ(mail.handed_in_by, "script:uid33");
  model::Submission forged = local("uid33");
  attribution.apply(by_script("uid0:contact.php"), here, t0, forged);
  EXPECT_EQ(forged.script, "uid33");
  EXPECT_EQ(forged.handed_in_by, "");
  model::Submission site = local("uid33");
  attribution.apply(by_script("x-site:verein.example"), here, t0, site);
  EXPECT_EQ(site.script, "uid33:x-site:verein.example");
}

TEST(Attribution, AHackedSiteCannotSpreadItsMailOverNamesOfItsOwn) {
  Attribution attribution(base::HashKey{});
  const auto named = [&](int n, base::TimePoint now) {
    model::Submission mail = local("uid33");
    attribution.apply(by_script("uid33:" + std::to_string(n) + ".php"), here, now, mail);
    return mail.script != "uid33";
  };
  const int allowed = static_cast<int>(Attribution::names_a_day);
  for (int n = 0; n < allowed; ++n) EXPECT_TRUE(named(n, t0)) << n;
  EXPECT_FALSE(named(allowed, t0)) << "it counts for the uid from here on";
  EXPECT_EQ(attribution.refused(), 1U);
  EXPECT_TRUE(named(3, t0)) << "what is known stays known";
  EXPECT_TRUE(named(allowed, t0 + std::chrono::hours(24)));
}

TEST(Attribution, AForwardCountsForItsRuleAndALoginForItself) {
  MailPrint made;
  made.forwarded = true;
  made.forward_rule = "chor@verein.example";
  Attribution attribution(base::HashKey{});
  model::Submission mail = local("");
  attribution.apply(made, here, t0, mail);
  EXPECT_EQ(mail.account, "chor@verein.example");
  EXPECT_EQ(mail.handed_in_by, "client:127.0.0.1");
  EXPECT_TRUE(mail.forwarded);
  model::Submission login = local("");
  login.account = "a@verein.example";
  attribution.apply(made, here, t0, login);
  EXPECT_EQ(login.account, "a@verein.example");
  EXPECT_FALSE(login.forwarded);
  model::Submission outside = local("");
  outside.client = base::IpAddress::parse("198.51.100.7");
  attribution.apply(made, Attribution::Way{}, t0, outside);
  EXPECT_EQ(outside.account, "") << "somebody else's forward that comes to us";
}

TEST(Attribution, AForwarderThatTheOperatorNamesMayHaveManyRules) {
  Attribution attribution(base::HashKey{});
  for (const bool forwarder : {false, true}) {
    int believed = 0;
    for (int i = 0; i < 1000; ++i) {
      MailPrint made;
      made.forwarded = true;
      made.forward_rule = std::to_string(i) + "@verein.example";
      model::Submission mail = local(forwarder ? "uid5000" : "uid5001");
      attribution.apply(made, {.from_here = true, .forwarder = forwarder}, t0, mail);
      believed += mail.forwarded ? 1 : 0;
    }
    EXPECT_EQ(believed, forwarder ? 1000 : static_cast<int>(Attribution::names_a_day));
  }
}

TEST(Attribution, ManySourcesFillItAndTheNextDayBeginsAnew) {
  Attribution attribution(base::HashKey{});
  const auto named = [&](std::size_t source, base::TimePoint now) {
    model::Submission mail = local("uid" + std::to_string(source));
    const std::string known = mail.script;
    attribution.apply(by_script(known + ":x.php"), here, now, mail);
    return mail.script != known;
  };
  for (std::size_t i = 0; i < Attribution::sources_max; ++i) ASSERT_TRUE(named(i, t0)) << i;
  EXPECT_FALSE(named(Attribution::sources_max, t0)) << "it counts for its uid";
  EXPECT_TRUE(named(0, t0)) << "what is known stays known";
  EXPECT_TRUE(named(Attribution::sources_max, t0 + std::chrono::hours(24)));
}

}  // namespace
}  // namespace leumund::fingerprint
