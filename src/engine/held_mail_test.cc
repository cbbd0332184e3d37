// Mail on hold waits for a person, however long that takes and whatever else passes meanwhile: its
// record stays, and the release of its campaign goes on working.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/campaign_test_world.h"

namespace leumund::engine {
namespace {

using model::DecisionKind;
using model::Disposition;
using model::Fingerprint;
using std::chrono::hours;
using std::chrono::seconds;

class HeldMail : public CampaignWorld {
 protected:
  void begin(const Settings& settings) {
    std::destroy_at(&world);
    std::construct_at(&world, settings);
    live(60);
    save();
  }
  bool is_held(int account, const Fingerprint& spam, const std::string& queue_id) {
    model::Submission mail = world.mail(person(account), {world.stranger()}, bot(account));
    mail.print = std::make_shared<const Fingerprint>(variant(spam));
    mail.source = model::Source::milter;
    mail.queue = {"", "", queue_id};
    return world.send(std::move(mail)).answer.disposition == Disposition::hold;
  }
  int attack_with_queue(int accounts, const Fingerprint& spam) {
    int held = 0;
    for (int i = 0; i < accounts; ++i, world.pass_time(seconds(40)))
      held += is_held(i, spam, "Q" + std::to_string(i)) ? 1 : 0;
    return held;
  }
  void others(int mails) {
    for (int i = 0; i < mails; ++i, world.pass_time(seconds(5)))
      send(person(i % 60), {fmt::format("friend{}-{}@away.test", i % 60, i % 4)}, home(i % 60),
           text());
  }
  void remove(const std::string& queue_id) {
    world.engine.feed({world.now, world.now, model::QueueRemoval{{"", "", queue_id}}}, world.now);
  }
  // What the daemon writes once a second.
  void save() {
    for (auto& mail : world.engine.drain_queue()) {
      if (mail.subject.empty()) {
        queue_.erase(mail.queue.queue_id);
      } else {
        queue_[mail.queue.queue_id] = mail;
      }
    }
    world.engine.drain_dirty(1'000'000, [this](evidence::SubjectRecord&& record) {
      if (record.state.empty()) {
        records_.erase(record.subject);
      } else {
        records_[record.subject] = record.state;
      }
    });
  }
  void restart(const Settings& settings) {
    save();
    const action::StandingRecord standing = world.engine.book().standing();
    const base::TimePoint now = world.now;
    std::destroy_at(&world);
    std::construct_at(&world, settings);
    world.now = now;
    world.engine.book().restore(standing);
    for (const auto& [id, mail] : queue_) world.engine.load_queued(mail);
    std::ignore = world.engine.drain_queue();
    for (const auto& [name, state] : records_)
      ASSERT_TRUE(world.engine.load_record(name, state).ok()) << name;
  }
  std::size_t kept_of(const model::Subject& campaign) {
    std::size_t count = 0;
    for (const auto& [id, mail] : queue_) count += mail.campaign == campaign.to_string() ? 1U : 0U;
    return count;
  }
  std::vector<model::Decision> days(int count) {
    std::vector<model::Decision> all;
    for (int day = 0; day < count; ++day) {
      world.pass_time(hours(24));
      for (auto& decision : world.engine.tick(world.now)) all.push_back(std::move(decision));
    }
    return all;
  }
  static Settings with_span(std::optional<seconds> span) {
    Settings settings = test_settings();
    settings.book.detector_spans["campaign"] = span;
    return settings;
  }

  std::map<std::string, model::QueuedMail> queue_;
  std::map<std::string, std::string> records_;
};

TEST_F(HeldMail, ItsRecordOutlivesTheMemoryOfItsMessage) {
  Settings settings = with_span(hours(24 * 7));
  settings.limits.messages_max = 2000;
  begin(settings);
  const int held = attack_with_queue(50, text());
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  save();
  const std::size_t kept = kept_of(subject);
  ASSERT_GE(kept, static_cast<std::size_t>(held));
  others(2100);
  save();
  EXPECT_EQ(kept_of(subject), kept) << "limits.messages forgets messages, not what is on hold";
  // ... until the log tells that one has left.
  remove("Q40");
  save();
  EXPECT_EQ(kept_of(subject), kept - 1);
  EXPECT_FALSE(queue_.contains("Q40"));
}

TEST_F(HeldMail, WhatIsForgottenBeforeItWasWrittenIsWrittenStill) {
  Settings settings = with_span(hours(24 * 7));
  settings.limits.messages_max = 100;
  begin(settings);
  const int held = attack_with_queue(50, text());
  ASSERT_NE(campaign(), nullptr);
  others(150);  // within one second, as it were
  remove("Q41");
  save();
  EXPECT_GE(kept_of(campaign()->subject), static_cast<std::size_t>(held) - 1);
  EXPECT_FALSE(queue_.contains("Q41")) << "it left before its record was written";
}

TEST_F(HeldMail, OfAnAccountIsKeptAsWell) {
  Settings settings = test_settings();
  settings.limits.messages_max = 200;
  begin(settings);
  model::Restriction stop;
  stop.subject = account_of(person(3));
  stop.level = model::Level::hold;
  stop.by = "admin";
  std::ignore = world.engine.book().suspend(stop, world.now);
  ASSERT_TRUE(is_held(3, text(), "HELD"));
  others(300);
  save();
  ASSERT_TRUE(queue_.contains("HELD"));
  EXPECT_EQ(queue_["HELD"].subject, account_of(person(3)).to_string());
}

TEST_F(HeldMail, OfACampaignThatIsOverIsStillItsOwnAlsoAfterARestart) {
  const Settings settings = with_span(hours(24 * 7));
  begin(settings);
  const Fingerprint spam = text();
  const int held = attack_with_queue(50, spam);
  save();
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  const auto told = days(8);
  ASSERT_EQ(std::ranges::count_if(told,
                                  [&](const auto& one) {
                                    return one.subject == subject &&
                                           one.kind == DecisionKind::ended;
                                  }),
            1);
  restart(settings);
  EXPECT_GE(kept_of(subject), static_cast<std::size_t>(held));
  model::Decision about;
  about.subject = subject;
  EXPECT_GE(world.engine.with_queue(about).held.size(), static_cast<std::size_t>(held));
  EXPECT_TRUE(world.engine.explain(subject, world.now).known);
  EXPECT_FALSE(world.engine.campaign_members(subject).empty());
  // Somebody says that it was honest: its text is known from then on.
  std::ignore = world.engine.campaign_released(subject, true, world.now);
  EXPECT_EQ(world.engine.explain(subject, world.now).standing, "good");
  save();
  EXPECT_GE(kept_of(subject), static_cast<std::size_t>(held)) << "until it leaves the queue";
}

TEST_F(HeldMail, OneReleaseFreesWhoRestsOnACampaignThatIsOver) {
  const Settings settings = with_span(hours(24 * 7));
  world.engine.set_settings(settings);
  const auto from_script = [&](int i, const std::string& to, const Fingerprint& print) {
    model::Submission mail = world.mail("", {to}, "127.0.0.1");
    mail.script = fmt::format("uid{}:/srv/www/site{}/contact.php", 1000 + i, i);
    mail.envelope_sender = "www@site.test";
    mail.print = std::make_shared<const Fingerprint>(print);
    return world.send(std::move(mail));
  };
  for (int day = 0; day < 21; ++day, world.pass_time(hours(24))) {
    for (int i = 0; i < 30; ++i) from_script(i, fmt::format("owner{}@away.test", i), text());
  }
  const Fingerprint spam = text();
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 30; ++i, world.pass_time(seconds(60)))
      from_script(i, world.stranger(), variant(spam));
  }
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  const auto resting = world.engine.book().resting_on(subject);
  ASSERT_FALSE(resting.empty());
  days(9);
  ASSERT_EQ(world.engine.book().find(subject), nullptr);
  EXPECT_EQ(world.engine.book().resting_on(subject), resting)
      << "a script that was taken over is quiet because it is stopped";
  restart(settings);
  EXPECT_EQ(world.engine.campaign_members(subject).size(), resting.size());
  const auto lifted = world.engine.campaign_released(subject, true, world.now);
  EXPECT_EQ(lifted.size(), resting.size());
  EXPECT_TRUE(world.engine.book().resting_on(subject).empty());
}

TEST_F(HeldMail, ACampaignStandsAsLongAsItsSpanSays) {
  for (const std::optional<seconds> span :
       {std::optional<seconds>(hours(24 * 30)), std::optional<seconds>()}) {
    const Settings settings = with_span(span);
    begin(settings);
    world.decisions.clear();
    const Fingerprint spam = text();
    attack(0, 30, spam);
    ASSERT_NE(campaign(), nullptr);
    const model::Subject subject = campaign()->subject;
    days(10);
    restart(settings);
    ASSERT_NE(world.engine.book().find(subject), nullptr);
    EXPECT_EQ(world.engine.explain(subject, world.now).standing, "suspended");
    EXPECT_EQ(attack(30, 30, spam), 0) << "its mail is held, ten quiet days later";
    EXPECT_EQ(campaign(), nullptr) << "it is the same campaign";
    queue_.clear();
    records_.clear();
  }
}

TEST_F(HeldMail, AShortSpanBeginsAnewWithEveryMail) {
  begin(with_span(seconds(120)));
  const Fingerprint spam = text();
  attack(0, 30, spam);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  for (int i = 30; i < 60; ++i, world.pass_time(seconds(40))) {
    for (const auto& decision : world.engine.tick(world.now))
      EXPECT_NE(decision.kind, DecisionKind::ended) << i;
    EXPECT_EQ(send(person(i), {world.stranger()}, bot(i), variant(spam)).answer.disposition,
              Disposition::hold);
  }
  world.pass_time(seconds(121));
  std::ignore = world.engine.tick(world.now);
  EXPECT_EQ(world.engine.book().find(subject), nullptr);
}

TEST_F(HeldMail, ACampaignFoundWhereItStandsAlreadyIsToldWithItsMembers) {
  const Settings settings = with_span(hours(24 * 30));
  begin(settings);
  const Fingerprint spam = text();
  attack(0, 30, spam);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  // The cluster is closed while the restriction stands, as by a record that was lost.
  std::ignore = world.engine.campaign_released(subject, false, world.now);
  ASSERT_NE(world.engine.book().find(subject), nullptr);
  world.decisions.clear();
  attack(30, 30, spam);
  const model::Decision* again = campaign();
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->subject, subject);
  EXPECT_GE(again->accounts.size(), 3U);
  EXPECT_FALSE(again->record.empty());
}

}  // namespace
}  // namespace leumund::engine
