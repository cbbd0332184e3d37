#include "diagnosis/dns_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnosis/list_answer.h"
#include "model/page_about.h"

namespace leumund::diagnosis {
namespace {

using base::IpAddress;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<DnsList>& shipped() {
  static const auto lists = shipped_dns_lists();
  EXPECT_TRUE(lists.ok()) << (lists ? "" : lists.error().message);
  return *lists;
}

const DnsList& list(std::string_view id) {
  for (const DnsList& one : shipped()) {
    if (one.id == id) return one;
  }
  ADD_FAILURE() << id << " is not in the registry";
  return shipped().front();
}

ListAnswer read(const DnsList& from, std::vector<std::string> answers) {
  std::vector<IpAddress> addresses;
  for (const auto& text : answers) addresses.push_back(*IpAddress::parse(text));
  return read_list_answer(from, addresses);
}

DnsList own(std::string_view text) {
  auto made = parse_postscreen_list(text);
  EXPECT_TRUE(made.ok()) << (made ? "" : made.error().message);
  return made ? *made : DnsList();
}

TEST(DnsList, TheShippedRegistryIsReadWholeAndSaysWhoCanMendAnEntry) {
  EXPECT_GT(shipped().size(), 100U);
  const DnsList& zen = list("spamhaus-zen");
  EXPECT_EQ(zen.zone, "zen.spamhaus.org");
  EXPECT_TRUE(zen.of_v4 && zen.of_v6 && !zen.of_domains && zen.by_default);
  EXPECT_EQ(zen.test_listed, "127.0.0.2");
  EXPECT_EQ(zen.mender(), Mender::us);
  EXPECT_EQ(list("uceprotect-3").scope, EntryScope::asn);
  EXPECT_EQ(list("uceprotect-3").mender(), Mender::network_operator);
  EXPECT_TRUE(list("spamhaus-dbl").of_domains);
  EXPECT_FALSE(list("sorbs-dnsbl").by_default) << "it is gone";
}

TEST(DnsList, ACodeMeansWhatTheNarrowestRowOfTheTableSays) {
  const ListAnswer xbl = read(list("spamhaus-zen"), {"127.0.0.4", "127.0.0.9"});
  EXPECT_EQ(xbl.verdict, ListVerdict::listed);
  EXPECT_THAT(xbl.codes, ElementsAre("127.0.0.4", "127.0.0.9"));
  EXPECT_THAT(xbl.meaning, HasSubstr("XBL"));
  EXPECT_THAT(xbl.meaning, HasSubstr("DROP"));
  EXPECT_FALSE(xbl.policy);
  const ListAnswer pbl = read(list("spamhaus-zen"), {"127.0.0.10"});
  EXPECT_EQ(pbl.verdict, ListVerdict::listed);
  EXPECT_TRUE(pbl.policy);
}

TEST(DnsList, BitsAreReadOneByOneAndAnErrorBitSpoilsAll) {
  const DnsList& uribl = list("uribl-multi");
  EXPECT_EQ(read(uribl, {"127.0.0.2"}).verdict, ListVerdict::listed);
  EXPECT_EQ(read(uribl, {"127.0.0.1"}).verdict, ListVerdict::fault);
  EXPECT_EQ(read(uribl, {"127.0.0.3"}).verdict, ListVerdict::fault);
}

TEST(DnsList, AnAnswerAboutTheAskerIsNeverAListing) {
  for (const char* id : {"spamhaus-zen", "psbl", "uceprotect-1"}) {
    for (const char* code : {"127.255.255.252", "127.255.255.254", "127.255.255.255", "203.0.113.9",
                             "2001:db8::1", "10.0.0.2"}) {
      const ListAnswer answer = read(list(id), {code, "127.0.0.2"});
      EXPECT_EQ(answer.verdict, ListVerdict::fault) << id << " " << code;
      EXPECT_THAT(answer.trouble, HasSubstr(code));
    }
  }
  EXPECT_EQ(read(list("psbl"), {"127.0.0.1"}).verdict, ListVerdict::fault);
  const DnsList any = own("bl.example.org");
  EXPECT_EQ(read(any, {"127.0.0.1"}).verdict, ListVerdict::fault);
  EXPECT_EQ(read(any, {"127.255.255.254"}).verdict, ListVerdict::fault);
  EXPECT_EQ(read(any, {"127.0.3.7"}).verdict, ListVerdict::listed);
}

TEST(DnsList, ACodeThatNobodyExplainedIsShownAndConcludesNothing) {
  const ListAnswer answer = read(list("spamhaus-zen"), {"127.0.0.77"});
  EXPECT_EQ(answer.verdict, ListVerdict::unknown);
  EXPECT_THAT(answer.trouble, HasSubstr("127.0.0.77"));
  EXPECT_EQ(read(list("spamhaus-zen"), {}).verdict, ListVerdict::unknown);
}

TEST(DnsList, PostscreensSyntaxIsTakenAsItIs) {
  const DnsList zen = own("zen.spamhaus.org=127.0.0.[2..4;10]*3");
  EXPECT_EQ(zen.zone, "zen.spamhaus.org");
  EXPECT_EQ(zen.weight, 3);
  EXPECT_EQ(read(zen, {"127.0.0.3"}).verdict, ListVerdict::listed);
  EXPECT_EQ(read(zen, {"127.0.0.10"}).verdict, ListVerdict::listed);
  EXPECT_EQ(read(zen, {"127.0.0.9"}).verdict, ListVerdict::unknown);
  EXPECT_EQ(own("BL.example.org*-2").weight, -2);
  EXPECT_EQ(own("BL.example.org").zone, "bl.example.org");
  for (const char* wrong : {"", "bl", "bl.example.org=", "bl.example.org=127.0.0", "a..b",
                            "bl.example.org=127.0.0.[4..2]", "bl.example.org=127.0.0.300",
                            "bl.example.org*", "bl.example.org*x", "bl example.org",
                            "bl.example.org=127.0.0.[2", "bl.example.org=127.0.0.2.3"}) {
    const auto refused = parse_postscreen_list(wrong);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_THAT(refused.error().message, HasSubstr("list '"));
  }
}

TEST(DnsList, AZoneOfOnesOwnIsTriedByRfc5782UnlessItIsSaidToHaveNoPoint) {
  const auto points = test_points(own("bl.example.org=127.0.0.[10..11]*3"), 7);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0].name, "127.0.0.2");
  EXPECT_TRUE(points[0].listed);
  EXPECT_EQ(points[0].otherwise, "test") << "a zone may be one of domains";
  const DnsList bare = own("no-test-point:wl.example.org=127.0.[0..255].[2..3]*-2");
  EXPECT_EQ(bare.zone, "wl.example.org");
  EXPECT_EQ(bare.weight, -2);
  for (const auto& point : test_points(bare, 7)) EXPECT_FALSE(point.listed) << point.name;
}

TEST(DnsList, ListsAreChosenByWordFamilyAndKey) {
  const auto ids = [](const ChosenLists& chosen) {
    std::vector<std::string> out;
    for (const auto& one : chosen.lists) out.push_back(one.id);
    return out;
  };
  const auto choose = [&](std::vector<std::string> words,
                          std::map<std::string, std::string> keys = {}) {
    return choose_lists(words, shipped(), keys);
  };
  EXPECT_GT(choose({"default"}).lists.size(), 20U);
  EXPECT_THAT(choose({"default"}).problems, IsEmpty());
  EXPECT_THAT(ids(choose({"spamcop", "psbl", "spamcop"})), ElementsAre("spamcop", "psbl"));
  EXPECT_THAT(ids(choose({"uceprotect", "-uceprotect-3"})),
              ElementsAre("uceprotect-1", "uceprotect-2"));
  EXPECT_THAT(ids(choose({"bl.example.org=127.0.0.2"})), ElementsAre("bl.example.org"));
  const auto keyless = choose({"spamhaus-dqs-zen", "nonsense"});
  EXPECT_THAT(keyless.problems.size(), 2U);
  for (const DnsList& one : shipped()) {
    if (!one.zone.starts_with("{key}.zen.dq")) continue;
    const auto keyed = choose({one.id}, {{one.id, "abc123"}});
    ASSERT_EQ(keyed.lists.size(), 1U);
    EXPECT_EQ(keyed.lists[0].zone, "abc123.zen.dq.spamhaus.net");
    EXPECT_EQ(choose({one.id}).problems.size(), 1U);
  }
}

TEST(DnsList, TestPointsAndQuestionsAreThoseOfRfc5782) {
  const auto points = test_points(list("psbl"), 7);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[0].name, "127.0.0.2");
  EXPECT_TRUE(points[0].listed);
  EXPECT_EQ(points[1].name, "127.0.0.1");
  EXPECT_NE(control_point(list("psbl"), 1).name, control_point(list("psbl"), 2).name);
  EXPECT_TRUE(control_point(list("spamhaus-dbl"), 7).name.ends_with(".invalid"));
  EXPECT_TRUE(control_point(list("sem-ipv6"), 7).name.starts_with("2001:db8:"));
  EXPECT_EQ(list_question("192.0.2.25", "bl.example.org"), "25.2.0.192.bl.example.org");
  EXPECT_EQ(list_question("example.com", "bl.example.org"), "example.com.bl.example.org");
  const std::string nibbles = list_question("2001:db8::25", "bl.example.org");
  EXPECT_TRUE(nibbles.starts_with("5.2.0.0.")) << nibbles;
  EXPECT_TRUE(nibbles.ends_with("8.b.d.0.1.0.0.2.bl.example.org")) << nibbles;
}

TEST(DnsList, EveryPageThatShipsCanBeAboutAnAddress) {
  for (const auto& shipped : shipped_dns_lists().value()) {
    EXPECT_EQ(model::page_about(shipped.delist_url, "192.0.2.1").find('{'), std::string::npos);
  }
}

TEST(DnsList, ARegistryThatIsWrongIsRefusedByName) {
  for (const char* text :
       {"[[list]]\npolarity = \"block\"\nid = \"x\"\n", "[[list]\n",
        "[[list]]\npolarity = \"block\"\nid = \"x\"\nzone = \"x.y\"\ntypes = [\"ip4\"]\n"
        "codes = [{ a = \"127.0.0.300\", kind = \"listed\" }]\n",
        "[[list]]\npolarity = \"block\"\nid = \"x\"\nzone = \"x.y\"\n"
        "codes = [{ a = \"127.0.0.2\", kind = \"sorted\" }]\n"}) {
    const auto read = read_dns_lists({.name = "own.toml", .text = text});
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_THAT(read.error().message, HasSubstr("own.toml:"));
  }
}

}  // namespace
}  // namespace leumund::diagnosis
