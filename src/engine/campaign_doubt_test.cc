// What speaks against an alarm: owners that come after it, and footers that were always there.
#include <gtest/gtest.h>

#include <string>

#include "engine/campaign_test_world.h"

namespace leumund::engine {
namespace {

using model::Disposition;
using model::Fingerprint;
using std::chrono::hours;
using std::chrono::minutes;

class CampaignDoubtTest : public CampaignWorld {
 protected:
  // Somebody known writes to one more person whom this house knows; below his text stands what
  // stands below the letter, too.
  Outcome quote(int i, const Fingerprint& letter) {
    Fingerprint print = text();
    print.phrases = letter.phrases;
    print.phrase_count = letter.phrase_count;
    print.add_facet(letter.facet_kinds[0], letter.facet_hashes[0]);
    return pass_on(i, print);
  }
  Outcome pass_on(int i, const Fingerprint& print) {
    return send(person(i),
                {fmt::format("friend{}-1@away.test", i), fmt::format("friend{}-2@away.test", i),
                 fmt::format("friend{}-1@away.test", (i + 1) % 60)},
                home(i), print);
  }
  Fingerprint with_footer(std::uint32_t list) {
    Fingerprint print = text();
    for (std::uint32_t i = 0; i < 6; ++i) print.phrases[print.phrase_count++] = 1000 * list + i;
    return print;
  }
  // Accounts of a day write from home to strangers: a little odd, until there is an alarm.
  void alarm_by_new_accounts(const Fingerprint& letter) {
    for (int i = 200; i < 240 && campaign() == nullptr; ++i, world.pass_time(minutes(30)))
      send(person(i), {world.stranger()}, home(i), variant(letter));
    ASSERT_NE(campaign(), nullptr);
  }
};

TEST_F(CampaignDoubtTest, AnAlarmThatLaterAccountsRefuteIsWithdrawnAndMayComeAgain) {
  live(60);
  const Fingerprint letter = with_footer(5);
  alarm_by_new_accounts(letter);
  const model::Subject subject = campaign()->subject;
  int held = 0;
  int asked = 0;
  for (; asked < 40 && world.engine.book().find(subject) != nullptr; ++asked) {
    held += quote(asked, letter).answer.disposition == Disposition::hold;
    world.pass_time(minutes(30));
  }
  EXPECT_LT(asked, 40);
  EXPECT_LE(held, 2);
  EXPECT_EQ(world.engine.counters().campaigns.open, 0U);
  EXPECT_EQ(campaign_term(person(200)), 0) << "nobody is a member any more";
  const model::Decision& last = world.decisions.back();
  EXPECT_EQ(last.kind, model::DecisionKind::released);
  EXPECT_EQ(last.subject, subject);
  EXPECT_EQ(last.by, "later mail");
  world.decisions.clear();
  attack(30, 20, letter);
  EXPECT_NE(campaign(), nullptr) << "what thieves send after it is found";
}

TEST_F(CampaignDoubtTest, WhoeverSendsTheWholeOfItRefutesNothing) {
  live(60);
  const Fingerprint spam = text();
  attack(0, 30, spam);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  for (int i = 30; i < 33; ++i, world.pass_time(minutes(30))) pass_on(i, variant(spam));
  EXPECT_NE(world.engine.book().find(subject), nullptr);
  EXPECT_EQ(attack(50, 10, spam), 0);
}

TEST_F(CampaignDoubtTest, WhatIsLikelierItsOwnersNamesNobody) {
  live(60);
  const Fingerprint spam = text();
  attack(0, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  for (int i = 30; i < 33; ++i, world.pass_time(minutes(3))) {
    EXPECT_NE(pass_on(i, variant(spam)).campaign.affinity, 0) << "else this shows nothing";
    EXPECT_EQ(campaign_term(person(i)), 0) << i;
  }
  EXPECT_EQ(campaign_term(person(19)), 4);
}

TEST_F(CampaignDoubtTest, WhomOnlyTheCampaignPutOverTheThresholdIsHeldAndHisUsualMailGoesOn) {
  live(40);
  const Fingerprint spam = text();
  const double enough = world.engine.explain(account_of(person(0)), world.now).threshold;
  double score = 0;
  for (int k = 0; k < 40 && score < enough - 3; ++k, world.pass_time(minutes(20)))
    score = send(person(0), {world.stranger()}, bot(0), variant(spam)).score;
  ASSERT_FALSE(world.restricted(person(0)));
  attack(1, 20, spam);
  const model::Restriction* standing = world.engine.book().find(account_of(person(0)));
  ASSERT_NE(standing, nullptr);
  EXPECT_EQ(standing->level, model::Level::hold);
  EXPECT_EQ(send(person(0), {"friend0-1@away.test"}, home(0), text()).answer.disposition,
            Disposition::pass);
  EXPECT_EQ(send(person(0), {world.stranger()}, bot(0), text()).answer.disposition,
            Disposition::hold);
}

TEST_F(CampaignDoubtTest, AListsFooterIsKnownADayAfterNewcomersSentIt) {
  live(40);
  for (int i = 300; i < 303; ++i, world.pass_time(minutes(5)))
    send(person(i), {fmt::format("friend{}-1@away.test", i % 40)}, home(i), with_footer(7));
  world.pass_time(hours(25));
  const auto affinity = [this](int i, std::uint32_t list) {
    return send(person(i), {world.stranger()}, home(i), with_footer(list)).campaign.affinity;
  };
  affinity(310, 7);
  EXPECT_EQ(affinity(311, 7), 0) << "nobody is like the other for a footer of old";
  affinity(312, 8);
  EXPECT_GT(affinity(313, 8), 0) << "a new one is";
}

TEST_F(CampaignDoubtTest, WhatACampaignSaysIsNotLearnedWhileItIsOpen) {
  live(40);
  Fingerprint spam = with_footer(9);
  attack(0, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  for (int i = 300; i < 303; ++i, world.pass_time(minutes(5)))
    send(person(i), {fmt::format("friend{}-1@away.test", i % 40)}, home(i), with_footer(9));
  world.pass_time(hours(25));
  EXPECT_EQ(attack(20, 20, with_footer(9)), 0);
}

}  // namespace
}  // namespace leumund::engine
