#include "engine/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/engine_test_world.h"

namespace leumund::engine {
namespace {

using model::Disposition;
using model::Level;
using model::SubjectKind;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string anna = "anna@c.test";
const std::string abroad = "198.51.100.99";

TEST(Engine, ACrackedAccountIsStoppedWithinTenRecipients) {
  World world;
  world.live(anna);
  EXPECT_LE(world.recipients_until_stopped(anna, abroad), 10);
  ASSERT_TRUE(world.restricted(anna));
  ASSERT_FALSE(world.decisions.empty());
  const model::Decision& decision = world.decisions.front();
  EXPECT_EQ(decision.kind, model::DecisionKind::restricted);
  EXPECT_EQ(decision.restriction.level, Level::no_sending);
  EXPECT_EQ(decision.detector, "burst");
  EXPECT_GE(decision.score, verdict::Settings{}.threshold());
}

TEST(Engine, TheMessageThatCrossesIsTheFirstOneNotLetIn) {
  World world;
  world.live(anna);
  const int before = world.recipients_until_stopped(anna, abroad);
  EXPECT_EQ(world.decisions.front().recipients_before, static_cast<std::uint32_t>(before));
}

TEST(Engine, OtherAccountsGoOnSending) {
  World world;
  world.live(anna);
  world.live("bert@c.test", "203.0.113.8");
  world.recipients_until_stopped(anna, abroad);
  EXPECT_EQ(world.send("bert@c.test", {"friend1@away.test"}).answer.disposition, Disposition::pass);
}

TEST(Engine, EveryTermSaysWhatItIsAndWhichMailsAreBehindIt) {
  World world;
  world.live(anna);
  world.recipients_until_stopped(anna, abroad);
  double sum = 0;
  bool origin = false;
  for (const model::Term& term : world.decisions.front().terms) {
    sum += term.value;
    EXPECT_FALSE(term.text.empty()) << term.name;
    EXPECT_LE(term.events.size(), 8U);
    EXPECT_FALSE(term.name == "new_recipient" && term.events.empty());
    origin = origin || term.name == "origin";
  }
  EXPECT_TRUE(origin);
  EXPECT_NEAR(sum, world.decisions.front().score, 0.6);  // terms below 0.05 are left out
}

TEST(Engine, ANewsletterFromTheUsualPlaceIsAtMostHeldAndOtherMailGoesOn) {
  World world;
  world.live(anna);
  EXPECT_LT(world.recipients_until_stopped(anna, "203.0.113.7"), 100);
  EXPECT_EQ(world.decisions.front().restriction.level, Level::hold);
  EXPECT_EQ(world.decisions.front().detector, "bulk");
  EXPECT_EQ(world.send(anna, {"friend1@away.test"}).answer.disposition, Disposition::pass);
  EXPECT_EQ(world.send(anna, {world.stranger()}).answer.disposition, Disposition::hold);
}

TEST(Engine, AHoldForReviewEndsByItselfWhenNothingMoreComes) {
  World world;
  world.live(anna);
  world.recipients_until_stopped(anna, "203.0.113.7");
  world.pass_time(hours(13));
  const auto ended = world.engine.tick(world.now);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended.front().kind, model::DecisionKind::ended);
  EXPECT_EQ(world.send(anna, {world.stranger()}).answer.disposition, Disposition::pass);
}

TEST(Engine, AnAnnouncedMailingPasses) {
  World world;
  world.live(anna);
  world.feed({world.now, world.now, model::Announcement{anna, 200, world.now + hours(24)}});
  EXPECT_EQ(world.decisions.front().kind, model::DecisionKind::announced);
  EXPECT_EQ(world.recipients_until_stopped(anna, "203.0.113.7", 190), 190);
}

TEST(Engine, AnAnnouncementCoversOnlyItsNumberOfRecipients) {
  World world;
  world.live(anna);
  world.feed({world.now, world.now, model::Announcement{anna, 20, world.now + hours(24)}});
  const int stopped = world.recipients_until_stopped(anna, "203.0.113.7", 190);
  EXPECT_GE(stopped, 20);
  EXPECT_LT(stopped, 60);
}

TEST(Engine, TheClubLetterPassesEveryMonth) {
  World world;
  world.live(anna);
  std::vector<std::string> members;
  for (int i = 0; i < 100; ++i) members.push_back("member" + std::to_string(i) + "@club.test");
  // The first one was announced; from then on the members are acquaintances.
  world.feed({world.now, world.now, model::Announcement{anna, 100, world.now + hours(1)}});
  for (int month = 0; month < 4; ++month) {
    for (std::size_t i = 0; i < members.size(); i += 50) {
      const std::vector<std::string> part(members.begin() + static_cast<std::ptrdiff_t>(i),
                                          members.begin() + static_cast<std::ptrdiff_t>(i + 50));
      EXPECT_EQ(world.send(anna, part).answer.disposition, Disposition::pass) << month;
    }
    world.pass_time(hours(24 * 30));
  }
}

TEST(Engine, OutOfOfficeRepliesPass) {
  World world;
  world.live(anna);
  for (int i = 0; i < 25; ++i) {
    model::Submission reply = world.mail(anna, {world.stranger()}, "127.0.0.1");
    reply.envelope_sender = "";
    EXPECT_EQ(world.send(reply).answer.disposition, Disposition::pass);
    world.pass_time(minutes(1));
  }
}

TEST(Engine, NullSendersByTheHundredAreNotExcused) {
  World world;
  world.live(anna);
  bool stopped = false;
  for (int i = 0; i < 400 && !stopped; ++i) {
    model::Submission mail = world.mail(anna, {world.stranger()}, abroad);
    mail.envelope_sender = "";
    stopped = world.send(mail).answer.disposition != Disposition::pass;
    world.pass_time(seconds(2));
  }
  EXPECT_TRUE(stopped);
}

TEST(Engine, TravelPasses) {
  World world;
  world.live(anna);
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(world.send(anna, {"friend" + std::to_string(i % 5) + "@away.test"}, abroad)
                  .answer.disposition,
              Disposition::pass);
    world.pass_time(hours(5));
  }
}

TEST(Engine, AScriptThatWritesToOneOwnerIsStoppedWhenHijacked) {
  World world;
  const auto form = [&](const std::string& recipient) {
    model::Submission mail = world.mail("", {recipient}, "127.0.0.1");
    mail.script = "uid33:/srv/www/site/contact.php";
    mail.envelope_sender = "www@site.test";
    return world.send(mail).answer.disposition;
  };
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(form("owner@site.test"), Disposition::pass);
    world.pass_time(hours(12));
  }
  int passed = 0;
  while (passed < 100 && form(world.stranger()) == Disposition::pass) {
    ++passed;
    world.pass_time(seconds(2));
  }
  EXPECT_LE(passed, 8);
}

TEST(Engine, AScriptThatAlwaysWritesToStrangersPasses) {
  World world;
  for (int i = 0; i < 2000; ++i) {
    model::Submission mail = world.mail("", {world.stranger()}, "127.0.0.1");
    mail.script = "uid33:/srv/www/courses/send.php";
    mail.envelope_sender = "courses@c.test";
    EXPECT_EQ(world.send(mail).answer.disposition, Disposition::pass) << i;
    world.pass_time(minutes(37));
  }
}

TEST(Engine, MailFromOutsideIsNeitherCountedNorJudged) {
  World world;
  for (int i = 0; i < 500; ++i) {
    model::Submission mail = world.mail("", {world.stranger()}, abroad);
    const Outcome outcome = world.send(mail);
    EXPECT_EQ(outcome.answer.disposition, Disposition::pass);
    EXPECT_TRUE(outcome.subject.name.empty());
  }
  EXPECT_EQ(world.engine.counters().subjects, 0U);
}

TEST(Engine, ARelayClientIsASubjectOfItsOwn) {
  Settings settings = test_settings();
  settings.relay_clients.push_back(*base::IpPrefix::parse("10.1.0.0/16"));
  World world(settings);
  model::Submission mail = world.mail("", {world.stranger()}, "10.1.2.3");
  const Outcome outcome = world.send(mail);
  EXPECT_EQ(outcome.subject.to_string(), "client:10.1.2.3");
}

TEST(Engine, CrossingByABounceRestrictsRightThenAndHoldsTheQueue) {
  World world;
  world.live(anna);
  // Slow enough to stay below the threshold, from the usual place; the bounces tell.
  std::vector<model::Submission> sent;
  for (int i = 0; i < 4; ++i) {
    model::Submission mail = world.mail(anna, {world.stranger()}, abroad);
    mail.queue = {"mx", "postfix", "4Q" + std::to_string(i)};
    if (world.send(mail).answer.disposition == Disposition::pass) sent.push_back(mail);
    world.pass_time(minutes(50));
  }
  ASSERT_FALSE(world.restricted(anna));
  for (const model::Submission& mail : sent) {
    if (world.restricted(anna)) break;
    world.deliver(mail.id, mail.recipients[0], "550 5.1.1 <x@elsewhere.test>: User unknown");
  }
  while (!world.restricted(anna)) {
    world.feed({world.now, world.now, model::Complaint{sent[0].id, "", {}, "fbl", "abuse"}});
    ASSERT_LT(world.serial++, 5000);
  }
  const model::Decision& decision = world.decisions.back();
  EXPECT_EQ(decision.restriction.level, Level::no_sending);
  EXPECT_FALSE(decision.held.empty() && world.decisions.front().held.empty());
}

TEST(Engine, AComplaintThatIsWithdrawnCountsNoMore) {
  World world;
  world.live(anna);
  const model::Submission mail = world.mail(anna, {"friend1@away.test"});
  world.send(mail);
  const double before = world.engine.explain({SubjectKind::account, anna}, world.now).score;
  world.feed({world.now, world.now, model::Complaint{mail.id, "", {}, "fbl", "abuse"}});
  EXPECT_NEAR(world.engine.explain({SubjectKind::account, anna}, world.now).score, before + 5, 0.5);
  world.pass_time(hours(6));
  world.feed({world.now, world.now, model::Retraction{mail.id, ""}});
  EXPECT_NEAR(world.engine.explain({SubjectKind::account, anna}, world.now).score, before, 0.5);
}

TEST(Engine, CountingGoesOnWhileSuspended) {
  World world;
  world.live(anna);
  world.recipients_until_stopped(anna, abroad);
  for (int i = 0; i < 5; ++i) world.send(anna, {world.stranger()}, abroad);
  const auto attempts = world.engine.explain({SubjectKind::account, anna}, world.now).attempts;
  EXPECT_EQ(attempts.recipients, 6U);  // the one that crossed, and five more
}

TEST(Engine, AfterItsReleaseTheAccountSendsAgainAndStartsAfresh) {
  World world;
  world.live(anna);
  world.recipients_until_stopped(anna, abroad);
  action::Recovery recovery;
  recovery.without_checklist = true;
  ASSERT_TRUE(
      world.engine.book().release({SubjectKind::account, anna}, recovery, "admin", world.now).ok());
  EXPECT_EQ(world.send(anna, {"friend1@away.test"}).answer.disposition, Disposition::pass);
  EXPECT_LT(world.engine.explain({SubjectKind::account, anna}, world.now).score, 3);
  EXPECT_LE(world.recipients_until_stopped(anna, abroad), 10)
      << "the next burst is found all the same";
}

TEST(Engine, TheBurstsRecipientsDoNotStayAcquaintances) {
  World world;
  world.live(anna);
  const std::string victim = world.stranger();
  world.send(anna, {victim}, abroad);
  world.recipients_until_stopped(anna, abroad);
  const auto explained = world.engine.explain({SubjectKind::account, anna}, world.now);
  const auto known =
      std::find_if(explained.habits.begin(), explained.habits.end(),
                   [](const auto& habit) { return habit.first == "recipients_known"; });
  ASSERT_NE(known, explained.habits.end());
  EXPECT_EQ(known->second, "5");
}

TEST(Engine, AnAddressOfARestrictedAccountCountsAgainstOthersUntilTheRelease) {
  World world;
  world.live(anna);
  world.live("bert@c.test", "203.0.113.8");
  world.recipients_until_stopped(anna, abroad);
  const auto listed = [&] {
    const Outcome outcome = world.send("bert@c.test", {"friend1@away.test"}, abroad);
    return outcome.judgement.value(verdict::TermName::listed_client) > 0;
  };
  EXPECT_TRUE(listed());
  action::Recovery recovery;
  recovery.without_checklist = true;
  ASSERT_TRUE(
      world.engine.book().release({SubjectKind::account, anna}, recovery, "admin", world.now).ok());
  EXPECT_FALSE(listed());
}

TEST(Engine, LateNewsInformButDoNotTrigger) {
  World world;
  world.live(anna);
  const base::TimePoint then = world.now;
  world.pass_time(hours(5));
  for (int i = 0; i < 60; ++i) {
    model::Submission mail = world.mail(anna, {world.stranger()}, abroad);
    world.feed({then + seconds(i), world.now, mail});
  }
  EXPECT_FALSE(world.restricted(anna));
  EXPECT_EQ(world.engine.counters().late, 60U);
}

TEST(Engine, EventsFromTheFutureCountNow) {
  World world;
  world.live(anna);
  bool stopped = false;
  for (int i = 0; i < 30 && !stopped; ++i) {
    model::Submission mail = world.mail(anna, {world.stranger()}, abroad);
    stopped = world.feed({world.now + hours(900 + i), world.now, mail}).answer.disposition !=
              Disposition::pass;
  }
  EXPECT_TRUE(stopped);
  EXPECT_GT(world.engine.counters().future, 0U);
}

TEST(Engine, AClockSetBackStopsNeitherCountingNorMail) {
  World world;
  world.live(anna);
  world.now -= hours(24 * 400);
  EXPECT_EQ(world.send(anna, {"friend1@away.test"}).answer.disposition, Disposition::pass);
  EXPECT_LE(world.recipients_until_stopped(anna, abroad), 12);
}

TEST(Engine, TheMessageTableForgetsTheOldestAndCounts) {
  Settings settings = test_settings();
  settings.limits.messages_max = 10;
  World world(settings);
  for (int i = 0; i < 25; ++i) world.send(anna, {"friend1@away.test"});
  EXPECT_EQ(world.engine.counters().messages, 10U);
  EXPECT_EQ(world.engine.counters().messages_forgotten, 15U);
}

TEST(Engine, WhatWasDrainedMakesAnotherEngineJudgeTheSame) {
  World world;
  world.live(anna);
  World other;
  while (world.engine.drain_dirty(3, [&](evidence::SubjectRecord&& record) {
    ASSERT_TRUE(other.engine.load_record(record.subject, record.state).ok());
  }) > 0) {
  }
  other.now = world.now;
  EXPECT_EQ(other.recipients_until_stopped(anna, abroad),
            world.recipients_until_stopped(anna, abroad));
}

TEST(Engine, WatchedNamesTheHighestFirst) {
  World world;
  world.live(anna);
  world.live("bert@c.test", "203.0.113.8");
  for (int i = 0; i < 4; ++i) world.send(anna, {world.stranger()}, abroad);
  world.send("bert@c.test", {world.stranger()}, "203.0.113.8");
  const auto watched = world.engine.watched(10, world.now);
  ASSERT_FALSE(watched.empty());
  EXPECT_EQ(watched.front().first.name, anna);
  EXPECT_LE(world.engine.watched(1, world.now).size(), 1U);
  // Who is not asked for takes nobody's place.
  const auto others = world.engine.watched(
      1, world.now, [](const model::Subject& subject) { return subject.name != anna; });
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others.front().first.name, "bert@c.test");
}

// Postfix asks again for a recipient that was put off, in the same mail or at its end: that must
// cost what it costs the first time.
TEST(Engine, ARecipientThatWasPutOffDoesNotGetThroughByAskingAgain) {
  Settings settings = test_settings();
  settings.book.throttle_recipients_per_hour = 3;
  World world(settings);
  model::Restriction order;
  order.subject = {SubjectKind::account, anna};
  order.level = Level::throttle;
  std::ignore = world.engine.book().suspend(order, world.now);
  std::set<std::pair<std::string, std::string>> passed;  // the same one twice is one copy
  const auto rcpt = [&](const std::string& id, const std::string& to) {
    model::Submission what = world.mail(anna, {to});
    what.id = id;
    what.source = model::Source::policy;
    what.stage = model::SubmissionStage::recipient;
    const bool lets = world.send(what).answer.disposition == Disposition::pass;
    if (lets) passed.emplace(id, to);
    return lets;
  };
  EXPECT_TRUE(rcpt("policy/1", "a@x.test"));
  EXPECT_TRUE(rcpt("policy/1", "a@x.test")) << "nothing was put off: the same one is free";
  for (int i = 0; i < 50; ++i) {
    rcpt("policy/1", "b" + std::to_string(i % 10) + "@x.test");
    rcpt("policy/" + std::to_string(2 + i % 3), "c@x.test");
  }
  EXPECT_EQ(passed.size(), 3U) << "never more than the rate";
  // A whole mail told twice, as the API does it.
  model::Submission whole = world.mail(anna, {"d@x.test", "e@x.test"});
  EXPECT_EQ(world.send(whole).answer.disposition, Disposition::throttle);
  EXPECT_EQ(world.send(whole).answer.disposition, Disposition::throttle);
  // The hour passes, and three more are let out, however often it is asked.
  world.pass_time(hours(2));
  passed.clear();
  for (int i = 0; i < 50; ++i) rcpt("policy/1", "b" + std::to_string(i % 10) + "@x.test");
  EXPECT_EQ(passed.size(), 3U);
}

// A mail in the queue as the log tells of it: at the first time and at every further try.
model::Submission queue_line(const std::string& account, const std::string& id) {
  model::Submission line;
  line.account = account;
  line.source = model::Source::log;
  line.queue = {"mx", "", id};
  line.envelope_sender = account;
  line.recipient_count = 2;
  return line;
}

TEST(Engine, QueuedMailOfBeforeARestartIsStillItsSendersAndCountsOnce) {
  World before;
  std::ignore = before.engine.drain_queue();
  before.send(queue_line(anna, "4A"));
  before.send(queue_line("bert@c.test", "4B"));
  before.send(queue_line(anna, "4C"));
  const auto kept = before.engine.drain_queue();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].subject, "account:" + anna);
  EXPECT_EQ(kept[0].uncounted, 2U);
  EXPECT_TRUE(before.engine.drain_queue().empty()) << "only changes";
  const std::vector<model::QueueKey> reviewed = {kept[2].queue};
  before.engine.let_go(reviewed);
  before.feed({before.now, before.now, model::QueueRemoval{kept[1].queue}});
  const auto changes = before.engine.drain_queue();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_TRUE(changes[0].let_through);
  EXPECT_EQ(changes[1].subject, "") << "it has left";

  World after;
  after.engine.load_queued(kept[0]);
  after.engine.load_queued(changes[0]);
  std::ignore = after.engine.drain_queue();
  model::Decision decision;
  decision.subject = {SubjectKind::account, anna};
  EXPECT_EQ(after.engine.with_queue(decision).held, std::vector{kept[0].queue});
  model::Restriction order;
  order.subject = decision.subject;
  std::ignore = after.engine.book().suspend(order, after.now);
  EXPECT_TRUE(after.send(queue_line(anna, "4A")).hold);
  EXPECT_FALSE(after.send(queue_line(anna, "4C")).hold) << "reviewed mail goes on its way";
  EXPECT_EQ(after.engine.counters().recipients, 0U) << "counted before the restart";
  after.feed({after.now, after.now, model::QueueRemoval{kept[0].queue}});
  EXPECT_TRUE(after.engine.with_queue(decision).held.empty());
}

TEST(Engine, AFullMessageTableKeepsTheRecordOfMailThatMayStillBeQueued) {
  Settings settings = test_settings();
  settings.limits.messages_max = 4;
  World world(settings);
  std::ignore = world.engine.drain_queue();
  for (int i = 0; i < 4; ++i) world.send(queue_line(anna, "4A" + std::to_string(i)));
  EXPECT_EQ(world.engine.drain_queue().size(), 4U);
  world.send(queue_line("bert@c.test", "4A0"));  // the id of the oldest, used again
  world.send(queue_line("bert@c.test", "4B"));
  std::map<std::string, std::string> disk;  // as the store applies it, in order
  for (const auto& mail : world.engine.drain_queue()) disk[mail.queue.queue_id] = mail.subject;
  EXPECT_EQ(disk, (std::map<std::string, std::string>{{"4A0", "account:bert@c.test"},
                                                      {"4B", "account:bert@c.test"}}))
      << "nothing is told of 4A1: its record stays";
}

}  // namespace
}  // namespace leumund::engine
