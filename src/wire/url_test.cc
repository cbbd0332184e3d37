#include "wire/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/text_links.h"
#include "wire/zip_listing.h"

namespace leumund::wire {
namespace {

std::string host(std::string_view link) { return view_link(link).value_or(LinkView{}).host; }
std::string domain(std::string_view link) { return view_link(link).value_or(LinkView{}).domain; }
std::string pattern(std::string_view link) { return view_link(link).value_or(LinkView{}).pattern; }

TEST(Url, DomainsEndAtThePublicSuffix) {
  EXPECT_EQ(domain("http://a.b.spam.co.uk/x"), "spam.co.uk");
  EXPECT_EQ(domain("https://www.Spam.EXAMPLE."), "spam.example");
  EXPECT_EQ(domain("http://mine.github.io/"), "mine.github.io");
}

TEST(Url, HostsInDisguiseAreTheSame) {
  EXPECT_EQ(host("http://good.example@spam.example:8080/x"), "spam.example");
  EXPECT_EQ(host("http:\\\\spam.example\\x"), "");
  EXPECT_EQ(host("http://%73pam.example/"), "spam.example");
  EXPECT_EQ(host("//spam.example/x"), "spam.example");
  EXPECT_EQ(host("spam.example/x?y:z"), "spam.example");
  EXPECT_EQ(host("http://3221225985/x"), "192.0.2.1");
  EXPECT_EQ(host("http://0xC0.0x00.0x02.0x01/x"), "192.0.2.1");
  EXPECT_EQ(host("http://0300.0.01001"), "192.0.2.1");
  EXPECT_EQ(host("http://b\xC3\xBC"
                 "cher.example/"),
            host("http://xn--bcher-kva.example/"));
}

TEST(Url, WhatLeadsNowhereIsNoLink) {
  for (const char* link : {"mailto:a@b.example", "tel:+49301234567", "cid:part1@x", "#top", "",
                           "javascript:alert(1)", "http://", "/local/path", "http://localhost/"}) {
    EXPECT_EQ(view_link(link), std::nullopt) << link;
  }
}

TEST(Url, KnownRedirectorsAreUnwrapped) {
  EXPECT_EQ(host("https://www.google.com/url?sa=t&q=http%3A%2F%2Fspam.example%2Fx&ved=1"),
            "spam.example");
  EXPECT_EQ(host("https://google.co.uk/url?q=https://spam.example"), "spam.example");
  EXPECT_EQ(host("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fspam.example%2F"
                 "&data=x"),
            "spam.example");
  EXPECT_EQ(host("https://urldefense.proofpoint.com/v2/url?u=https-3A__spam.example_x&d=1"),
            "spam.example");
  EXPECT_EQ(host("https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttp%253A"
                 "%252F%252Fspam.example"),
            "spam.example");
  EXPECT_EQ(host("https://other.example/url?q=https://spam.example"), "other.example");
}

TEST(Url, OfShortenersOnlyTheCodeIsKnown) {
  const auto link = view_link("https://bit.ly/3xYz");
  ASSERT_TRUE(link);
  EXPECT_TRUE(link->redirector);
  EXPECT_EQ(link->page, "bit.ly/3xYz");
  const std::vector<std::string> own = {"s.verein.example"};
  EXPECT_TRUE(view_link("http://s.verein.example/1", own)->redirector);
}

TEST(Url, PatternsLeaveOutWhatVaries) {
  EXPECT_EQ(pattern("http://spam.example/offer/12345/a8f3c1d2.html?id=77&e=x&utm_source=n"),
            "spam.example/w/#/*.html?id?e");
  EXPECT_EQ(pattern("http://spam.example/deals/99/ff00aa31.html?id=1&e=y"),
            "spam.example/w/#/*.html?id?e");
  EXPECT_EQ(pattern("http://spam.example/?kq81jx"), "spam.example?*");
  EXPECT_NE(pattern("http://spam.example/x.php"), pattern("http://spam.example/x.html"));
}

TEST(TextLinks, LinksOfEveryKindAreFound) {
  TextLinks found;
  find_text_links(
      "See <http://a.example/x>, (www.b.com) or c.com/offer! Also d.org, e.g. README.md and 3.5 "
      "file.zip. Visit hxxps://f.example.",
      found);
  EXPECT_THAT(found.links, testing::ElementsAre("http://a.example/x", "www.b.com", "c.com/offer",
                                                "d.org", "hxxps://f.example"));
}

TEST(TextLinks, WaysToAnswerAreFound) {
  TextLinks found;
  find_text_links(
      "Write to Barrister.X@Mail.example, call +44 (20) 7946-0958 or 0044 20 79460958,\n"
      "send to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa or 0x52908400098527886E0F7030069857D2E4169EE7.\n"
      "Order 12345, 21.11.2026 10:30",
      found);
  EXPECT_THAT(found.contacts,
              testing::ElementsAre("barrister.x@mail.example", "tel:079460958",
                                   "coin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                                   "coin:0x52908400098527886E0F7030069857D2E4169EE7"));
}

TEST(TextLinks, AThousandLinksAreCut) {
  TextLinks found;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "http://x" + std::to_string(i) + ".example/ ";
  find_text_links(text, found);
  EXPECT_EQ(found.links.size(), TextLinkLimits{}.links);
}

TEST(ZipListing, WithoutDirectoryTheLocalHeadersCount) {
  const std::string local(
      "PK\x03\x04\x14\0\x01\0\0\0\0\0\0\0\x04\x03\x02\x01\x03\0\0\0\x09\0\0\0"
      "\x05\0\0\0a.txtxyz",
      38);
  const auto members = read_zip_listing(local + local, "", 10);
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[1].name, "a.txt");
  EXPECT_EQ(members[0].checksum, 0x01020304U);
  EXPECT_EQ(members[0].size, 9U);
  EXPECT_TRUE(members[0].encrypted);
  EXPECT_EQ(read_zip_listing(local + local, "", 1).size(), 1U);
  EXPECT_TRUE(read_zip_listing("PK\x03\x04", "PK\x05\x06", 10).empty());
}

}  // namespace
}  // namespace leumund::wire
