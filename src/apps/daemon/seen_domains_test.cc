#include "apps/daemon/seen_domains.h"

#include <gtest/gtest.h>

namespace leumund::apps {
namespace {

model::MailEvent mail(model::Source source, const char* envelope, const char* from = nullptr) {
  model::Submission mail;
  mail.source = source;
  mail.account = "a@example.org";
  mail.envelope_sender = envelope;
  if (from != nullptr) mail.headers.emplace_back("FROM", from);
  return {{}, {}, std::move(mail)};
}

TEST(SeenDomains, TheAddressInFromTellsTheDomain) {
  EXPECT_EQ(from_domain("Jo <jo@Example.org>"), "example.org");
  EXPECT_EQ(from_domain("\"b@c.test\" <jo@example.org>"), "example.org");
  EXPECT_EQ(from_domain("jo@mail.example.org"), "mail.example.org");
  EXPECT_EQ(from_domain("jo@localhost"), "");
  EXPECT_EQ(from_domain("<a@b.example, c@d.example>"), "");
  EXPECT_EQ(from_domain(""), "");
}

TEST(SeenDomains, MailIsCountedOnceAndByTheSourceThatKnowsMost) {
  SeenDomains seen;
  seen.see(mail(model::Source::log, "a@example.org"));
  seen.see(mail(model::Source::milter, "a@example.org", "A <a@example.org>"));
  seen.see(mail(model::Source::log, "a@example.org"));
  seen.see(mail(model::Source::milter, "bounce@sender.example", "A <a@shop.example.org>"));
  seen.see(mail(model::Source::milter, "a@mail.example.org", "A <a@shop.example.org>"));
  const auto all = seen.most(10, 1);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].domain, "example.org");
  EXPECT_EQ(all[0].mails, 2U) << "of the log only what came before the milter spoke";
  EXPECT_EQ(all[1].domain, "shop.example.org");
  EXPECT_EQ(all[1].unaligned, 1U) << "a subdomain of the same house is aligned";
  EXPECT_EQ(seen.most(1, 1).size(), 1U);
  EXPECT_TRUE(seen.most(10, 3).empty());
}

TEST(SeenDomains, WhatIsNoMailOfAnAccountIsNotCounted) {
  SeenDomains seen;
  auto forwarded = mail(model::Source::log, "a@example.net");
  std::get<model::Submission>(forwarded.what).forwarded = true;
  seen.see(forwarded);
  auto nobody = mail(model::Source::log, "a@example.net");
  std::get<model::Submission>(nobody.what).account = "";
  seen.see(nobody);
  auto early = mail(model::Source::log, "a@example.net");
  std::get<model::Submission>(early.what).stage = model::SubmissionStage::recipient;
  seen.see(early);
  EXPECT_TRUE(seen.most(10, 1).empty());
}

TEST(SeenDomains, AFloodOfDomainsLeavesNobodyOutForGood) {
  SeenDomains seen;
  for (int i = 0; i < 2000; ++i) {
    seen.see(mail(model::Source::log, ("a@d" + std::to_string(i) + ".example").c_str()));
  }
  for (int i = 0; i < 20; ++i) seen.see(mail(model::Source::log, "a@late.example"));
  EXPECT_TRUE(seen.most(10, 10).empty());
  seen.forget_rare();
  for (int i = 0; i < 20; ++i) seen.see(mail(model::Source::log, "a@late.example"));
  ASSERT_EQ(seen.most(10, 10).size(), 1U);
  EXPECT_EQ(seen.most(10, 10).front().domain, "late.example");
}

}  // namespace
}  // namespace leumund::apps
