// Honest mailings beside an open campaign: petitions, chain letters, travellers.
#include <gtest/gtest.h>

#include "evidence/cluster_test_world.h"

namespace leumund::evidence {
namespace {

using model::FacetKind;
using model::Fingerprint;

constexpr float thief = 2.5F;   // odds
constexpr float owner = -1.5F;  // ...
constexpr float odd = 2.5F;     // surprise

class HonestMailTest : public ClusterWorld {
 protected:
  // Ids: pointers to clusters end with the next mail.
  static std::uint64_t id(const Placed& placed) {
    return placed.cluster == nullptr ? 0 : placed.cluster->id;
  }
  std::uint64_t campaign_with(const Fingerprint& text) {
    std::uint64_t of = 0;
    for (std::uint64_t account = 1; account <= 5; ++account)
      of = id(place_known(text, account, 6, thief));
    EXPECT_NE(of, 0U);
    EXPECT_TRUE(store.open(*store.find(of), now));
    return of;
  }
  // A petition: `n` accounts whose habits are known write one text to one person.
  std::uint64_t petition(const Fingerprint& text, std::uint64_t n) {
    std::uint64_t of = 0;
    for (std::uint64_t i = 0; i < n; ++i)
      of = id(place_known(text, 300 + i, 1.4F, owner, member_of_parliament));
    EXPECT_NE(of, 0U);
    EXPECT_EQ(store.find(of)->members.size(), n);
    EXPECT_LT(store.find(of)->balance(), 0);
    return of;
  }
  // Spam of the campaign, padded with a sentence of somebody else's.
  Fingerprint padded(const Fingerprint& spam, const Fingerprint& of) {
    Fingerprint print = spam;
    for (std::size_t i = 0; i < 3; ++i) print.phrases[print.phrase_count++] = of.phrases[i];
    return print;
  }
  static constexpr std::uint32_t member_of_parliament = 900'000;
};

TEST_F(HonestMailTest, APartOfTheTextDoesNotOutweighThatAMailIsLikelierTheOwners) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint text = text_with({11, 12, 13});
  const std::uint64_t open = campaign_with(text);
  EXPECT_EQ(id(place_known(text_with({11, 12, 13}), 20, odd, owner)), 0U);
  EXPECT_EQ(id(place_known(text_with({11, 12, 13}), 21, odd, thief)), open);
  EXPECT_EQ(id(place_known(text, 22, odd, owner)), open) << "the whole of it does";
}

TEST_F(HonestMailTest, LinksThatComeWithAQuotationAreNoFurtherEvidenceBesideIt) {
  for (int day = 0; day < 6; ++day) live();
  Fingerprint spam = text_with({11, 12, 13});
  spam.add_facet(FacetKind::quoted_domain, 77);
  spam.add_facet(FacetKind::url_domain, 78);
  const std::uint64_t open = campaign_with(spam);
  Fingerprint quoting = text_with({11, 12, 13});
  quoting.add_facet(FacetKind::quoted_domain, 77);
  EXPECT_EQ(id(place_known(quoting, 20, odd, owner)), 0U);
  Fingerprint linking = text_with({11, 12, 13});
  linking.add_facet(FacetKind::url_domain, 78);
  EXPECT_EQ(id(place_known(linking, 21, odd, owner)), open);
}

TEST_F(HonestMailTest, AWatchedClusterCountsOwnersAsWellOrAllInItWouldLookOdd) {
  for (int day = 0; day < 6; ++day) live();
  place_known(text_with({11, 12, 13}), 20, odd, owner);
  const std::uint64_t watched = id(place_known(text_with({11, 12, 13}), 21, odd, owner));
  ASSERT_NE(watched, 0U);
  EXPECT_EQ(id(place_known(text_with({11, 12, 13}), 22, odd, thief)), watched);
  EXPECT_EQ(store.find(watched)->members.size(), 3U);
}

TEST_F(HonestMailTest, SpamPaddedWithASentenceOfAPetitionDoesNotMakeThePetitionACampaign) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint letter = text_with({21, 22, 23});
  const Fingerprint spam = text_with({});
  const std::uint64_t honest = petition(letter, 4);
  const std::uint64_t open = campaign_with(spam);
  const Placed placed = place_known(padded(spam, letter), 40, 6, thief);
  EXPECT_EQ(id(placed), open);
  EXPECT_FALSE(placed.united);
  EXPECT_EQ(store.clusters(), 2U);
  EXPECT_EQ(id(place_known(letter, 310, odd, owner, member_of_parliament)), honest);
}

TEST_F(HonestMailTest, SpamPaddedWithASentenceOfOtherSpamStillUnitesTheTwo) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint spam = text_with({});
  const Fingerprint other = text_with({21, 22, 23});
  const std::uint64_t open = campaign_with(spam);
  for (std::uint64_t account = 50; account < 53; ++account)
    ASSERT_NE(id(place_known(other, account, 6, thief)), open);
  const Placed placed = place_known(padded(spam, other), 60, 6, thief);
  EXPECT_TRUE(placed.united);
  EXPECT_EQ(id(place_known(other, 61, 6, thief)), open);
}

TEST_F(HonestMailTest, ALoneMailOfItsOwnerIsNotTakenInForOneSentenceOfLaterSpam) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint spam = text_with({});
  const Fingerprint travel = text_with({31, 32, 33});
  const Fingerprint theft = text_with({41, 42, 43});
  EXPECT_EQ(id(place_known(travel, 70, odd, owner)), 0U);
  EXPECT_EQ(id(place_known(theft, 71, odd, thief)), 0U);
  const std::uint64_t open = campaign_with(spam);
  EXPECT_TRUE(place_known(padded(spam, travel), 80, 6, thief).lone_before.empty());
  EXPECT_EQ(place_known(padded(spam, theft), 81, 6, thief).lone_before.size(), 1U);
  EXPECT_EQ(store.find(open)->member(70), nullptr);
  EXPECT_NE(store.find(open)->member(71), nullptr);
}

TEST_F(HonestMailTest, ACopyOfAPetitionIsOfThePetitionThoughACampaignHasItsSubject) {
  for (int day = 0; day < 6; ++day) live();
  Fingerprint letter = text_with({21, 22, 23});
  Fingerprint spam = text_with({});
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t part = texts.hash();
    letter.add_facet(FacetKind::subject_part, part);
    spam.add_facet(FacetKind::subject_part, part);
  }
  const std::uint64_t honest = petition(letter, 4);
  const std::uint64_t open = campaign_with(spam);
  ASSERT_NE(honest, open);
  EXPECT_EQ(id(place_known(letter, 320, 4, thief, member_of_parliament)), honest)
      << "though this one is odd: somebody signs it from abroad";
  Fingerprint more = text_with({});
  for (std::size_t i = 0; i < spam.facet_count; ++i)
    more.add_facet(spam.facet_kinds[i], spam.facet_hashes[i]);
  EXPECT_EQ(id(place_known(more, 321, 4, thief)), open);
}

TEST_F(HonestMailTest, ACopyOfWhatAPersonReleasedStaysWithItWhileACampaignIsOpen) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint letter = text_with({21, 22, 23});
  const std::uint64_t released = campaign_with(letter);
  store.close(*store.find(released), true, true);
  const Fingerprint spam = text_with({});
  std::uint64_t other = 0;
  for (std::uint64_t account = 50; account < 54; ++account)
    other = id(place_known(spam, account, 6, thief));
  ASSERT_NE(other, 0U);
  ASSERT_NE(other, released);
  ASSERT_TRUE(store.open(*store.find(other), now));
  // The campaign's mail is padded with the letter's sentences until they stand for it.
  for (std::uint64_t account = 60; account < 90; ++account)
    ASSERT_EQ(id(place_known(padded(spam, letter), account, 6, thief)), other);
  EXPECT_EQ(id(place_known(letter, 330, 4, thief)), released);
}

TEST_F(HonestMailTest, ARunOfMailInCharacterClosesThePathByWhichItCame) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint spam = text_with({});
  const std::uint64_t open = campaign_with(spam);
  // Two thieves' mails joined with another text as well; since then honest people send it.
  const Fingerprint letter = text_with({21, 22, 23});
  Fingerprint both = spam;
  for (std::size_t i = 0; i < 32; ++i) both.sketch[i] = letter.sketch[i];
  for (std::size_t i = 0; i < 6; ++i) both.phrases[i] = letter.phrases[i];
  for (std::uint64_t account = 90; account < 93; ++account)
    ASSERT_EQ(id(place_known(both, account, 6, 1)), open);
  int joined = 0;
  for (std::uint64_t account = 400; account < 440; ++account)
    joined += id(place_known(letter, account, odd, owner)) == open ? 1 : 0;
  EXPECT_GT(joined, 0) << "else this shows nothing";
  EXPECT_LE(joined, 6);
  EXPECT_EQ(id(place_known(spam, 500, 6, thief)), open) << "its own text stays";
}

TEST_F(HonestMailTest, FurtherMailOfMembersClosesNoPath) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint spam = text_with({});
  const std::uint64_t open = campaign_with(spam);
  // By the next mail the thief's network and recipients are among what the account is used to.
  for (int i = 0; i < 60; ++i) {
    for (std::uint64_t account = 1; account <= 5; ++account)
      ASSERT_EQ(id(place_known(spam, account, odd, owner)), open);
  }
  EXPECT_EQ(id(place_known(spam, 500, 6, thief)), open);
}

TEST_F(HonestMailTest, MailOfMembersOfAnotherCampaignClosesNoPathEither) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint spam = text_with({});
  const std::uint64_t open = campaign_with(spam);
  // Their first mails were another text of the same thief, which is a campaign of its own.
  for (std::uint64_t account = 600; account < 620; ++account) {
    const Placed placed = place_member(spam, account, odd, owner, open + 1);
    ASSERT_EQ(id(placed), open) << account;
  }
  EXPECT_EQ(id(place_known(spam, 500, 6, thief)), open);
}

TEST_F(HonestMailTest, WhatOneAccountSendsToManyDoesNotHideThatTheOthersWriteToOne) {
  for (int day = 0; day < 6; ++day) live();
  const Fingerprint letter = text_with({21, 22, 23});
  place_known(letter, 1, odd, thief);
  place_known(letter, 2, odd, thief, member_of_parliament);
  for (int i = 0; i < 100; ++i) place_known(letter, 1, odd, thief);
  const std::uint64_t of = id(place_known(letter, 3, odd, thief, member_of_parliament));
  const Cluster* cluster = store.find(of);
  ASSERT_NE(cluster, nullptr);
  EXPECT_EQ(cluster->members.back().surprise, 0);
  EXPECT_LT(cluster->members.back().odds, 0);
}

TEST_F(HonestMailTest, NobodyOutsideTeachesAnOpenCampaignWhatIsOfIt) {
  live();
  Fingerprint spam = text_with({11, 12, 13, 14, 15});
  spam.add_facet(FacetKind::url_domain, 77);
  const std::uint64_t id = campaign(spam).id;
  const Fingerprint newsletter = text_with({31, 32, 33, 34, 35});
  const std::uint32_t core = store.find(id)->core;
  for (int i = 0; i < 20; ++i) {
    Fingerprint bait = spam;
    bait.phrases = newsletter.phrases;
    bait.phrase_count = newsletter.phrase_count;
    bait.add_facet(FacetKind::url_domain, 78);
    EXPECT_EQ(place(bait, 0, 0).cluster, store.find(id)) << "it is like the campaign";
  }
  EXPECT_EQ(store.find(id)->core, core);
  EXPECT_FALSE(store.find(id)->has_phrase(31));
  EXPECT_FALSE(store.find(id)->has_facet(FacetKind::url_domain, 78));
  EXPECT_EQ(store.find(id)->from_outside, 20U);
}

}  // namespace
}  // namespace leumund::evidence
