#include "diagnosis/screening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::diagnosis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const base::IpAddress client = *base::IpAddress::parse("40.107.21.79");

struct World {
  ScreenRules rules;
  std::vector<ScreenSaid> said;

  void add(ScreenRole role, const std::string& word) {
    ChosenScreen chosen;
    const std::vector<std::string> words = {word};
    choose_screen(role, words, {}, {}, chosen);
    ASSERT_THAT(chosen.problems, IsEmpty());
    for (auto& one : chosen.lists) rules.lists.push_back(std::move(one));
    said.resize(rules.lists.size(), {.verdict = ListVerdict::not_listed, .codes = {}, .text = ""});
  }
  void list(std::size_t i, std::string text = "") {
    said[i] = {.verdict = ListVerdict::listed, .codes = {"127.0.0.2"}, .text = std::move(text)};
  }
  [[nodiscard]] ScreenVerdict verdict() const { return screen(rules, said); }
  [[nodiscard]] std::string refusal() const {
    return screen_refusal(rules, said, verdict(), client);
  }
};

TEST(Screening, ABlockingListRefusesAloneAndSaysSoInTheWordsEverybodyReads) {
  World world;
  world.add(ScreenRole::score, "other.example*1");
  world.add(ScreenRole::block, "bl.spamcop.net");
  EXPECT_FALSE(world.verdict().refused);
  world.list(1, "Blocked - see https://www.spamcop.net/bl.shtml?40.107.21.79");
  EXPECT_TRUE(world.verdict().refused);
  EXPECT_EQ(world.refusal(),
            "554 5.7.1 Service unavailable; Client host [40.107.21.79] blocked using "
            "bl.spamcop.net; Blocked - see https://www.spamcop.net/bl.shtml?40.107.21.79");
}

TEST(Screening, AListOfTheRegistryCountsOnceHoweverOftenItIsNamed) {
  DnsList known;
  known.id = "psbl";
  known.zone = "psbl.surriel.com";
  known.of_v4 = true;
  ChosenScreen chosen;
  const std::vector<std::string> words = {"psbl*2", "psbl*3", "z.example=127.0.0.2",
                                          "z.example=127.0.0.3"};
  choose_screen(ScreenRole::score, words, std::span(&known, 1), {}, chosen);
  EXPECT_EQ(chosen.lists.size(), 3U);
  EXPECT_THAT(chosen.problems,
              ElementsAre("list 'psbl' is the same as one before it: write it once"));
  choose_screen(ScreenRole::block, words, std::span(&known, 1), {}, chosen);
  EXPECT_EQ(chosen.lists.size(), 6U) << "what blocks may count as well";
}

TEST(Screening, ScoringListsRefuseTogetherAndNoneAlone) {
  World world;
  world.rules.refuse_at = 3;
  world.rules.temporary = true;
  world.add(ScreenRole::score, "a.example=127.0.0.[2..11]*2");
  world.add(ScreenRole::score, "b.example*1");
  world.add(ScreenRole::score, "good.example*-2");
  world.list(0);
  EXPECT_FALSE(world.verdict().refused);
  world.list(1, "see https://b.example/");
  EXPECT_TRUE(world.verdict().refused);
  EXPECT_EQ(world.refusal(),
            "451 4.7.1 Service unavailable; Client host [40.107.21.79] blocked by score 3 of "
            "a.example, b.example; see https://b.example/");
  world.list(2);
  EXPECT_EQ(world.verdict().score, 1);
  EXPECT_FALSE(world.verdict().refused);
}

TEST(Screening, WithoutAThresholdScoresOnlyStandInTheHeader) {
  World world;
  world.add(ScreenRole::score, "a.example*9");
  world.list(0);
  EXPECT_FALSE(world.verdict().refused);
  EXPECT_EQ(screen_summary(world.rules, world.said, world.verdict(), client),
            "score=9/0 client=40.107.21.79 a.example=127.0.0.2*9");
}

TEST(Screening, AnAllowListEndsIt) {
  World world;
  world.add(ScreenRole::block, "bl.example");
  world.add(ScreenRole::allow, "wl.example");
  world.list(0);
  world.list(1);
  EXPECT_FALSE(world.verdict().refused);
  EXPECT_TRUE(world.verdict().allowed);
  EXPECT_EQ(world.verdict().by, 1U);
}

TEST(Screening, WhatIsNotKnownCountsForNothing) {
  World world;
  world.rules.refuse_at = 1;
  world.add(ScreenRole::block, "bl.example");
  world.add(ScreenRole::score, "a.example*5");
  world.said[0] = {.verdict = ListVerdict::fault, .codes = {}, .text = "lists the world"};
  world.said[1] = {};
  EXPECT_FALSE(world.verdict().refused);
  EXPECT_EQ(world.verdict().unknown, 2U);
}

TEST(Screening, AStrangersWordsBecomeOnePrintableLine) {
  World world;
  world.add(ScreenRole::block, "bl.example");
  world.list(0, "line\r\nDATA\x01 \xc3\xa4 " + std::string(5000, 'x'));
  const std::string said = world.refusal();
  EXPECT_LT(said.size(), 400U);
  EXPECT_TRUE(std::ranges::all_of(said, [](char c) { return c >= ' ' && c < '\x7f'; })) << said;
}

TEST(Screening, AnIdOfTheRegistryTakesAWeightAndCodesOfOneZoneStandSideBySide) {
  const auto known = shipped_dns_lists();
  ASSERT_TRUE(known.ok());
  ChosenScreen chosen;
  const std::vector<std::string> words = {"spamcop*4", "z.example=127.0.0.2*1",
                                          "z.example=127.0.0.3*2", "spamcop*many", "nobody"};
  choose_screen(ScreenRole::score, words, *known, {}, chosen);
  ASSERT_EQ(chosen.lists.size(), 3U);
  EXPECT_EQ(chosen.lists[0].weight(), 4);
  EXPECT_EQ(chosen.lists[1].list.zone, chosen.lists[2].list.zone);
  EXPECT_EQ(chosen.lists[2].weight(), 2);
  EXPECT_EQ(chosen.problems.size(), 2U);
}

TEST(Screening, AnAccountsKeyIsShownToNobody) {
  const auto known = shipped_dns_lists();
  ASSERT_TRUE(known.ok());
  World world;
  ChosenScreen chosen;
  const std::vector<std::string> words = {"spamhaus-dqs-zen"};
  choose_screen(ScreenRole::block, words, *known, {{"spamhaus-dqs", "s3cretkey"}}, chosen);
  ASSERT_EQ(chosen.lists.size(), 1U);
  EXPECT_TRUE(chosen.lists[0].list.zone.contains("s3cretkey"));
  world.rules.lists = chosen.lists;
  world.said.resize(1);
  world.list(0);
  EXPECT_FALSE(world.refusal().contains("s3cret")) << world.refusal();
  EXPECT_FALSE(screen_summary(world.rules, world.said, world.verdict(), client).contains("s3cret"));
}

}  // namespace
}  // namespace leumund::diagnosis
