#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/campaign_test_world.h"
#include "engine/campaigns.h"

namespace leumund::engine {
namespace {

using model::Disposition;
using model::Fingerprint;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::SizeIs;

class CampaignTest : public CampaignWorld {};

TEST_F(CampaignTest, OneSpamMailFromEachOfManyAccountsIsStoppedWithinAFew) {
  live(60);
  const int left = attack(0, 60, text());
  EXPECT_LE(left, 10);
  ASSERT_NE(campaign(), nullptr);
  EXPECT_EQ(campaign()->detector, "campaign");
  EXPECT_EQ(campaign()->accounts.size(), static_cast<std::size_t>(left) + 1)
      << "those whose mail went out are named";
  EXPECT_EQ(campaign()->messages.size(), static_cast<std::size_t>(left) + 1);
}

TEST_F(CampaignTest, InAHouseOfThreeDaysClubLettersAreNoCampaignThoughAllAreStrangers) {
  const Fingerprint letter = text();
  for (int day = 0; day < 3; ++day) {
    send(person(90), {"friend@away.test"}, home(90), text());
    world.pass_time(hours(24));
  }
  // Eight clubs write alike, to members whom this house never heard of.
  for (int club = 0; club < 8; ++club) {
    for (int i = 0; i < 3; ++i) {
      const Outcome out = send(person(club), {world.stranger()}, home(club), variant(letter));
      EXPECT_EQ(out.answer.disposition, Disposition::pass);
      world.pass_time(seconds(60));
    }
  }
  EXPECT_EQ(campaign(), nullptr);
}

TEST_F(CampaignTest, OtherMailOfTheMembersAndOfOthersGoesOn) {
  live(40);
  const Fingerprint spam = text();
  attack(0, 30, spam);
  ASSERT_NE(campaign(), nullptr);
  EXPECT_EQ(send(person(35), {"friend35-1@away.test"}, home(35), text()).answer.disposition,
            Disposition::pass);
  EXPECT_EQ(send(person(1), {"friend1-1@away.test"}, home(1), text()).answer.disposition,
            Disposition::pass)
      << "a member's usual mail is not the campaign";
}

TEST_F(CampaignTest, MembersCarryTheTermAndNobodyElse) {
  live(40);
  attack(0, 20, text());
  EXPECT_EQ(campaign_term(person(0)), 4) << "the first one's mail had left";
  EXPECT_EQ(campaign_term(person(19)), 4);
  EXPECT_EQ(campaign_term(person(35)), 0);
}

TEST_F(CampaignTest, OneReleaseLetsTheMailGoAndTeachesTheText) {
  live(40);
  const Fingerprint letter = text();
  attack(0, 20, letter);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  ASSERT_TRUE(world.engine.book().release(subject, {}, "admin", world.now).ok());
  world.engine.campaign_released(subject, true, world.now);
  EXPECT_EQ(attack(20, 20, letter), 20);
  for (const auto& term : world.engine.explain(account_of(person(0)), world.now).terms)
    EXPECT_NE(term.name, "campaign");
}

TEST_F(CampaignTest, AReleaseLiftsWhatItsMembersAreRestrictedFor) {
  live(40);
  const Fingerprint letter = text();
  attack(0, 20, letter);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  // With the four points of the campaign a few more strangers are enough.
  for (int k = 0; k < 40 && world.engine.book().find(account_of(person(0))) == nullptr; ++k) {
    send(person(0), {world.stranger()}, bot(0), variant(letter));
    world.pass_time(seconds(20));
  }
  ASSERT_NE(world.engine.book().find(account_of(person(0))), nullptr);
  ASSERT_TRUE(world.engine.book().release(subject, {}, "admin", world.now).ok());
  const auto lifted = world.engine.campaign_released(subject, true, world.now);
  EXPECT_EQ(world.engine.book().find(account_of(person(0))), nullptr);
  EXPECT_THAT(lifted, SizeIs(1));
}

TEST_F(CampaignTest, WhoIsInTwoCampaignsStaysAMemberOfTheOneThatStands) {
  live(40);
  const Fingerprint spam = text();
  attack(0, 20, text());
  ASSERT_NE(campaign(), nullptr);
  const model::Subject first = campaign()->subject;
  world.decisions.clear();
  attack(10, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject second = campaign()->subject;
  ASSERT_NE(first, second);
  ASSERT_THAT(world.engine.campaign_members(second), Contains(account_of(person(15))));
  ASSERT_TRUE(world.engine.book().release(first, {}, "admin", world.now).ok());
  world.engine.campaign_released(first, true, world.now);
  EXPECT_EQ(campaign_term(person(15)), 4);
  EXPECT_EQ(campaign_term(person(5)), 0);
  ASSERT_TRUE(world.engine.book().release(second, {}, "admin", world.now).ok());
  world.engine.campaign_released(second, true, world.now);
  EXPECT_EQ(campaign_term(person(15)), 0);
}

TEST_F(CampaignTest, BeyondTheListNobodyIsNamedSoThatAReleaseLetsAllGo) {
  live(40);
  const Fingerprint spam = text();
  attack(0, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  const int last = 1000 + static_cast<int>(Campaigns::members_listed) + 50;
  for (int i = 1000; i < last; ++i) send(person(i), {world.stranger()}, bot(i), spam);
  ASSERT_EQ(world.engine.campaign_members(subject).size(), Campaigns::members_listed);
  EXPECT_EQ(campaign_term(person(1000)), 4);
  EXPECT_EQ(campaign_term(person(last - 1)), 0);
  EXPECT_EQ(send(person(last), {world.stranger()}, bot(last), spam).answer.disposition,
            Disposition::hold)
      << "its mail is held all the same";
  ASSERT_TRUE(world.engine.book().release(subject, {}, "admin", world.now).ok());
  world.engine.campaign_released(subject, true, world.now);
  for (int i = 1000; i < last; i += 25) EXPECT_EQ(campaign_term(person(i)), 0) << i;
}

TEST_F(CampaignTest, AMemberWhoseMailIsOutAlreadyIsRestrictedWhenItIsNamed) {
  live(40);
  const Fingerprint spam = text();
  // Odd, but not enough by itself.
  const double enough = world.engine.explain(account_of(person(0)), world.now).threshold;
  double score = 0;
  for (int k = 0; k < 40 && score < enough - 3; ++k, world.pass_time(minutes(20)))
    score = send(person(0), {world.stranger()}, bot(0), variant(spam)).score;
  ASSERT_GE(score, enough - 3);
  ASSERT_FALSE(world.restricted(person(0)));
  attack(1, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  const model::Restriction* standing = world.engine.book().find(account_of(person(0)));
  ASSERT_NE(standing, nullptr) << "he sent nothing since";
  EXPECT_EQ(standing->rests_on, campaign()->subject.to_string());
  EXPECT_FALSE(world.restricted(person(1))) << "for one mail nobody is";
}

TEST_F(CampaignTest, WhatRestsOnACampaignIsKnownFromTheRestrictionsAlone) {
  live(40);
  const Fingerprint letter = text();
  attack(0, 20, letter);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  std::vector<evidence::SubjectRecord> records;  // of before he was restricted
  world.engine.drain_dirty(1'000'000, [&](auto&& record) { records.push_back(record); });
  for (int k = 0; k < 40 && !world.restricted(person(30)); ++k, world.pass_time(seconds(20)))
    send(person(30), {world.stranger()}, bot(30), variant(letter));
  ASSERT_TRUE(world.restricted(person(30)));
  World after;
  after.engine.book().restore(world.engine.book().standing());
  for (const auto& record : records)
    ASSERT_TRUE(after.engine.load_record(record.subject, record.state).ok());
  EXPECT_THAT(after.engine.campaign_members(subject), Contains(account_of(person(30))));
  ASSERT_TRUE(after.engine.book().release(subject, {}, "admin", world.now).ok());
  after.engine.campaign_released(subject, true, world.now);
  EXPECT_FALSE(after.restricted(person(30)));
}

TEST_F(CampaignTest, HeldMailOfACampaignIsFoundInTheQueue) {
  live(40);
  const Fingerprint spam = text();
  for (int i = 0; i < 20; ++i) {
    model::Submission mail = world.mail(person(i), {world.stranger()}, bot(i));
    mail.print = std::make_shared<const Fingerprint>(variant(spam));
    mail.queue = {"", "", fmt::format("Q{}", i)};
    world.send(std::move(mail));
    world.pass_time(seconds(40));
  }
  ASSERT_NE(campaign(), nullptr);
  model::Decision about;
  about.subject = campaign()->subject;
  const auto held = world.engine.with_queue(about).held;
  EXPECT_THAT(held, SizeIs(20)) << "what was let in before and is still queued is found as well";
}

TEST_F(CampaignTest, MailThatPolicyTellsBeforeTheMilterShowsItIsJudgedByItsText) {
  live(40);
  const Fingerprint spam = text();
  int held = 0;
  for (int i = 0; i < 20; ++i, world.pass_time(seconds(40))) {
    model::Submission mail = world.mail(person(i), {world.stranger()}, bot(i));
    mail.queue = {"", "", fmt::format("Q{}", i)};
    mail.source = model::Source::policy;
    EXPECT_EQ(world.send(mail).answer.disposition, Disposition::pass) << i;
    mail.source = model::Source::milter;
    mail.id = fmt::format("milter/Q{}", i);
    mail.print = std::make_shared<const Fingerprint>(variant(spam));
    held += world.send(std::move(mail)).answer.disposition == Disposition::hold;
  }
  EXPECT_GE(held, 14);
}

TEST_F(CampaignTest, HeldMailAndMembersAreKnownAfterARestart) {
  live(40);
  std::ignore = world.engine.drain_queue();
  const Fingerprint spam = text();
  for (int i = 0; i < 20; ++i, world.pass_time(seconds(40))) {
    model::Submission mail = world.mail(person(i), {world.stranger()}, bot(i));
    mail.print = std::make_shared<const Fingerprint>(variant(spam));
    mail.queue = {"", "", fmt::format("Q{}", i)};
    world.send(std::move(mail));
  }
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  const auto held_by = [&](const Engine& engine) {
    model::Decision about;
    about.subject = subject;
    return engine.with_queue(about).held.size();
  };
  ASSERT_EQ(held_by(world.engine), 20U);
  World after;
  for (const auto& mail : world.engine.drain_queue()) after.engine.load_queued(mail);
  world.engine.drain_dirty(1'000'000, [&](evidence::SubjectRecord&& record) {
    ASSERT_TRUE(after.engine.load_record(record.subject, record.state).ok());
  });
  EXPECT_EQ(held_by(after.engine), 20U);
  EXPECT_EQ(after.engine.campaign_members(subject).size(), 20U);
}

TEST_F(CampaignTest, APetitionAChainLetterAndAnswersOfTheHousePass) {
  live(60);
  const Fingerprint petition = text();
  for (int i = 0; i < 40; ++i, world.pass_time(minutes(10)))
    send(person(i), {"mp@parliament.test"}, home(i), petition);
  const Fingerprint joke = text();
  for (int i = 0; i < 40; ++i, world.pass_time(minutes(10)))
    send(person(i), {fmt::format("friend{}-1@away.test", i)}, home(i), joke);
  const Fingerprint away = text();
  for (int i = 0; i < 40; ++i, world.pass_time(minutes(10))) {
    model::Submission mail = world.mail(person(i), {world.stranger()}, "127.0.0.1");
    mail.envelope_sender = "";
    Fingerprint print = away;
    print.set(model::MailSign::auto_submitted);
    mail.print = std::make_shared<const Fingerprint>(print);
    world.send(std::move(mail));
  }
  EXPECT_EQ(campaign(), nullptr);
}

TEST_F(CampaignTest, APetitionAndAChainLetterPassWhileSpamPaddedWithTheirWordsIsHeld) {
  live(60);
  const auto with_words = [this](std::uint32_t first) {
    Fingerprint print = text();
    for (std::uint32_t i = 0; i < 8; ++i) print.phrases[print.phrase_count++] = first + i;
    return print;
  };
  const Fingerprint spam = with_words(100);
  const Fingerprint petition = with_words(200);
  const Fingerprint joke = with_words(300);
  attack(0, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  int passed = 0;
  int left = 0;
  for (int i = 20; i < 60; ++i, world.pass_time(minutes(3))) {
    Fingerprint padded = variant(spam);
    for (const Fingerprint* other : {&petition, &joke}) {
      for (std::size_t k = 0; k < 3; ++k)
        padded.phrases[padded.phrase_count++] =
            other->phrases[(static_cast<std::size_t>(i) + k) % 8];
    }
    left += send(person(i % 20), {world.stranger()}, bot(i), padded).answer.disposition ==
            Disposition::pass;
    passed += send(person(i), {"mp@parliament.test"}, home(i), petition).answer.disposition ==
              Disposition::pass;
    passed += send(person(i), {fmt::format("friend{}-1@away.test", i)}, home(i), joke)
                  .answer.disposition == Disposition::pass;
  }
  EXPECT_EQ(passed, 80);
  EXPECT_EQ(left, 0);
}

TEST_F(CampaignTest, AnAccountHardlyKnownMayTellItsFriendsWhatACampaignSays) {
  live(40);
  for (int day = 0; day < 3; ++day, world.pass_time(hours(24)))
    send(person(90), {"friend90@away.test"}, home(90), text());
  const Fingerprint spam = text();
  attack(0, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  EXPECT_EQ(send(person(90), {"friend90@away.test"}, home(90), spam).answer.disposition,
            Disposition::pass);
  EXPECT_EQ(send(person(90), {world.stranger()}, bot(90), spam).answer.disposition,
            Disposition::hold);
}

TEST_F(CampaignTest, ScriptsThatSendWithAnEmptySenderAreSeenAndBouncesAreNot) {
  const auto from_script = [&](int i, const std::string& to, const Fingerprint& print,
                               const std::string& sender) {
    model::Submission mail = world.mail("", {to}, "127.0.0.1");
    mail.script = fmt::format("uid{}:/srv/www/site{}/contact.php", 1000 + i, i);
    mail.envelope_sender = sender;
    mail.print = std::make_shared<const Fingerprint>(print);
    return world.send(std::move(mail));
  };
  for (int day = 0; day < 21; ++day, world.pass_time(hours(24))) {
    for (int i = 0; i < 30; ++i)
      from_script(i, fmt::format("owner{}@away.test", i), text(), "www@site.test");
  }
  // A bounce that a local program makes: mostly the mail that it is about.
  Fingerprint bounce = text();
  bounce.set(model::MailSign::report);
  bounce.set(model::MailSign::text_is_quoted);
  for (int i = 0; i < 30; ++i, world.pass_time(minutes(2))) {
    EXPECT_EQ(from_script(i, world.stranger(), bounce, "").campaign.cluster, 0U);
  }
  EXPECT_EQ(campaign(), nullptr);
  const Fingerprint spam = text();
  for (int i = 0; i < 30; ++i, world.pass_time(seconds(60)))
    from_script(i, world.stranger(), variant(spam), "");
  ASSERT_NE(campaign(), nullptr);
  EXPECT_TRUE(campaign()->subject.kind == model::SubjectKind::campaign);
}

TEST_F(CampaignTest, InObserveModeItIsNamedAndNothingIsHeld) {
  Settings settings = test_settings();
  settings.book.detector_modes["campaign"] = model::Mode::observe;
  world.engine.set_settings(settings);
  live(40);
  EXPECT_EQ(attack(0, 30, text()), 30);
  EXPECT_EQ(campaign(), nullptr);
  for (const auto& term : world.engine.explain(account_of(person(0)), world.now).terms)
    EXPECT_NE(term.name, "campaign") << "what is only observed counts against nobody";
  EXPECT_TRUE(std::any_of(world.decisions.begin(), world.decisions.end(), [](const auto& d) {
    return d.kind == model::DecisionKind::would_restrict && d.detector == "campaign" &&
           d.accounts.size() >= 3;
  }));
}

TEST_F(CampaignTest, WithoutBodiesAccountsThatShareBotsAreFound) {
  live(40);
  int held = 0;
  for (int i = 0; i < 36; ++i) {
    for (int k = 0; k < 2; ++k, world.pass_time(seconds(30))) {
      held +=
          world.send(person(i), {world.stranger()}, bot(k)).answer.disposition != Disposition::pass;
    }
  }
  EXPECT_NE(campaign(), nullptr);
  EXPECT_GE(held, 30);
}

TEST_F(CampaignTest, AnOpenCampaignSurvivesInItsRecords) {
  live(40);
  const Fingerprint spam = text();
  attack(0, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  std::map<std::string, std::string> disk;
  world.engine.drain_dirty(
      1'000'000, [&](evidence::SubjectRecord&& record) { disk[record.subject] = record.state; });
  EXPECT_THAT(disk, Contains(::testing::Key(campaign()->subject.to_string())));
  World after;
  after.now = world.now;
  after.serial = world.serial;
  for (const auto& [name, state] : disk) ASSERT_TRUE(after.engine.load_record(name, state).ok());
  action::StandingRecord standing;
  standing.restrictions = world.engine.book().restrictions();
  after.engine.book().restore(standing);
  for (int i = 20; i < 40; ++i) {
    model::Submission mail = after.mail(person(i), {after.stranger()}, bot(i));
    mail.print = std::make_shared<const Fingerprint>(variant(spam));
    EXPECT_EQ(after.send(std::move(mail)).answer.disposition, Disposition::hold) << i;
  }
}

TEST_F(CampaignTest, ExplainsItselfAndWhyItIsNoneOfTheHonestKinds) {
  live(40);
  attack(0, 20, text());
  ASSERT_NE(campaign(), nullptr);
  const Explanation e = world.engine.explain(campaign()->subject, world.now);
  EXPECT_TRUE(e.known);
  EXPECT_EQ(e.standing, "suspended");
  EXPECT_GE(e.score, e.threshold);
  std::map<std::string, std::string> facts(e.habits.begin(), e.habits.end());
  EXPECT_THAT(facts["members"], ::testing::HasSubstr("p0@t0.test"));
  EXPECT_FALSE(facts["not_one_recipient"].empty());
  EXPECT_FALSE(facts["without_strongest_term"].empty());
  EXPECT_EQ(facts.count("template"), 0U) << "texts are kept only where the operator allows";
}

TEST_F(CampaignTest, TheTemplateMarksWhatVaries) {
  Settings settings = test_settings();
  settings.campaign_texts = true;
  world.engine.set_settings(settings);
  live(40);
  const Fingerprint spam = text();
  for (int i = 0; i < 30; ++i, world.pass_time(seconds(40))) {
    model::Submission mail = world.mail(person(i), {world.stranger()}, bot(i));
    mail.print = std::make_shared<const Fingerprint>(variant(spam));
    mail.own_text = fmt::format("Dear friend {} buy our finest watches today", i);
    world.send(std::move(mail));
  }
  ASSERT_NE(campaign(), nullptr);
  const Explanation e = world.engine.explain(campaign()->subject, world.now);
  std::map<std::string, std::string> facts(e.habits.begin(), e.habits.end());
  EXPECT_EQ(facts["template"], "Dear friend [...] buy our finest watches today");
}

TEST_F(CampaignTest, ACampaignThatStopsForAWeekIsOver) {
  Settings settings = test_settings();
  settings.book.detector_spans["campaign"] = hours(24 * 7);
  world.engine.set_settings(settings);
  live(40);
  const Fingerprint spam = text();
  attack(0, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  EXPECT_EQ(world.engine.counters().campaigns.open, 1U);
  world.pass_time(hours(24 * 8));
  world.engine.tick(world.now);
  EXPECT_EQ(world.engine.counters().campaigns.open, 0U);
}

}  // namespace
}  // namespace leumund::engine
