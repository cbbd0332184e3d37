// How campaigns go on beside each other, and whose mail of the time before they were found is
// spared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "engine/campaign_test_world.h"

namespace leumund::engine {
namespace {

using model::Disposition;
using model::Fingerprint;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::Contains;
using ::testing::Not;

class CampaignGoingOnTest : public CampaignWorld {
 protected:
  static Settings with_span() {
    Settings settings = test_settings();
    settings.book.detector_spans["campaign"] = hours(24 * 7);
    return settings;
  }
};

TEST_F(CampaignGoingOnTest, ASlowCampaignBesideAFastOneIsProlongedByItsOwnMail) {
  world.engine.set_settings(with_span());
  live(60);
  const Fingerprint slow = text();
  attack(0, 20, slow);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject slow_one = campaign()->subject;
  world.decisions.clear();
  const Fingerprint fast = text();
  attack(20, 20, fast);
  ASSERT_NE(campaign(), nullptr);
  ASSERT_NE(campaign()->subject, slow_one);
  int held = 0;
  for (int day = 0; day < 12; ++day) {
    // Mail of the fast one is always there first.
    for (int k = 0; k < 20; ++k, world.pass_time(minutes(11)))
      send(person(20 + k), {world.stranger()}, bot(20 + k), variant(fast));
    send(person(41 + day), {world.stranger()}, bot(41), variant(fast));
    held += send(person(day), {world.stranger()}, bot(day), variant(slow)).answer.disposition ==
            Disposition::hold;
    world.engine.tick(world.now);
    world.pass_time(hours(24) - minutes(11) * 20);
  }
  EXPECT_EQ(held, 12);
  ASSERT_NE(world.engine.book().find(slow_one), nullptr) << "it wrote every day";
}

TEST_F(CampaignGoingOnTest, MailInCharacterThatIsTheOneTooManyIsLetIn) {
  live(60);
  const Fingerprint spam = text();
  EXPECT_EQ(attack(0, 3, spam), 3);
  ASSERT_EQ(campaign(), nullptr);
  // A fourth account quotes the text to a friend, from home: now there are enough.
  const Outcome out = send(person(50), {"friend50-1@away.test"}, home(50), variant(spam));
  ASSERT_NE(campaign(), nullptr);
  EXPECT_EQ(out.answer.disposition, Disposition::pass);
  EXPECT_THAT(campaign()->accounts, Not(Contains("account:" + person(50))));
  EXPECT_EQ(campaign()->messages.size(), 3U);
}

TEST_F(CampaignGoingOnTest, AllMailInCharacterOfBeforeTheAlarmIsNeitherNamedNorHeld) {
  live(60);
  const Fingerprint spam = text();
  attack(0, 2, spam);
  std::vector<model::Submission> usual;
  for (int k = 0; k < 2; ++k, world.pass_time(minutes(5))) {
    model::Submission mail =
        world.mail(person(50), {fmt::format("friend50-{}@away.test", k)}, home(50));
    mail.print = std::make_shared<const Fingerprint>(variant(spam));
    mail.queue = {"", "", fmt::format("U{}", k)};
    usual.push_back(mail);
    EXPECT_EQ(world.send(std::move(mail)).answer.disposition, Disposition::pass);
  }
  ASSERT_EQ(campaign(), nullptr);
  attack(2, 10, spam);
  ASSERT_NE(campaign(), nullptr);
  EXPECT_THAT(campaign()->accounts, Not(Contains("account:" + person(50))));
  EXPECT_THAT(campaign()->messages, Not(Contains("U0")));
  EXPECT_THAT(campaign()->messages, Not(Contains("U1"))) << "nor the second one";
  EXPECT_TRUE(campaign()->held.empty());
  model::Decision about;
  about.subject = campaign()->subject;
  EXPECT_TRUE(world.engine.with_queue(about).held.empty()) << "nor deleted with the campaign's";
  for (model::Submission& mail : usual) {
    mail.source = model::Source::log;
    mail.print = nullptr;
    EXPECT_FALSE(world.send(mail).hold) << "nor when the log tells of it later";
  }
}

TEST_F(CampaignGoingOnTest, WhatWasReleasedLongAgoIsGoneAlsoFromDiskAndAfterARestart) {
  live(40);
  attack(0, 20, text());
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  ASSERT_TRUE(world.engine.book().release(subject, {}, "admin", world.now).ok());
  world.engine.campaign_released(subject, true, world.now);
  std::map<std::string, std::string> disk;
  const auto write = [&disk](Engine& engine) {
    engine.drain_dirty(1'000'000, [&](evidence::SubjectRecord&& record) {
      disk[record.subject] = std::move(record.state);
    });
  };
  const std::string name = subject.to_string();
  world.engine.tick(world.now);
  write(world.engine);
  ASSERT_FALSE(disk[name].empty());
  World after;
  ASSERT_TRUE(after.engine.load_record(name, disk[name]).ok());
  after.now = world.now + hours(24 * 59);
  after.engine.tick(after.now);
  write(after.engine);
  EXPECT_FALSE(disk[name].empty());
  after.now += hours(24 * 2);
  after.engine.tick(after.now);
  write(after.engine);
  EXPECT_TRUE(disk.contains(name) && disk[name].empty()) << "the empty state deletes it";
  EXPECT_FALSE(after.engine.explain(subject, after.now).known);
}

TEST_F(CampaignGoingOnTest, AccountsThatShareANetOfIpv6AreFoundThoughEachMailHasItsOwnAddress) {
  live(40);
  int held = 0;
  for (int i = 0; i < 36; ++i) {
    for (int k = 0; k < 2; ++k, world.pass_time(std::chrono::seconds(30))) {
      const std::string address = fmt::format("2001:db8:{}::{:x}", k + 1, 1 + 2 * i);
      held += world.send(person(i), {world.stranger()}, address).answer.disposition !=
              Disposition::pass;
    }
  }
  EXPECT_NE(campaign(), nullptr);
  EXPECT_GE(held, 30);
}

}  // namespace
}  // namespace leumund::engine
