// The same message told by policy, log and API is one message.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "engine/engine.h"
#include "engine/engine_test_world.h"

namespace leumund::engine {
namespace {

using model::Source;
using model::SubmissionStage;

const std::string anna = "anna@c.test";

model::Submission at_rcpt(World& world, const std::string& instance, const std::string& recipient) {
  model::Submission what = world.mail(anna, {recipient});
  what.id = "policy/" + instance;
  what.source = Source::policy;
  what.stage = SubmissionStage::recipient;
  return what;
}

model::Submission at_end(World& world, const std::string& instance, const std::string& queue_id,
                         std::uint32_t count) {
  model::Submission what = world.mail(anna, {});
  what.id = "policy/" + instance;
  what.source = Source::policy;
  what.recipient_count = count;
  what.queue.queue_id = queue_id;
  return what;
}

model::Submission in_log(World& world, const std::string& queue_id, std::uint32_t count) {
  model::Submission what = world.mail(anna, {});
  what.id.clear();
  what.source = Source::log;
  what.recipient_count = count;
  what.queue.queue_id = queue_id;
  return what;
}

Outcome delivered(World& world, const std::string& queue_id, const std::string& recipient) {
  model::Delivery what;
  what.queue.queue_id = queue_id;
  what.source = Source::log;
  what.recipient = recipient;
  what.reply = "250 2.0.0 Ok";
  return world.feed({world.now, world.now, what});
}

TEST(Sightings, PolicyAndLogCountEachRecipientOnce) {
  World world;
  world.send(at_rcpt(world, "1a", "x@away.test"));
  world.send(at_rcpt(world, "1a", "Y@away.test"));
  world.send(at_end(world, "1a", "4A", 2));
  world.send(in_log(world, "4A", 2));
  delivered(world, "4A", "x@away.test");
  delivered(world, "4A", "y@AWAY.test");
  const Counters counters = world.engine.counters();
  EXPECT_EQ(counters.recipients, 2U);
  EXPECT_EQ(counters.messages, 1U);
}

TEST(Sightings, ARepeatedQuestionIsADuplicate) {
  World world;
  world.send(at_rcpt(world, "1a", "x@away.test"));
  world.send(at_rcpt(world, "1a", "x@away.test"));
  EXPECT_EQ(world.engine.counters().recipients, 1U);
  EXPECT_EQ(world.engine.counters().duplicates, 1U);
}

TEST(Sightings, RcptWithoutEndOfMessageAndEndWithoutRcptBothCount) {
  World world;
  world.send(at_rcpt(world, "1a", "x@away.test"));
  model::Submission only_end = at_end(world, "2b", "4B", 1);
  only_end.recipients = {"z@away.test"};
  world.send(only_end);
  EXPECT_EQ(world.engine.counters().recipients, 2U);
  EXPECT_EQ(world.engine.counters().messages, 2U);
}

TEST(Sightings, FromTheLogAloneRecipientsAreKnownWithTheirDeliveriesAndCountedOnce) {
  World world;
  world.send(in_log(world, "4C", 2));
  EXPECT_EQ(world.engine.counters().recipients, 0U);
  delivered(world, "4C", "x@away.test");
  delivered(world, "4C", "x@away.test");
  delivered(world, "4C", "y@away.test");
  delivered(world, "4C", "alias-of-y@away.test");
  EXPECT_EQ(world.engine.counters().recipients, 2U);
}

TEST(Sightings, TheLogLineOfASingleRecipientMailIsJoinedByCircumstances) {
  World world;
  world.send(at_rcpt(world, "1a", "x@away.test"));
  world.pass_time(std::chrono::seconds(20));
  world.send(in_log(world, "4D", 1));
  EXPECT_EQ(world.engine.counters().messages, 1U);
  world.pass_time(std::chrono::seconds(200));
  world.send(in_log(world, "4E", 1));
  EXPECT_EQ(world.engine.counters().messages, 2U);
}

TEST(Sightings, AQueueIdUsedAgainIsAnotherMessage) {
  World world;
  world.send(in_log(world, "ABCDE", 1));
  delivered(world, "ABCDE", "x@away.test");
  world.feed({world.now, world.now, model::QueueRemoval{{"", "", "ABCDE"}}});
  world.send(in_log(world, "ABCDE", 1));
  delivered(world, "ABCDE", "y@away.test");
  EXPECT_EQ(world.engine.counters().messages, 2U);
  EXPECT_EQ(world.engine.counters().recipients, 2U);
}

TEST(Sightings, AMessageGivenBackByAContentFilterIsNotCountedAgainAndBothNamesCanBeHeld) {
  World world;
  world.send(in_log(world, "4F", 1));
  delivered(world, "4F", "x@away.test");
  model::Submission again = in_log(world, "4G", 1);
  again.continues = model::QueueKey{"", "", "4F"};
  again.account.clear();
  world.send(again);
  EXPECT_EQ(world.engine.counters().messages, 1U);
  delivered(world, "4G", "x@away.test");
  EXPECT_EQ(world.engine.counters().recipients, 1U);
}

TEST(Sightings, QueueIdsOfTwoInstancesAreTwoMessages) {
  World world;
  model::Submission one = in_log(world, "4H", 1);
  one.queue.instance = "postfix-in";
  model::Submission two = in_log(world, "4H", 1);
  two.queue.instance = "postfix-out";
  two.client = base::IpAddress::parse("203.0.113.99");
  world.send(one);
  world.send(two);
  EXPECT_EQ(world.engine.counters().messages, 2U);
}

TEST(Sightings, PolicyOfASecondInstanceAndItsLogAreOneMessageUnderItsFullName) {
  World world;
  world.send(at_rcpt(world, "1a", "x@away.test"));
  world.send(at_end(world, "1a", "4L", 1));
  model::Submission line = in_log(world, "4L", 1);
  line.queue.instance = "postfix-out";
  world.send(line);
  model::Delivery sent;
  sent.queue = line.queue;
  sent.source = Source::log;
  sent.recipient = "x@away.test";
  sent.status = model::DeliveryStatus::deferred;
  world.feed({world.now, world.now, sent});
  EXPECT_EQ(world.engine.counters().messages, 1U);
  EXPECT_EQ(world.engine.counters().recipients, 1U);
  const auto explained = world.engine.explain({model::SubjectKind::account, anna}, world.now);
  ASSERT_EQ(explained.queued.size(), 1U);
  EXPECT_EQ(explained.queued[0].instance, "postfix-out");
}

TEST(Sightings, TheSameQueueIdInAnotherInstanceIsNotTakenForTheMailThatTheLogToldOf) {
  World world;
  world.send(at_end(world, "1a", "4M", 1));
  world.send(in_log(world, "4M", 1));
  model::Submission other = in_log(world, "4M", 1);
  other.queue.instance = "postfix-out";
  world.send(other);
  EXPECT_EQ(world.engine.counters().messages, 2U);
}

TEST(Sightings, TheMilterSeesTheMailThatPolicyAskedAboutAtRcptOnly) {
  World world;
  world.send(at_rcpt(world, "1a", "x@away.test"));
  model::Submission whole = world.mail(anna, {"x@away.test"});
  whole.id = "milter/4N/1";
  whole.source = Source::milter;
  whole.queue.queue_id = "4N";
  world.send(whole);
  world.send(in_log(world, "4N", 1));
  EXPECT_EQ(world.engine.counters().messages, 1U);
  EXPECT_EQ(world.engine.counters().recipients, 1U);
}

TEST(Sightings, WhatIsStillQueuedIsNamedAndWhatLeftIsNot) {
  World world;
  for (const char* id : {"4I", "4J", "4K"}) world.send(in_log(world, id, 1));
  delivered(world, "4J", "x@away.test");
  world.feed({world.now, world.now, model::QueueRemoval{{"", "", "4J"}}});
  const auto explained = world.engine.explain({model::SubjectKind::account, anna}, world.now);
  ASSERT_EQ(explained.queued.size(), 2U);
  EXPECT_EQ(explained.queued[0].queue_id, "4I");
  EXPECT_EQ(explained.queued[1].queue_id, "4K");
}

TEST(Sightings, FromTheLogAloneABurstIsFoundAndItsQueueIsHeld) {
  World world;
  for (int day = 0; day < 35; ++day) {
    const std::string id = "D" + std::to_string(day);
    world.send(in_log(world, id, 1));
    delivered(world, id, "friend" + std::to_string(day % 5) + "@away.test");
    world.pass_time(std::chrono::hours(24));
  }
  int mails = 0;
  for (; mails < 60 && !world.restricted(anna); ++mails) {
    const std::string id = "S" + std::to_string(mails);
    model::Submission spam = in_log(world, id, 1);
    spam.client = base::IpAddress::parse("198.51.100.99");
    world.send(spam);
    world.pass_time(std::chrono::seconds(2));
    if (mails % 2 == 0) delivered(world, id, world.stranger());
  }
  ASSERT_TRUE(world.restricted(anna));
  EXPECT_LE(mails, 40);
  EXPECT_FALSE(world.decisions.front().held.empty());
}

// Where a filter takes mail before the queue policy has no queue id, and an archive's copy makes
// the log's count another one.
TEST(Sightings, ABurstThroughAFilterBeforeTheQueueIsFoundAlsoWhereEachMailIsCopied) {
  const auto mails_until_found = [](bool filter, bool copies) {
    World world;
    int serial = 0;
    const auto mail = [&](const std::string& recipient, const char* client) {
      const std::string instance = fmt::format("i{}", serial);
      const std::string queue_id = fmt::format("Q{}", serial++);
      model::Submission asked = at_rcpt(world, instance, recipient);
      model::Submission line = in_log(world, queue_id, copies ? 2 : 1);
      asked.client = line.client = base::IpAddress::parse(client);
      if (!filter) asked.queue.queue_id = queue_id;
      world.send(asked);
      // The log has whole seconds.
      world.pass_time(std::chrono::milliseconds(300));
      world.feed({std::chrono::floor<std::chrono::seconds>(world.now), world.now, line});
      world.pass_time(std::chrono::milliseconds(1430));
      if (copies) delivered(world, queue_id, "archive@c.test");
      delivered(world, queue_id, recipient);
      world.feed({world.now, world.now, model::QueueRemoval{{"", "", queue_id}}});
    };
    for (int day = 0; day < 35; ++day, world.pass_time(std::chrono::hours(24))) {
      for (int i = 0; i < 3; ++i) mail(fmt::format("friend{}@away.test", i), "192.0.2.8");
    }
    int mails = 0;
    for (; mails < 60 && !world.restricted(anna); ++mails) mail(world.stranger(), "198.51.100.99");
    return mails;
  };
  const int plain = mails_until_found(false, false);
  EXPECT_LE(plain, 12);
  EXPECT_EQ(mails_until_found(true, false), plain);
  EXPECT_EQ(mails_until_found(true, true), mails_until_found(false, true));
  EXPECT_LE(mails_until_found(true, true), 2 * plain);
}

TEST(Sightings, WhatTheLogToldBeforeTheJoinIsCountedOnce) {
  World world;
  world.send(at_rcpt(world, "1a", "x@away.test"));
  world.send(in_log(world, "4A", 2));
  delivered(world, "4A", "archive@c.test");
  delivered(world, "4A", "x@away.test");
  EXPECT_EQ(world.engine.counters().recipients, 2U);
  const auto explained = world.engine.explain({model::SubjectKind::account, anna}, world.now);
  EXPECT_TRUE(explained.queued.empty()) << "both were delivered";
}

model::Submission local(World& world, Source source, const std::string& script) {
  model::Submission what = world.mail("", {});
  what.id = source == Source::milter ? "milter/4S" : "";
  what.script = script;
  what.source = source;
  what.client = source == Source::milter ? base::IpAddress::parse("127.0.0.1") : std::nullopt;
  what.recipient_count = 1;
  what.queue.queue_id = "4S";
  return what;
}

std::string owner_of(World& world, const std::string& queue_id) {
  const auto facts = world.engine.message_facts("", {"", "", queue_id}, "");
  return facts ? facts->subject.to_string() : "";
}

TEST(Sightings, AScriptThatTheHeadersNameOwnsTheMailWhoeverToldOfItFirst) {
  for (const bool log_first : {false, true}) {
    World world;
    model::Submission named = local(world, Source::milter, "uid33:contact.php");
    named.handed_in_by = "script:uid33";
    named.recipients = {"x@away.test"};
    if (log_first) world.send(local(world, Source::log, "uid33"));
    world.send(named);
    world.send(local(world, Source::log, "uid33"));
    delivered(world, "4S", "x@away.test");
    EXPECT_EQ(owner_of(world, "4S"), "script:uid33:contact.php") << log_first;
    EXPECT_EQ(world.engine.counters().recipients, 1U) << log_first;
  }
}

TEST(Sightings, AForwardCountsForItsRuleAndAStopOfWhoHandsItInStands) {
  World world;
  model::Submission what = local(world, Source::milter, "");
  what.account = "chor@c.test";
  what.forwarded = true;
  what.handed_in_by = "script:uid5000";
  what.recipients = {"x@away.test"};
  EXPECT_EQ(world.send(what).answer.disposition, model::Disposition::pass);
  EXPECT_EQ(owner_of(world, "4S"), "forward:chor@c.test");
  EXPECT_FALSE(world.engine.explain({model::SubjectKind::account, "chor@c.test"}, world.now).known);
  model::Restriction stop;
  stop.subject = {model::SubjectKind::script, "uid5000"};
  stop.since = world.now;
  std::ignore = world.engine.book().suspend(stop, world.now);
  what.id = "milter/4T";
  what.queue.queue_id = "4T";
  EXPECT_EQ(world.send(what).answer.disposition, model::Disposition::reject);
  EXPECT_TRUE(world.send(local(world, Source::log, "uid5000")).hold) << "what is still queued";
}

TEST(Sightings, ARelaysForwardsAreNoLongerItsOwnOnceTheirHeadersNameTheRule) {
  for (const bool named : {false, true}) {
    Settings settings = test_settings();
    settings.relay_clients = {base::IpPrefix::parse("192.0.2.25/32").value()};
    World world(settings);
    const model::Subject relay{model::SubjectKind::client_address, "192.0.2.25"};
    const auto asked = [&](const std::string& recipient) {  // by policy: nobody logged in
      model::Submission what = world.mail("", {recipient}, relay.name);
      what.envelope_sender = "writer@away.test";
      what.source = Source::policy;
      what.stage = model::SubmissionStage::recipient;
      return world.send(what);
    };
    for (int day = 0; day < 35; ++day, world.pass_time(std::chrono::hours(24)))
      asked("friend" + std::to_string(day % 5) + "@away.test");
    for (int i = 0; i < 200 && world.engine.book().find(relay) == nullptr; ++i) {
      const std::string reader = world.stranger();
      asked(reader);
      if (named) {
        model::Submission what = world.mail("", {reader}, relay.name);
        what.envelope_sender = "writer@away.test";
        what.source = Source::milter;
        what.account = "chor" + std::to_string(i) + "@c.test";
        what.forwarded = true;
        what.handed_in_by = relay.to_string();
        what.queue.queue_id = "4R" + std::to_string(i);
        world.send(what);
      }
      world.pass_time(std::chrono::seconds(3));
    }
    EXPECT_EQ(world.engine.book().find(relay) == nullptr, named);
    if (!named) continue;
    EXPECT_LT(world.engine.explain(relay, world.now).score, 1);
  }
}

TEST(Sightings, WhatHeadersNameIsHeldAndNotRefused) {
  for (const bool forward : {false, true}) {
    World world;
    const auto one = [&](const std::string& recipient) {
      model::Submission what = world.mail("", {recipient});
      what.client = base::IpAddress::parse("127.0.0.1");
      what.source = Source::milter;
      what.handed_in_by = "script:uid33";
      if (forward) {
        what.account = "chor@c.test";
        what.forwarded = true;
      } else {
        what.script = "uid33:contact.php";
      }
      return world.send(what).answer.disposition;
    };
    for (int day = 0; day < 35; ++day, world.pass_time(std::chrono::hours(24)))
      one("friend" + std::to_string(day % 5) + "@away.test");
    auto answer = model::Disposition::pass;
    for (int i = 0; i < 400 && answer == model::Disposition::pass; ++i) {
      answer = one(world.stranger());
      world.pass_time(std::chrono::seconds(3));
    }
    EXPECT_EQ(answer, model::Disposition::hold) << forward;
  }
}

TEST(Sightings, WhatThePasswordServerTellsOfALoginCountsNothingMore) {
  const auto counts = [](std::string_view service) {
    World world;
    world.live(anna);
    for (int i = 0; i < 3; ++i) {
      model::Login login{.account = anna,
                         .client = base::IpAddress::parse("198.51.100.99"),
                         .service = std::string(service)};
      login.ok = false;
      world.feed({world.now, world.now, std::move(login)});
    }
    world.send(anna, {"friend1@away.test"}, "198.51.100.99");
    const auto terms = world.engine.explain({model::SubjectKind::account, anna}, world.now).terms;
    return std::ranges::any_of(terms, [](const auto& one) { return one.name == "failed_logins"; });
  };
  EXPECT_TRUE(counts("imap"));
  EXPECT_FALSE(counts(model::password_server));
}

}  // namespace
}  // namespace leumund::engine
