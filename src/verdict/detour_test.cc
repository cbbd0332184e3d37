#include "verdict/detour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::verdict {
namespace {

using model::CellState;
using model::Detour;
using model::DetourPhase;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

class DetourPlan : public testing::Test {
 protected:
  DetourPlan() {
    settings.ways = {"default", "out2", "out3"};
    settings.warm_up = {2, 4};
    settings.cap_per_hour = 5;
    detour.provider = "gmx";
  }
  void set(const std::string& egress, CellState state) {
    for (auto& facts : world.cells) {
      if (facts.egress == egress) {
        facts.state = state;
        facts.last_refused_at = now;
        return;
      }
    }
    model::BlockFacts facts;
    facts.egress = egress;
    facts.state = state;
    facts.last_refused_at = now;
    world.cells.push_back(facts);
  }
  DetourStep plan(std::chrono::seconds later = seconds(1)) {
    now += later;
    DetourStep step = plan_detour(detour, world, settings, now);
    detour = step.detour;
    return step;
  }

  DetourSettings settings;
  DetourWorld world;
  Detour detour;
  base::TimePoint now = base::TimePoint() + hours(500'000);
};

TEST_F(DetourPlan, WhatIsOnlyPlannedIsToldAsWhatItWouldDo) {
  detour.planned = true;
  set("default", CellState::refused);
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.reason, "gmx refuses mail by default; it would leave by out2");
  detour.planned = false;
  plan();
  EXPECT_EQ(detour.reason, "gmx refuses mail by default; it leaves by out2");
  set("out2", CellState::refused);
  set("out3", CellState::refused);
  detour.planned = true;
  plan();
  EXPECT_EQ(detour.reason, "gmx refuses mail by every way we have; it would wait");
}

TEST_F(DetourPlan, NothingHappensWhileTheUsualWayIsOpenOrOnlyInDoubt) {
  EXPECT_FALSE(plan().changed);
  set("default", CellState::suspected);
  EXPECT_FALSE(plan().changed);
  set("out2", CellState::refused);  // another way than the usual one
  EXPECT_FALSE(plan().changed);
  EXPECT_EQ(detour.phase, DetourPhase::none);
}

TEST_F(DetourPlan, OpensByTheNextWayOfThePoolOnceTheCauseIsContained) {
  set("default", CellState::refused);
  world.suspect = "account:a@c.test";
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.phase, DetourPhase::waiting);
  EXPECT_THAT(detour.reason, HasSubstr("account:a@c.test"));
  EXPECT_FALSE(model::routes_mail(detour));
  EXPECT_FALSE(plan().changed) << "told once";
  world.suspect.clear();
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.phase, DetourPhase::open);
  EXPECT_EQ(detour.via, "out2");
  EXPECT_FALSE(plan().changed);
}

TEST_F(DetourPlan, ASuspectWhoComesLaterClosesNoOpenDetourButOpensNoOther) {
  set("default", CellState::refused);
  plan();
  world.suspect = "account:b@c.test";
  EXPECT_FALSE(plan().changed);
  set("out2", CellState::suspected);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::waiting);
}

TEST_F(DetourPlan, LeavesASecondWayAtTheFirstDoubtAndDefersWhenNoneIsLeft) {
  set("default", CellState::refused);
  plan();
  ASSERT_EQ(detour.via, "out2");
  set("out2", CellState::suspected);
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.via, "out3");
  set("out3", CellState::refused);
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.phase, DetourPhase::deferred);
  EXPECT_EQ(detour.via, "");
  EXPECT_TRUE(model::routes_mail(detour));
  set("out2", CellState::open);
  plan();
  EXPECT_EQ(detour.via, "out2");
}

TEST_F(DetourPlan, AWayInDoubtIsTriedAgainAfterAnHourButARefusedOneIsNot) {
  settings.ways = {"default", "out2"};
  set("default", CellState::refused);
  set("out2", CellState::suspected);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::deferred);
  plan(settings.doubt_span);
  EXPECT_EQ(detour.phase, DetourPhase::open);
  set("out2", CellState::refused);
  plan();
  plan(10 * settings.doubt_span);
  EXPECT_EQ(detour.phase, DetourPhase::deferred);
}

TEST_F(DetourPlan, AWayThatWasRefusedBeginsAnewWithTheFirstCap) {
  settings.ways = {"default", "out2"};
  set("default", CellState::refused);
  for (int i = 0; i < 3; ++i) {
    plan(hours(1));
    count_detoured(detour, now);
  }
  ASSERT_GT(detour.cap, settings.warm_up.front());
  set("out2", CellState::refused);
  plan();
  ASSERT_EQ(detour.phase, DetourPhase::deferred);
  now += hours(6);
  world.cells.back().state = CellState::suspected;  // nothing was sent by it meanwhile
  plan();
  EXPECT_EQ(detour.via, "out2");
  EXPECT_EQ(detour.cap, settings.warm_up.front());
  EXPECT_EQ(detour.delivered, 0U);
}

TEST_F(DetourPlan, ARefusedWayThatAPersonChoseIsKeptUntilItIsRefusedOnceMore) {
  set("default", CellState::refused);
  set("out2", CellState::refused);
  plan();
  ASSERT_EQ(detour.via, "out3");
  now += minutes(5);
  detour = set_by_hand(detour, "out2", "admin", settings, now);
  for (int i = 0; i < 3; ++i) plan(minutes(10));
  EXPECT_EQ(detour.via, "out2");
  EXPECT_TRUE(detour.by_hand);
  set("out2", CellState::refused);
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.via, "out3");
  EXPECT_FALSE(detour.by_hand);
}

TEST_F(DetourPlan, WithoutASecondWayRefusedMailWaits) {
  settings.ways = {"default"};
  set("default", CellState::refused);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::deferred);
}

TEST_F(DetourPlan, CountsDeliveriesOfAnHourAndWarmsUp) {
  set("default", CellState::refused);
  plan();
  for (const std::uint32_t cap : {2U, 4U, 5U, 5U}) {
    EXPECT_EQ(detour.phase, DetourPhase::open);
    EXPECT_EQ(detour.cap, cap);
    for (std::uint32_t i = 0; i < cap; ++i) count_detoured(detour, now);
    plan();
    EXPECT_EQ(detour.phase, DetourPhase::capped);
    EXPECT_TRUE(model::routes_mail(detour));
    plan(hours(1));
  }
  plan(hours(3));
  EXPECT_EQ(detour.warm_hours, 4U) << "an hour without mail warms nothing up";
  EXPECT_EQ(detour.delivered_all, 16U);
}

TEST_F(DetourPlan, ProbesAtGrowingPausesAndQuicklyAfterSuccess) {
  set("default", CellState::refused);
  plan();
  EXPECT_FALSE(probe_is_due(detour, now));
  seconds pause = settings.probe_first;
  for (int i = 0; i < 8; ++i) {
    plan(pause);
    ASSERT_TRUE(probe_is_due(detour, now)) << i;
    start_probe(detour, {{"", "", "Q1"}, now});
    EXPECT_FALSE(probe_is_due(detour, now)) << "one at a time";
    end_probe(detour, ProbeResult::refused, now, settings, now);
    pause = detour.next_probe_at - now > settings.probe_most
                ? settings.probe_most
                : std::chrono::duration_cast<seconds>(detour.next_probe_at - now);
    EXPECT_FALSE(probe_is_due(detour, now + pause - seconds(1)));
  }
  EXPECT_EQ(pause, settings.probe_most);
  plan(pause);
  start_probe(detour, {{"", "", "Q2"}, now});
  end_probe(detour, ProbeResult::accepted, now, settings, now);
  EXPECT_TRUE(probe_is_due(detour, now + minutes(1)));
  EXPECT_EQ(detour.probes_accepted, 1U);
  EXPECT_EQ(detour.probes_refused, 8U);
}

class NoWayIsFree : public DetourPlan {
 protected:
  NoWayIsFree() {
    settings.ways = {"default"};
    set("default", CellState::refused);
    plan();
  }
  void probe(ProbeResult result) {
    plan(std::chrono::ceil<seconds>(detour.next_probe_at - now));
    ASSERT_TRUE(queue_probe_is_due(detour, now));
    start_probe(detour, {{"", "", "Q1"}, now, "r@gmx.net"});
    now += seconds(20);
    end_probe(detour, result, now, settings, now);
  }
};

TEST_F(NoWayIsFree, QueuedMailTriesTheUsualWayAndAFewFollowItUntilOneIsRefused) {
  EXPECT_FALSE(queue_probe_is_due(detour, now));
  probe(ProbeResult::refused);
  EXPECT_FALSE(plan(minutes(1)).changed);
  probe(ProbeResult::accepted);
  EXPECT_TRUE(plan(minutes(1)).changed);
  EXPECT_EQ(detour.phase, DetourPhase::open);
  EXPECT_EQ(detour.via, "default");
  EXPECT_EQ(detour.cap, settings.warm_up.front());
  EXPECT_THAT(detour.reason, HasSubstr("took a mail by default"));
  EXPECT_FALSE(probe_is_due(detour, now + hours(9))) << "all its mail tries the way already";
  count_detoured(detour, now);
  count_detoured(detour, now);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::capped);
  const auto pause = detour.probe_pause;
  EXPECT_EQ(pause, 2 * settings.probe_first) << "one was refused before";
  set("default", CellState::refused);  // a refusal after the probe
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.phase, DetourPhase::deferred);
  EXPECT_EQ(detour.next_probe_at, now + pause);
  EXPECT_FALSE(plan(minutes(1)).changed) << "one probe, one try";
  EXPECT_EQ(detour.delivered_all, 0U) << "no other way carried it";
}

TEST_F(NoWayIsFree, AWayThatTakesAProbeAndRefusesTheNextIsTriedEverMoreSeldomAndGetsNoNewCap) {
  seconds pause = settings.probe_first;
  for (int i = 0; i < 3; ++i) {
    probe(ProbeResult::accepted);
    plan();
    ASSERT_EQ(detour.phase, i == 0 ? DetourPhase::open : DetourPhase::capped) << i;
    if (i == 0) count_detoured(detour, now), count_detoured(detour, now);
    set("default", CellState::refused);
    plan();
    ASSERT_EQ(detour.phase, DetourPhase::deferred);
    EXPECT_EQ(detour.next_probe_at, now + pause) << i;
    pause *= 2;
    detour.next_probe_at = now;  // within the hour
  }
}

TEST_F(NoWayIsFree, AMailWithTroubleOfItsOwnTellsNothing) {
  const auto pause = detour.probe_pause;
  probe(ProbeResult::unclear);
  EXPECT_EQ(detour.next_probe_at, now + settings.probe_first);
  EXPECT_EQ(detour.probe_pause, pause);
  EXPECT_EQ(detour.probes_refused + detour.probes_accepted, 0U);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::deferred);
}

TEST_F(NoWayIsFree, APersonsWayEndsTheProbeAndWhatWasTakenBefore) {
  probe(ProbeResult::accepted);
  settings.ways = {"default", "out2"};
  set("out2", CellState::refused);
  plan(minutes(1));
  ASSERT_EQ(detour.via, "default");
  set("out2", CellState::open);
  detour = set_by_hand(detour, "out2", "admin", settings, now);
  set("out2", CellState::refused);
  set("default", CellState::refused);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::deferred) << "nothing was taken since";
  plan(std::chrono::ceil<seconds>(detour.next_probe_at - now));
  start_probe(detour, {{"", "", "Q1"}, now, "r@gmx.net"});
  detour = set_by_hand(detour, "out2", "admin", settings, now);
  EXPECT_FALSE(detour.probe);
}

TEST_F(NoWayIsFree, EndsByItselfWhenWhatFollowsTheProbeIsTaken) {
  probe(ProbeResult::accepted);
  plan(minutes(1));
  set("default", CellState::open);
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.phase, DetourPhase::none);
  set("default", CellState::refused);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::deferred) << "what it took then says nothing now";
}

TEST_F(NoWayIsFree, AnotherWayThatIsFreeComesBeforeATryOfTheUsualOne) {
  probe(ProbeResult::accepted);
  settings.ways = {"default", "out2"};
  plan(minutes(1));
  EXPECT_EQ(detour.via, "out2");
}

TEST_F(NoWayIsFree, NothingFollowsTheProbeWhileTheCauseSends) {
  probe(ProbeResult::accepted);
  world.suspect = "account:a@c.test";
  plan(minutes(1));
  EXPECT_EQ(detour.phase, DetourPhase::deferred);
}

TEST_F(NoWayIsFree, MailOfAPoolLeavesByItsUsualWayAnywayAndIsNoProbe) {
  detour.pool = "tenant";
  EXPECT_FALSE(queue_probe_is_due(detour, now + hours(9)));
}

TEST_F(DetourPlan, AClockThatRanADayAheadPutsNoProbeOffForADay) {
  set("default", CellState::refused);
  plan(hours(24));
  EXPECT_TRUE(probe_is_due(detour, now + settings.probe_first));
  now -= hours(24);
  plan();
  EXPECT_TRUE(probe_is_due(detour, now + settings.probe_most));
  plan(hours(24));
  start_probe(detour, {{"", "", "Q1"}, now});
  now -= hours(24);
  plan();
  ASSERT_TRUE(detour.probe);
  EXPECT_TRUE(plan(settings.probe_patience + seconds(1)).probe_over) << "nothing was heard of it";
}

TEST_F(DetourPlan, AProbeWithoutNewsIsGivenUp) {
  set("default", CellState::refused);
  plan();
  plan(settings.probe_first);
  start_probe(detour, {{"", "", "Q1"}, now});
  EXPECT_FALSE(plan(minutes(10)).probe_over);
  const DetourStep step = plan(minutes(10));
  ASSERT_TRUE(step.probe_over);
  EXPECT_EQ(step.probe_over->queue.queue_id, "Q1");
  EXPECT_FALSE(detour.probe);
}

TEST_F(DetourPlan, ReturnsByItselfWhenTheUsualWayOpens) {
  set("default", CellState::refused);
  plan();
  set("default", CellState::half_open);
  EXPECT_FALSE(plan().changed);
  set("default", CellState::open);
  EXPECT_TRUE(plan().changed);
  EXPECT_EQ(detour.phase, DetourPhase::none);
  EXPECT_THAT(detour.reason, HasSubstr("again"));
}

TEST_F(DetourPlan, APersonsChoiceHoldsUntilEndedOrRefused) {
  detour = set_by_hand(detour, "out3", "admin", settings, now);
  EXPECT_FALSE(plan().changed);
  EXPECT_EQ(detour.via, "out3");
  EXPECT_FALSE(probe_is_due(detour, now + hours(1)));
  set("out3", CellState::refused);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::none) << "the usual way was never refused";
  set("default", CellState::refused);
  plan();
  EXPECT_EQ(detour.via, "out2");
  detour = set_by_hand(detour, "", "admin", settings, now);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::none) << "not opened again against a person's word";
  set("default", CellState::open);
  plan();
  set("default", CellState::refused);
  plan();
  EXPECT_EQ(detour.phase, DetourPhase::open);
}

}  // namespace
}  // namespace leumund::verdict
