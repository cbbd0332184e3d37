#include "evidence/cluster_store.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace leumund::evidence {
namespace {

using model::FacetKind;
using model::Fingerprint;
using std::chrono::hours;

const base::TimePoint start = base::from_unix_seconds(1'600'000'000);

// A text is a row of 64 minima; a variant keeps each with the probability `alike`.
class Texts {
 public:
  Fingerprint text() {
    Fingerprint print;
    print.text = model::TextKind::full;
    for (auto& row : print.sketch) row = static_cast<std::uint16_t>(random_());
    return print;
  }
  Fingerprint variant(const Fingerprint& of, double alike) {
    Fingerprint print = of;
    for (auto& row : print.sketch) {
      if (std::uniform_real_distribution<>()(random_) > alike)
        row = static_cast<std::uint16_t>(random_());
    }
    return print;
  }
  std::uint64_t hash() { return random_(); }

 private:
  std::mt19937_64 random_{42};
};

ClusterStore::Settings small(std::size_t bytes = 4U << 20) {
  ClusterStore::Settings settings;
  settings.bytes_max = bytes;
  return settings;
}

class ClusterStoreTest : public ::testing::Test {
 protected:
  Placed place(const Fingerprint& print, std::uint64_t account, float surprise = 3) {
    const std::uint32_t recipient = ++recipient_;
    return store.place({.print = print,
                        .account = account,
                        .message = ++message_,
                        .tenant = static_cast<std::uint32_t>(account),
                        .surprise = surprise,
                        .recipients = std::span(&recipient, 1),
                        .companions = {},
                        .at = now});
  }
  // A day of other people's mail, so that rare things are known to be rare.
  void live() {
    for (int i = 0; i < 300; ++i) {
      Fingerprint print = texts.text();
      print.add_facet(FacetKind::subject, texts.hash());
      store.learn_background(print, now);
    }
    now += hours(24);
    store.learn_background(texts.text(), now);
  }

  Texts texts;
  ClusterStore store{small()};
  base::TimePoint now = start;
  std::uint64_t message_ = 0;
  std::uint32_t recipient_ = 0;
};

TEST_F(ClusterStoreTest, VariantsOfOneTextAreOneClusterAndOthersAreNot) {
  live();
  const Fingerprint text = texts.text();
  EXPECT_EQ(place(text, 1).cluster, nullptr);
  for (std::uint64_t account = 2; account <= 20; ++account) {
    const Placed placed = place(texts.variant(text, 0.7), account);
    ASSERT_NE(placed.cluster, nullptr) << account;
    EXPECT_TRUE(placed.first_of_account);
    EXPECT_EQ(placed.cluster->members.size(), account);
  }
  EXPECT_EQ(place(texts.text(), 30).cluster, nullptr);
  EXPECT_EQ(store.clusters(), 1U);
}

TEST_F(ClusterStoreTest, AnAccountCountsOnceHoweverMuchItSends) {
  live();
  const Fingerprint text = texts.text();
  place(text, 1);
  ASSERT_TRUE(place(text, 2).first_of_account);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(place(text, 2).first_of_account);
  EXPECT_EQ(place(text, 1).cluster->members.size(), 2U);
}

TEST_F(ClusterStoreTest, RareLinkAndSubjectBindWithoutAnyText) {
  live();
  Fingerprint print;
  print.text = model::TextKind::link_only;
  print.add_facet(FacetKind::url_template, texts.hash());
  print.add_facet(FacetKind::subject, texts.hash());
  place(print, 1);
  EXPECT_NE(place(print, 2).cluster, nullptr);

  Fingerprint only_subject;
  only_subject.add_facet(FacetKind::subject, texts.hash());
  place(only_subject, 3);
  EXPECT_EQ(place(only_subject, 4).cluster, nullptr) << "a subject alone is nothing";
}

TEST_F(ClusterStoreTest, WhatEverybodyHasBindsNothing) {
  Fingerprint common;
  common.add_facet(FacetKind::url_template, texts.hash());
  common.add_facet(FacetKind::subject, texts.hash());
  for (int day = 0; day < 2; ++day, now += hours(24)) {
    for (int i = 0; i < 300; ++i) store.learn_background(common, now);
  }
  place(common, 1);
  EXPECT_EQ(place(common, 2).cluster, nullptr);
}

TEST_F(ClusterStoreTest, TextThatHonestMailOftenHasBindsLittle) {
  const Fingerprint footer = texts.text();
  for (int day = 0; day < 2; ++day, now += hours(24)) {
    for (int i = 0; i < 300; ++i) store.learn_background(i % 4 == 0 ? footer : texts.text(), now);
  }
  place(footer, 1);
  EXPECT_EQ(place(footer, 2).cluster, nullptr);
}

TEST_F(ClusterStoreTest, AMailInCharacterJoinsOnlyAsANearCopyAndDrawsNothingAfterIt) {
  live();
  const Fingerprint text = texts.text();
  place(text, 1);
  Cluster* cluster = place(text, 2).cluster;
  ASSERT_NE(cluster, nullptr);
  EXPECT_EQ(place(texts.variant(text, 0.4), 3, 0).cluster, nullptr);
  const std::size_t sketches = cluster->sketches.size();
  const std::uint32_t core = cluster->core;
  Fingerprint copy = text;
  place(copy, 4, 0);
  EXPECT_EQ(cluster->sketches.size(), sketches);
  EXPECT_EQ(cluster->core, core);
}

TEST_F(ClusterStoreTest, OneOddMailThatBelongsToTwoClustersMakesThemOne) {
  live();
  Fingerprint a = texts.text();
  Fingerprint b = texts.text();
  place(a, 1);
  place(a, 2);
  place(b, 3);
  place(b, 4);
  EXPECT_EQ(store.clusters(), 2U);
  Fingerprint both = a;
  for (std::size_t i = 0; i < 32; ++i) both.sketch[i] = b.sketch[i];
  const Placed placed = place(both, 5);
  EXPECT_TRUE(placed.united);
  EXPECT_EQ(placed.cluster->members.size(), 5U);
  EXPECT_EQ(store.clusters(), 1U);
}

TEST_F(ClusterStoreTest, LoneMailsAreForgottenInTime) {
  live();
  const Fingerprint text = texts.text();
  place(text, 1);
  now += hours(24 * 4);
  EXPECT_EQ(place(text, 2).cluster, nullptr);
}

TEST_F(ClusterStoreTest, AnAttackerFillsTablesAndGrowsNone) {
  live();
  const Fingerprint campaign = texts.text();
  place(campaign, 1);
  Cluster* cluster = place(campaign, 2).cluster;
  ASSERT_NE(cluster, nullptr);
  ASSERT_TRUE(store.open(*cluster, now));
  const std::uint64_t id = cluster->id;
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    const Fingerprint text = texts.text();
    place(text, 100 + i * 2);
    if (i % 4 == 0) place(text, 101 + i * 2);
    if (i % 10'000 == 9'999) most = std::max(most, store.bytes());
  }
  EXPECT_LE(most, std::size_t{12} << 20);
  EXPECT_LE(store.clusters(), 1024U);
  EXPECT_GT(store.forgotten_clusters(), 0U);
  ASSERT_NE(store.find(id), nullptr) << "an open campaign is never pushed out";
  EXPECT_EQ(store.find(id)->state, ClusterState::open);
}

TEST_F(ClusterStoreTest, AClusterFromARecordIsFoundAgain) {
  live();
  const Fingerprint text = texts.text();
  place(text, 1);
  for (std::uint64_t account = 2; account < 6; ++account) place(texts.variant(text, 0.7), account);
  Cluster* cluster = place(text, 6).cluster;
  ASSERT_NE(cluster, nullptr);
  store.open(*cluster, now);
  ClusterStore other{small()};
  other.load(Cluster(*cluster));
  const std::uint32_t recipient = 7;
  const Placed placed = other.place({.print = texts.variant(text, 0.7),
                                     .account = 9,
                                     .message = 1,
                                     .tenant = 9,
                                     .surprise = 3,
                                     .recipients = std::span(&recipient, 1),
                                     .companions = {},
                                     .at = now});
  ASSERT_NE(placed.cluster, nullptr);
  EXPECT_EQ(placed.cluster->id, cluster->id);
  EXPECT_EQ(other.open_count(), 1U);
}

}  // namespace
}  // namespace leumund::evidence
