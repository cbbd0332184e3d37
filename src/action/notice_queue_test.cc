#include "action/notice_queue.h"

#include <gtest/gtest.h>

namespace leumund::action {
namespace {

using namespace std::chrono_literals;
using model::DecisionKind;

const base::TimePoint t0 = base::TimePoint(std::chrono::seconds(1'800'000'000));

model::Decision decision(DecisionKind kind = DecisionKind::restricted) {
  model::Decision made;
  made.kind = kind;
  return made;
}

TEST(NoticeQueue, AMassIncidentBecomesAFewMails) {
  NoticeQueue queue({});
  int own = 0;
  std::size_t collected_mails = 0, collected = 0;
  for (int second = 0; second < 5000; ++second) {
    own += queue.own_mail(decision(), t0 + std::chrono::seconds(second)) ? 1 : 0;
    const auto all = queue.collected(t0 + std::chrono::seconds(second));
    collected_mails += all.empty() ? 0 : 1;
    collected += all.size();
  }
  collected += queue.collected(t0 + 3h).size();
  EXPECT_EQ(own, 5 + 8);  // and one every ten minutes
  EXPECT_LE(collected_mails, 9u);
  EXPECT_EQ(collected + static_cast<std::size_t>(own), 5000u);  // none is lost
}

TEST(NoticeQueue, FindingsOnlyReportedAreToldAtOnceButLeaveMailsForRestrictions) {
  NoticeQueue queue({});
  int own = 0;
  for (int i = 0; i < 100; ++i) {
    own += queue.own_mail(decision(DecisionKind::would_restrict), t0) ? 1 : 0;
  }
  EXPECT_EQ(own, 3);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(queue.own_mail(decision(), t0));
  EXPECT_FALSE(queue.own_mail(decision(), t0));
  EXPECT_TRUE(queue.collected(t0 + 599s).empty());
  EXPECT_EQ(queue.collected_at(), t0 + 600s);
  EXPECT_EQ(queue.collected(t0 + 600s).size(), 98u);
  EXPECT_TRUE(queue.collected(t0 + 1h).empty());
  EXPECT_EQ(queue.collected_at(), std::nullopt);
}

TEST(NoticeQueue, RestrictionsOfManyMembersDelayNoNewsAboutTheHouse) {
  NoticeQueue queue({});
  for (int i = 0; i < 100; ++i) std::ignore = queue.own_mail(decision(), t0);
  auto campaign = decision();
  campaign.subject.kind = model::SubjectKind::campaign;
  auto listed = decision(DecisionKind::listed);
  listed.listing.emplace();
  auto refused = decision(DecisionKind::provider_refuses);
  refused.block.emplace();
  auto detour = decision(DecisionKind::detour);
  detour.detour.emplace();
  for (const auto& news : {campaign, listed, refused, detour})
    EXPECT_TRUE(queue.own_mail(news, t0)) << model::decision_kind_name(news.kind);
  EXPECT_FALSE(queue.own_mail(decision(), t0));
  EXPECT_TRUE(queue.own_mail(listed, t0));
  EXPECT_FALSE(queue.own_mail(listed, t0)) << "these are bounded too";

  NoticeQueue other({});
  auto faulty = decision(DecisionKind::list_fault);
  faulty.list_fault.emplace();
  int told = 0;
  for (int i = 0; i < 10; ++i) told += other.own_mail(faulty, t0) ? 1 : 0;
  EXPECT_EQ(told, 5) << "an alarm for each, in bounds";
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(other.own_mail(listed, t0)) << "they take nothing from graver news";
}

TEST(NoticeQueue, WhatIsCollectedIsNotKeptFromADaemonThatStops) {
  NoticeQueue queue({});
  for (int i = 0; i < 7; ++i) std::ignore = queue.own_mail(decision(), t0);
  EXPECT_EQ(queue.take_collected().size(), 2u);
  EXPECT_TRUE(queue.collected(t0 + 1h).empty());
}

TEST(NoticeQueue, TriesAgainWithGrowingPausesAndGivesUp) {
  NoticeQueue queue({});
  queue.add({.to = "a@c.test"}, t0);
  std::vector<std::chrono::seconds> tries;
  for (auto now = t0; queue.waiting() > 0 && tries.size() < 1000; now += 1s) {
    if (const auto due = queue.due(now)) {
      tries.push_back(std::chrono::duration_cast<std::chrono::seconds>(now - t0));
      const bool given_up = queue.failed(due->ticket, now);
      EXPECT_EQ(given_up, queue.waiting() == 0);
    }
  }
  ASSERT_GT(tries.size(), 10u);
  EXPECT_EQ(tries[1] - tries[0], 5s);
  EXPECT_EQ(tries[2] - tries[1], 10s);
  EXPECT_EQ(tries[12] - tries[11], 900s);
  EXPECT_LE(tries.back(), 49h);
  EXPECT_GE(tries.back(), 48h);
  EXPECT_EQ(queue.dropped(), 1u);
}

TEST(NoticeQueue, AFailingOneDoesNotHoldUpTheNext) {
  NoticeQueue queue({});
  queue.add({.to = "bad@c.test"}, t0);
  queue.add({.to = "good@c.test"}, t0);
  const auto first = queue.due(t0);
  EXPECT_FALSE(queue.failed(first->ticket, t0));
  const auto second = queue.due(t0);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->to, "good@c.test");
  queue.sent(second->ticket);
  EXPECT_FALSE(queue.due(t0));
  EXPECT_EQ(queue.waiting(), 1u);
}

TEST(NoticeQueue, IsBoundedAndCountsWhatItDrops) {
  NoticeRates rates;
  rates.waiting_max = 3;
  rates.collected_max = 2;
  rates.tokens_max = 0;
  NoticeQueue queue(rates);
  for (int i = 0; i < 5; ++i) queue.add({.to = std::to_string(i)}, t0);
  EXPECT_EQ(queue.waiting(), 3u);
  EXPECT_EQ(queue.due(t0)->to, "2");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(queue.own_mail(decision(), t0));
  EXPECT_EQ(queue.collected(t0 + 1h).size(), 2u);
  EXPECT_EQ(queue.dropped(), 5u);
}

TEST(NoticeQueue, AClockSetBackDoesNotSilenceIt) {
  NoticeQueue queue({});
  for (int i = 0; i < 6; ++i) (void)queue.own_mail(decision(), t0);
  const auto earlier = t0 - 24h * 3650;
  EXPECT_FALSE(queue.own_mail(decision(), earlier));
  EXPECT_EQ(queue.collected(earlier + 601s).size(), 2u);
}

}  // namespace
}  // namespace leumund::action
