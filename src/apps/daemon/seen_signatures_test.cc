#include "apps/daemon/seen_signatures.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace leumund::apps {
namespace {

using namespace std::chrono_literals;
const base::TimePoint noon = base::parse_rfc3339("2026-11-21T12:00:00Z").value();

std::string signature(const std::string& domain, const std::string& selector = "s1") {
  return "v=1; a=rsa-sha256; d=" + domain + "; s=" + selector +
         ";\r\n\tt=1; bh=aGVsbG8=; h=From:To; b=AAAA";
}

model::MailEvent mail(const char* from, std::initializer_list<std::string> signatures) {
  model::Submission mail;
  mail.source = model::Source::milter;
  mail.account = "a@example.org";
  for (const auto& one : signatures) mail.headers.emplace_back("DKIM-Signature", one);
  mail.headers.emplace_back("From", from);
  return {{}, {}, std::move(mail)};
}

TEST(SeenSignatures, AreCountedByWhoseTheyAre) {
  SeenSignatures seen;
  const auto see = [&](std::initializer_list<std::string> signatures) {
    seen.see(mail("Jo <jo@mail.example.org>", signatures), noon);
  };
  see({signature("mail.example.org")});
  see({signature("elsewhere.example"), signature("Example.org", "s2")});
  see({signature("elsewhere.example")});
  see({"d=mail.example.org; half of one"});
  see({});
  const auto found = seen.of("mail.example.org");
  EXPECT_EQ(found.passed.mails, 5U);
  EXPECT_EQ(found.passed.same, 1U);
  EXPECT_EQ(found.passed.aligned, 2U);
  EXPECT_EQ(found.passed.foreign, 2U);
  EXPECT_EQ(found.passed.selectors.at({"s2", "example.org"}), 1U);
  EXPECT_EQ(found.returned.mails, 0U);
  EXPECT_EQ(seen.of("example.org").passed.mails, 0U);
}

TEST(SeenSignatures, OnlyMailOfAccountsAndWholeHeadersCount) {
  SeenSignatures seen;
  auto nobody = mail("jo@example.org", {});
  std::get<model::Submission>(nobody.what).account = "";
  auto logged = mail("jo@example.org", {});
  std::get<model::Submission>(logged.what).source = model::Source::log;
  auto forwarded = mail("jo@example.org", {});
  std::get<model::Submission>(forwarded.what).forwarded = true;
  for (const auto& one : {nobody, logged, forwarded}) seen.see(one, noon);
  EXPECT_EQ(seen.of("example.org").passed.mails, 0U);

  wire::OriginalMessage back;
  back.from = "jo@example.org";
  seen.see_returned(back, noon);
  EXPECT_EQ(seen.of("example.org").returned.mails, 0U) << "nothing but a From came back";
  back.received.push_back({"mx.example.org", "4Abc"});
  back.signatures = {signature("example.org")};
  seen.see_returned(back, noon);
  EXPECT_EQ(seen.of("example.org").returned.aligned, 1U);
}

TEST(SeenSignatures, ADayLaterTheyFadeAndTheirNumberIsBounded) {
  SeenSignatures seen;
  seen.see(mail("jo@example.org", {}), noon);
  seen.see(mail("jo@example.org", {}), noon + 25h);
  EXPECT_EQ(seen.of("example.org").passed.mails, 2U);
  seen.see(mail("jo@example.org", {}), noon + 50h);
  EXPECT_EQ(seen.of("example.org").passed.mails, 2U) << "the first is forgotten";
  seen.see(mail("jo@example.org", {}), noon + 200h);
  EXPECT_EQ(seen.of("example.org").passed.mails, 1U);
  for (int i = 0; i < 3000; ++i) {
    seen.see(mail(("x@d" + std::to_string(i) + ".example").c_str(), {}), noon + 200h);
    seen.see(mail("jo@example.org", {signature("example.org", "s" + std::to_string(i))}),
             noon + 200h);
  }
  EXPECT_EQ(seen.of("d2999.example").passed.mails, 0U);
  EXPECT_EQ(seen.of("example.org").passed.selectors.size(), 8U);
}

}  // namespace
}  // namespace leumund::apps
