#include "evidence/cluster_store.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "evidence/cluster_codec.h"
#include "evidence/cluster_test_world.h"

namespace leumund::evidence {
namespace {

using model::FacetKind;
using model::Fingerprint;
using std::chrono::hours;

using ClusterStoreTest = ClusterWorld;

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

TEST_F(ClusterStoreTest, RewrittenTextsAreBoundByAFewRarePhrases) {
  live();
  const std::array<std::uint32_t, 3> kept = {11, 12, 13};
  Cluster* cluster = nullptr;
  for (std::uint32_t account = 1; account < 6; ++account) {
    Fingerprint print = texts.text();
    for (const std::uint32_t phrase : kept) print.phrases[print.phrase_count++] = phrase;
    for (std::uint32_t i = 0; i < 6; ++i) print.phrases[print.phrase_count++] = 1000 * account + i;
    cluster = place(print, account).cluster;
    ASSERT_TRUE(account < 2 || cluster != nullptr) << account;
  }
  EXPECT_EQ(cluster->members.size(), 5U);
  EXPECT_TRUE(cluster->has_phrase(11));
  EXPECT_FALSE(cluster->has_phrase(5001)) << "one mail was padded with it";
}

TEST_F(ClusterStoreTest, PhrasesThatHonestMailHadBindLittle) {
  live();
  Fingerprint honest = texts.text();
  honest.phrases = {11, 12};
  honest.phrase_count = 2;
  store.learn_background(honest, now);
  Fingerprint a = texts.text();
  a.phrases = honest.phrases;
  a.phrase_count = 2;
  Fingerprint b = texts.text();
  b.phrases = honest.phrases;
  b.phrase_count = 2;
  place(a, 1);
  EXPECT_EQ(place(b, 2).cluster, nullptr);
}

TEST_F(ClusterStoreTest, ALongSubjectIsEnoughForAnOddMailToJoinAnOpenCampaign) {
  live();
  Fingerprint text = texts.text();
  const std::uint64_t part = texts.hash();
  const std::uint64_t other_part = texts.hash();
  text.add_facet(FacetKind::subject_part, part);
  text.add_facet(FacetKind::subject_part, other_part);
  const Cluster& open = campaign(text);
  Fingerprint padded = texts.text();
  padded.add_facet(FacetKind::subject_part, part);
  padded.add_facet(FacetKind::subject_part, other_part);
  EXPECT_EQ(place(padded, 20, 3).cluster, &open);
  EXPECT_EQ(place(padded, 21, 0).cluster, nullptr) << "in character it is somebody's own";
}

TEST_F(ClusterStoreTest, AnAddressOfAnOpenCampaignAddsToWhatElseBindsAndBindsNobodyAlone) {
  live();
  Fingerprint text = texts.text();
  const std::uint64_t part = texts.hash();
  text.add_facet(FacetKind::subject_part, part);
  const Cluster& open = campaign(text);
  const auto padded = [&] {
    Fingerprint print = texts.text();
    print.add_facet(FacetKind::subject_part, part);
    return print;
  };
  EXPECT_EQ(place_from(padded(), 20, 3, 7001, 0).cluster, &open);
  EXPECT_EQ(place_from(padded(), 21, 0, 7001, 0).cluster, nullptr);
  EXPECT_EQ(place_from(padded(), 22, 3, 9999, 0).cluster, nullptr);
  EXPECT_EQ(place_from(texts.text(), 23, 3, 7001, 0).cluster, nullptr) << "people travel";
  EXPECT_EQ(place_from(texts.text(), 1, 3, 7001, open.id).cluster, nullptr)
      << "a member's address is in it because of himself";
}

TEST_F(ClusterStoreTest, ASentenceThatOnlyOneMailHadDoesNotStandForTheCampaign) {
  live();
  Fingerprint text = texts.text();
  const std::uint64_t part = texts.hash();
  text.add_facet(FacetKind::subject_part, part);
  Cluster& open = campaign(text);
  // Joins by subject and address, with a text of its own.
  const Fingerprint padding = texts.text();
  Fingerprint padded = padding;
  padded.add_facet(FacetKind::subject_part, part);
  ASSERT_EQ(place_from(padded, 20, 3, 7001, 0).cluster, &open);
  EXPECT_EQ(place(padding, 21, 0.5F).cluster, nullptr);
}

TEST_F(ClusterStoreTest, WhoWritesInCharacterIsNotTakenForACampaignWhateverTheText) {
  live();
  const Fingerprint text = texts.text();
  const Cluster& open = campaign(text);
  Arrival arrival{.print = text, .to = {}, .companions = {}, .at = now};
  arrival.account = arrival.tenant = 20;
  arrival.surprise = 0.4F;
  arrival.known_account = arrival.in_character = true;
  EXPECT_EQ(store.place(arrival).cluster, nullptr);
  arrival.in_character = false;
  arrival.stranger = true;
  arrival.known_account = false;
  arrival.account = 21;
  EXPECT_EQ(store.place(arrival).cluster, &open);
}

TEST_F(ClusterStoreTest, WhatIsPaddedInEveryMailDoesNotWearAwayThePhrasesOfACampaign) {
  live();
  const std::array<std::uint32_t, 3> kept = {11, 12, 13};
  Cluster& open = campaign(texts.text());
  for (std::uint32_t n = 1; n <= 3000; ++n) {
    Fingerprint print = texts.text();
    for (const std::uint32_t phrase : kept) print.phrases[print.phrase_count++] = phrase;
    while (print.phrase_count < Fingerprint::phrases_max)
      print.phrases[print.phrase_count++] = static_cast<std::uint32_t>(texts.hash());
    open.add_phrases(print);
  }
  for (const std::uint32_t phrase : kept) EXPECT_TRUE(open.has_phrase(phrase));
  EXPECT_LE(open.phrases.size(), Cluster::phrases_max_open);
  Fingerprint changed = texts.text();
  changed.phrases[changed.phrase_count++] = 99;
  for (int n = 0; n < 600; ++n) open.add_phrases(changed);
  EXPECT_TRUE(open.has_phrase(99)) << "a mailing changes its words";
}

TEST_F(ClusterStoreTest, LoneMailsWithTheSameSubjectDoNotPushACampaignOutOfTheIndex) {
  live();
  Fingerprint text = texts.text();
  const std::uint64_t part = texts.hash();
  text.add_facet(FacetKind::subject_part, part);
  const Cluster& open = campaign(text);
  const auto padded = [&] {
    Fingerprint print = texts.text();
    print.add_facet(FacetKind::subject_part, part);
    return print;
  };
  for (std::uint64_t account = 100; account < 140; ++account)
    ASSERT_EQ(place(padded(), account, 2).cluster, nullptr) << "a part of a subject is too little";
  EXPECT_EQ(place_from(padded(), 200, 3, 7001, 0).cluster, &open);
}

TEST_F(ClusterStoreTest, WhatACampaignStandsForIsFoundHoweverMuchOfItCame) {
  live();
  Fingerprint text = texts.text();
  for (int i = 0; i < 2; ++i) text.add_facet(FacetKind::subject_part, texts.hash());
  const Cluster& open = campaign(text);
  for (std::uint64_t account = 100; account < 5000; ++account) {
    Fingerprint print = text;
    print.sketch = texts.text().sketch;
    for (int i = 0; i < 10; ++i)
      print.phrases[print.phrase_count++] = static_cast<std::uint32_t>(texts.hash());
    ASSERT_EQ(place(print, account).cluster, &open) << account;
  }
}

TEST_F(ClusterStoreTest, WhileACampaignComesInFastLessIsNeededOfOddMailAndNotOfOthers) {
  for (int day = 0; day < 6; ++day) live();  // enough mail that one sentence may be rare
  const Fingerprint text = texts.text();
  const std::uint32_t phrase = 11;
  const auto padded = [&] {
    Fingerprint print = texts.text();
    print.phrases[print.phrase_count++] = phrase;
    for (std::uint32_t i = 0; i < 5; ++i)
      print.phrases[print.phrase_count++] = static_cast<std::uint32_t>(texts.hash());
    return print;
  };
  const Cluster& open = campaign(text);
  const auto send = [&](std::uint64_t accounts) {
    for (std::uint64_t i = 0; i < accounts; ++i) {
      Fingerprint print = text;
      print.phrases[print.phrase_count++] = phrase;
      ASSERT_EQ(place(print, 1000 + i).cluster, &open);
    }
  };
  send(4);
  EXPECT_EQ(place(padded(), 20).cluster, nullptr) << "a sentence in common is no campaign";
  send(1000);
  EXPECT_EQ(place(padded(), 21, 1).cluster, nullptr) << "hardly odd";
  EXPECT_EQ(place(padded(), 22).cluster, &open);
  now += hours(48);
  EXPECT_EQ(place(padded(), 23).cluster, nullptr) << "it is over";
}

TEST_F(ClusterStoreTest, WhileStrangersSendACampaignByTheHundredLessIsNeededOfAStrangersMail) {
  for (int day = 0; day < 6; ++day) live();
  Fingerprint shared;  // what all of it has: a subject and a link, no text
  shared.text = model::TextKind::full;
  shared.add_facet(FacetKind::subject, texts.hash());
  shared.add_facet(FacetKind::url_domain, texts.hash());
  const auto mail = [&] {
    Fingerprint print = texts.text();
    for (std::size_t i = 0; i < shared.facet_count; ++i)
      print.add_facet(shared.facet_kinds[i], shared.facet_hashes[i]);
    return print;
  };
  constexpr float hardly_odd = 0.8F;
  Cluster* open = nullptr;
  for (std::uint64_t account = 1; account <= 5; ++account) {
    now += hours(1);
    open = place_stranger(mail(), account, 3).cluster;
  }
  ASSERT_NE(open, nullptr);
  ASSERT_TRUE(store.open(*open, now));
  const std::uint64_t id = open->id;
  EXPECT_EQ(place_stranger(mail(), 20, hardly_odd).cluster, nullptr) << "strangers write, too";
  for (std::uint64_t i = 0; i < 300; ++i)
    ASSERT_NE(place_stranger(mail(), 1000 + i, 3).cluster, nullptr);
  EXPECT_EQ(place_known(mail(), 21, hardly_odd, -1).cluster, nullptr) << "it is somebody's own";
  EXPECT_EQ(place_stranger(texts.text(), 22, hardly_odd).cluster, nullptr) << "nothing shared";
  const Placed bound = place_stranger(mail(), 23, hardly_odd);
  ASSERT_NE(bound.cluster, nullptr);
  EXPECT_EQ(bound.cluster->id, id);
  now += hours(48);
  EXPECT_EQ(place_stranger(mail(), 24, hardly_odd).cluster, nullptr) << "it is over";
}

TEST_F(ClusterStoreTest, ALineThatListsPutUnderMailDoesNotBindByItsWordsAndItsLinkTogether) {
  live();
  Fingerprint line = texts.text();
  line.phrases = {11, 12, 13};
  line.phrase_count = 3;
  line.add_facet(FacetKind::contact, texts.hash());
  const auto with_line = [&] {
    Fingerprint print = line;
    print.sketch = texts.text().sketch;
    for (std::uint32_t i = 0; i < 9; ++i)
      print.phrases[print.phrase_count++] = static_cast<std::uint32_t>(texts.hash());
    return print;
  };
  store.learn_background(line, now);
  const Fingerprint spam = with_line();
  Cluster& open = campaign(spam);
  EXPECT_EQ(place(with_line(), 20, 3).cluster, nullptr);
  EXPECT_EQ(place(spam, 21, 3).cluster, &open);
}

TEST_F(ClusterStoreTest, WritingToOneListExplainsThatMailsAreAlike) {
  live();
  const Fingerprint letter = texts.text();
  place_to(letter, 1, {1}, {500}, true);
  Cluster* cluster = place_to(letter, 2, {2}, {500}, true).cluster;
  ASSERT_NE(cluster, nullptr);
  EXPECT_EQ(cluster->members.back().surprise, 0);
  cluster = place_to(letter, 3, {3, 500}, {}, true).cluster;
  EXPECT_EQ(cluster->members.back().surprise, 0) << "new on a list that the house knows";
  cluster = place_to(letter, 4, {4, 500}).cluster;
  EXPECT_EQ(cluster->members.back().surprise, 3)
      << "an address added by whoever sends says nothing";
  cluster = place_to(letter, 5, {5}, {500}).cluster;
  EXPECT_EQ(cluster->members.back().surprise, 3)
      << "nor does it where the account has written to it once to make it an acquaintance";
  cluster = place_to(letter, 6, {500}).cluster;
  EXPECT_EQ(cluster->members.back().surprise, 0) << "all of them write to one person";
  cluster = place_to(letter, 7, {500}, {7}).cluster;
  EXPECT_EQ(cluster->members.back().surprise, 0) << "and to a friend";
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

TEST_F(ClusterStoreTest, ALoneMailBelongsToTheCampaignThatALaterMailJoinsItWith) {
  live();
  const Fingerprint a = texts.text();
  const Fingerprint b = texts.text();
  EXPECT_EQ(place(b, 20).cluster, nullptr) << "nothing to compare it with";
  const std::uint64_t early = message_;
  Cluster& open = campaign(a);
  Fingerprint both = a;
  for (std::size_t i = 0; i < 32; ++i) both.sketch[i] = b.sketch[i];
  const Placed placed = place(both, 6);
  EXPECT_EQ(placed.cluster, &open);
  EXPECT_EQ(placed.lone_before, std::vector{early});
  EXPECT_NE(open.member(20), nullptr);
  EXPECT_TRUE(place(both, 7).lone_before.empty()) << "once";
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

TEST_F(ClusterStoreTest, OfUnitedClustersTheFirstMailFromOutsideCounts) {
  Cluster none;
  none.first_at = now;
  Cluster late;
  late.first_at = now + std::chrono::hours(1);
  late.from_outside = 3;
  late.outside_at = now + std::chrono::hours(2);
  Cluster early = late;
  early.outside_at = now - std::chrono::hours(2);

  Cluster both = none;
  both.absorb(late);
  EXPECT_EQ(both.from_outside, 3U);
  EXPECT_EQ(both.outside_at, late.outside_at) << "not 1970, before everything";
  EXPECT_GT(both.outside_at, both.first_at);
  both.absorb(none);
  EXPECT_EQ(both.outside_at, late.outside_at);
  both.absorb(early);
  EXPECT_EQ(both.outside_at, early.outside_at);
  both.absorb(late);
  EXPECT_EQ(both.outside_at, early.outside_at);
}

TEST_F(ClusterStoreTest, TellsWhichRecordsGoWithWhatItForgets) {
  live();
  const std::uint64_t id = campaign(texts.text()).id;
  store.close(*store.find(id), true, true);
  now += std::chrono::hours(24 * 61);
  EXPECT_TRUE(store.take_forgotten().empty());
  const Fingerprint other = texts.text();
  place(other, 21);
  place(other, 22);  // a new cluster needs a place
  EXPECT_EQ(store.find(id), nullptr);
  EXPECT_EQ(store.take_forgotten(), std::vector<std::uint64_t>{id});
  EXPECT_TRUE(store.take_forgotten().empty());
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
                                     .to = {std::span(&recipient, 1), 1},
                                     .companions = {},
                                     .at = now});
  ASSERT_NE(placed.cluster, nullptr);
  EXPECT_EQ(placed.cluster->id, cluster->id);
  EXPECT_EQ(other.open_count(), 1U);
}

TEST_F(ClusterStoreTest, ARecordKeepsPhrasesAndAddresses) {
  live();
  Fingerprint text = texts.text();
  text.phrases = {11, 12};
  text.phrase_count = 2;
  const Cluster& open = campaign(text);
  std::string state;
  encode_cluster(open, state);
  const auto read = decode_cluster(state);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->clients, open.clients);
  EXPECT_EQ(read->clients.size(), 5U);
  EXPECT_EQ(read->phrase_core, open.phrase_core);
  EXPECT_GT(read->phrase_core, 0U);
  ASSERT_EQ(read->phrases.size(), 2U);
  EXPECT_TRUE(read->has_phrase(11));
  ASSERT_EQ(read->sketches.size(), open.sketches.size());
  EXPECT_EQ(read->sketches[0].messages, open.sketches[0].messages);
}

}  // namespace
}  // namespace leumund::evidence
