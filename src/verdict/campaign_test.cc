#include "verdict/campaign.h"

#include <gtest/gtest.h>

#include <cmath>

namespace leumund::verdict {
namespace {

using evidence::Cluster;

const base::TimePoint now = base::from_unix_seconds(1'600'000'000);

// One more account, that writes to these: people who are new to it, and acquaintances.
void join(Cluster& cluster, double p, std::vector<std::uint32_t> fresh,
          const std::vector<std::uint32_t>& old = {}) {
  const std::size_t new_ones = fresh.size();
  fresh.insert(fresh.end(), old.begin(), old.end());
  const std::uint64_t i = cluster.messages + 1;
  evidence::MemberRecipients wrote_to;
  cluster.add_recipients({fresh, new_ones}, wrote_to, true);
  cluster.members.push_back(
      {i, i, static_cast<std::uint32_t>(i), static_cast<float>(-std::log(p)), now, 0, wrote_to});
  cluster.add_message(i);
}

// `n` accounts, each of a tenant and with a recipient of its own, that look so odd.
Cluster cluster_of(std::size_t n, double p) {
  Cluster cluster;
  cluster.id = 1;
  cluster.first_at = now;
  cluster.last_at = now;
  for (std::size_t i = 0; i < n; ++i) join(cluster, p, {static_cast<std::uint32_t>(1000 + i)});
  return cluster;
}

CampaignJudgement judge(const Cluster& cluster) { return judge_campaign(cluster, {}, {}); }

TEST(Campaign, ChanceIsThatOfAGammaDistribution) {
  EXPECT_NEAR(log_chance_of(1, 3), -3, 1e-12);
  EXPECT_NEAR(log_chance_of(2, 3), std::log(std::exp(-3.0) * 4), 1e-12);
  EXPECT_NEAR(log_chance_of(5, 23.03),
              std::log(std::exp(-23.03) * (1 + 23.03 + 265.2 + 2035.7 + 11720.6)), 1e-3);
  EXPECT_EQ(log_chance_of(10, 0), 0);
  EXPECT_TRUE(std::isfinite(log_chance_of(64, 400)));
}

TEST(Campaign, PValueFallsWithTheScoreAndHasALeast) {
  MailTraits traits;
  traits.acquaintance = Acquaintance::known;
  double before = 2;
  const CampaignSettings settings;
  for (double x = -3; x < 6; x += 0.1) {
    traits.set(Trait::recipients, x);
    const double p = p_value(traits, settings);
    EXPECT_LE(p, before);
    before = p;
  }
  EXPECT_DOUBLE_EQ(before, 0.001);
}

TEST(Campaign, WhatIsOddForAKnownAccountIsUsualForANewOne) {
  const CampaignSettings settings;
  const auto odds = [&](double p, Acquaintance known) { return hacked_odds(p, known, settings); };
  // A traveller: odd, but thieves' mail is odder yet where the account is known so well.
  EXPECT_LT(odds(0.05, Acquaintance::known), 0);
  EXPECT_LT(odds(0.05, Acquaintance::fleeting), 0);
  EXPECT_GT(odds(0.05, Acquaintance::stranger), 0);
  for (const auto known : {Acquaintance::stranger, Acquaintance::fleeting, Acquaintance::known}) {
    EXPECT_GT(odds(0.001, known), 2);
    if (known == Acquaintance::stranger) {
      EXPECT_EQ(odds(0.5, known), 0) << "what nobody knows cannot be in character";
    } else {
      EXPECT_LT(odds(0.5, known), -1);
    }
    EXPECT_TRUE(std::isfinite(odds(0, known)));
  }
}

TEST(Campaign, FiveAccountsAtOneInAHundredSufficeAndTheSameInCharacterDoNot) {
  EXPECT_TRUE(judge(cluster_of(5, 0.01)).alarm());
  EXPECT_FALSE(judge(cluster_of(5, 0.5)).alarm());
  EXPECT_FALSE(judge(cluster_of(2, 0.001)).alarm()) << "two are a coincidence";
  EXPECT_FALSE(judge(cluster_of(60, 0.6)).alarm()) << "many in character are a chain letter";
}

TEST(Campaign, WhereManyClustersGrowThatFarMoreIsNeeded) {
  const Cluster cluster = cluster_of(5, 0.05);
  EXPECT_TRUE(judge_campaign(cluster, {}, {}).alarm());
  ClusterRates busy{};
  busy.fill(20'000);
  EXPECT_FALSE(judge_campaign(cluster, busy, {}).alarm());
}

TEST(Campaign, OneDomainNeedsMoreAccounts) {
  Cluster cluster = cluster_of(7, 0.01);
  for (auto& member : cluster.members) member.tenant = 1;
  EXPECT_FALSE(judge(cluster).alarm());
  cluster = cluster_of(8, 0.01);
  for (auto& member : cluster.members) member.tenant = 1;
  EXPECT_TRUE(judge(cluster).alarm());
}

TEST(Campaign, ManyALittleOddAreNoneWhereTheirMailIsLikelierTheirOwns) {
  Cluster cluster = cluster_of(12, 0.1);
  ASSERT_TRUE(judge(cluster).alarm()) << "else this shows nothing";
  const double strangers = judge(cluster).score;
  for (auto& member : cluster.members) member.odds = -1.5F;  // known accounts
  const CampaignJudgement honest = judge(cluster);
  EXPECT_FALSE(honest.alarm());
  EXPECT_NEAR(honest.score, strangers - 18, 1e-4);
  double sum = 0;
  for (const auto& term : describe_campaign(cluster, honest)) sum += term.value;
  EXPECT_NEAR(sum, honest.score, 1e-9) << "the terms add up";
  // Two in character among eight thieves do not hide them, and thieves' odds count once, as T.
  cluster = cluster_of(10, 0.002);
  const double thieves = judge(cluster).score;
  for (auto& member : cluster.members) member.odds = 2;
  cluster.members[0].odds = cluster.members[1].odds = -4;
  EXPECT_TRUE(judge(cluster).alarm());
  EXPECT_EQ(judge(cluster).score, thieves);
}

TEST(Campaign, APetitionToOneRecipientIsHonest) {
  Cluster cluster = cluster_of(1, 0.01);
  for (int i = 2; i < 40; ++i) join(cluster, 0.01, {1000});
  EXPECT_EQ(judge(cluster).honest, HonestKind::one_recipient);
  EXPECT_FALSE(judge(cluster).alarm());
}

TEST(Campaign, APetitionStaysOneThoughAnOddMailWasTakenForIt) {
  Cluster cluster = cluster_of(1, 0.01);
  for (int i = 2; i < 40; ++i) join(cluster, 0.01, {1000});
  std::vector<std::uint32_t> others;
  for (std::uint32_t i = 0; i < 11; ++i) others.push_back(5000 + i);
  join(cluster, 0.01, others);
  EXPECT_EQ(judge(cluster).honest, HonestKind::one_recipient);
}

TEST(Campaign, APetitionStaysOneWithCopiesToFriendsAndToOneself) {
  Cluster cluster = cluster_of(1, 0.01);
  for (std::uint32_t i = 2; i < 40; ++i) {
    // Every third sends an acquaintance a copy, every tenth somebody new.
    if (i % 10 == 0) {
      join(cluster, 0.01, {1000, 7000 + i});
    } else {
      join(cluster, 0.01, {1000},
           i % 3 == 0 ? std::vector{8000 + i} : std::vector<std::uint32_t>{});
    }
    if (i >= 4) {
      ASSERT_EQ(judge(cluster).honest, HonestKind::one_recipient) << i;
    }
  }
}

TEST(Campaign, APetitionToAWholeCommitteeIsHonest) {
  std::vector<std::uint32_t> committee;
  for (std::uint32_t i = 0; i < 25; ++i) committee.push_back(1000 + i);
  Cluster cluster;
  for (int i = 0; i < 30; ++i) join(cluster, 0.01, committee);
  EXPECT_EQ(judge(cluster).honest, HonestKind::one_recipient) << "all of them on every mail";
  cluster = {};
  for (std::size_t i = 0; i < 40; ++i) join(cluster, 0.01, {committee[i * i % 5]});
  EXPECT_EQ(judge(cluster).honest, HonestKind::one_recipient) << "everybody to the own deputy";
}

TEST(Campaign, DropBoxesBesideAVictimMakeNoPetition) {
  for (const std::size_t boxes : {1U, 4U, 20U}) {
    std::vector<std::uint32_t> of_his_own;
    for (std::uint32_t i = 0; i < boxes; ++i) of_his_own.push_back(500 + i);
    Cluster cluster;
    for (std::uint32_t i = 0; i < 30; ++i) {
      std::vector<std::uint32_t> fresh = of_his_own;
      fresh.push_back(1000 + i);
      join(cluster, 0.01, fresh);
    }
    EXPECT_EQ(judge(cluster).honest, HonestKind::none) << boxes;
    EXPECT_TRUE(judge(cluster).alarm()) << boxes;
    cluster = {};
    for (std::uint32_t i = 0; i < 30; ++i) join(cluster, 0.01, {1000 + i}, of_his_own);
    EXPECT_EQ(judge(cluster).honest, HonestKind::none) << boxes << ", each written to before";
  }
}

TEST(Campaign, AThirdOfTheAccountsThatWriteToDropBoxesOnlyDoNotHideTheOthers) {
  Cluster cluster;
  for (std::uint32_t i = 0; i < 30; ++i)
    join(cluster, 0.01, i % 3 == 0 ? std::vector<std::uint32_t>{500} : std::vector{1000 + i});
  EXPECT_EQ(judge(cluster).honest, HonestKind::none);
  // Nor does it help to begin with a mail to the drop box and to go on with victims.
  cluster = {};
  for (std::uint32_t i = 0; i < 30; ++i) {
    join(cluster, 0.01, {500});
    const std::uint32_t victim = 1000 + i;
    cluster.add_recipients({{&victim, 1}, 1}, cluster.members.back().wrote_to, false);
  }
  EXPECT_EQ(judge(cluster).honest, HonestKind::none);
}

TEST(Campaign, ScriptsOfOneSystemAreHonestUntilTheyAreMany) {
  Cluster cluster = cluster_of(4, 0.01);
  cluster.scripts = cluster.messages;
  EXPECT_EQ(judge(cluster).honest, HonestKind::one_script);
  cluster = cluster_of(12, 0.01);
  cluster.scripts = cluster.messages;
  EXPECT_EQ(judge(cluster).honest, HonestKind::none);
}

TEST(Campaign, WhatAPersonReleasedStaysHonestAndWhatRecursOnlyInItsUsualSize) {
  Cluster cluster = cluster_of(20, 0.01);
  cluster.state = evidence::ClusterState::harmless;
  cluster.by_person = true;
  EXPECT_EQ(judge(cluster).honest, HonestKind::released);
  cluster.by_person = false;
  cluster.usual_accounts = 10;
  cluster.day_accounts = 12;
  EXPECT_EQ(judge(cluster).honest, HonestKind::recurring);
  cluster.day_accounts = 80;
  EXPECT_EQ(judge(cluster).honest, HonestKind::none);
}

TEST(Campaign, WhatCameInFromOutsideBeforeMayBePassedOnByAFew) {
  Cluster cluster = cluster_of(6, 0.01);
  cluster.from_outside = 5;
  cluster.outside_at = cluster.first_at;
  EXPECT_EQ(judge(cluster).honest, HonestKind::from_outside);
  cluster.outside_at = cluster.first_at + std::chrono::hours(1);
  EXPECT_EQ(judge(cluster).honest, HonestKind::none) << "bounces of a campaign come in too";
  cluster = cluster_of(60, 0.01);
  cluster.from_outside = 5;
  cluster.outside_at = cluster.first_at;
  EXPECT_EQ(judge(cluster).honest, HonestKind::none) << "one mail sent in beforehand buys little";
  cluster.from_outside = 1000;
  EXPECT_EQ(judge(cluster).honest, HonestKind::none) << "... and a thousand buy no more";
  EXPECT_TRUE(judge(cluster).alarm());
  cluster = cluster_of(Cluster::members_max, 0.01);  // and however many more accounts
  cluster.from_outside = 100'000;
  cluster.outside_at = cluster.first_at;
  EXPECT_TRUE(judge(cluster).alarm());
}

TEST(Campaign, SaysWhatWouldBeLeftWithoutTheStrongestAccount) {
  Cluster cluster = cluster_of(5, 0.2);
  cluster.members.front().surprise = 6;
  const CampaignJudgement judgement = judge(cluster);
  EXPECT_LT(judgement.without_strongest, judgement.score);
}

TEST(Campaign, TheSettingsNameWhatTheyDoNotKnow) {
  CampaignSettings settings;
  EXPECT_TRUE(settings.set("weights.0", 2).ok());
  EXPECT_EQ(settings.weights[0], 2);
  EXPECT_TRUE(settings.set("phrases_count", 0).ok());
  EXPECT_EQ(settings.phrases_count, 0);
  EXPECT_FALSE(settings.set("weights.99", 2).ok());
  EXPECT_FALSE(settings.set("weights.x", 2).ok());
  EXPECT_FALSE(settings.set("accounts_least", 1000).ok());
  EXPECT_FALSE(settings.set("nonsense", 1).ok());
}

}  // namespace
}  // namespace leumund::verdict
