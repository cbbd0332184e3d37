#include "apps/daemon/detour_tries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::apps {
namespace {

using model::Detour;
using model::DetourPhase;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const DetourTries::Key gmx{"gmx", ""};
const DetourTries::Key web{"web", ""};
const DetourTries::Time start{seconds(1000)};

Detour detour(DetourPhase phase, bool planned = false) {
  Detour out;
  out.provider = "gmx";
  out.phase = phase;
  out.planned = planned;
  return out;
}

TEST(DetourTries, NothingIsDueBeforePostfixHasLookedAtTheTables) {
  DetourTries tries;
  tries.order(gmx);
  EXPECT_THAT(tries.due(start + seconds(3600)), IsEmpty()) << "the tables cannot be written";
  EXPECT_TRUE(tries.waits(gmx));
  tries.tables_stand(start);
  EXPECT_THAT(tries.due(start + seconds(10)), IsEmpty());
  EXPECT_THAT(tries.due(start + seconds(11)), ElementsAre(gmx));
  EXPECT_TRUE(tries.waits(gmx)) << "until it is done";
  tries.end(gmx, start + seconds(12));
  EXPECT_FALSE(tries.waits(gmx));
  EXPECT_THAT(tries.turning("gmx", start + seconds(72)), ElementsAre(gmx));
  EXPECT_THAT(tries.turning("gmx", start + seconds(73)), IsEmpty());
}

TEST(DetourTries, TablesThatAreWrittenAnewPutOffOnlyWhatWasOrderedSince) {
  DetourTries tries;
  tries.order(gmx);
  tries.tables_stand(start);
  tries.order(web);
  tries.tables_stand(start + seconds(5));
  EXPECT_THAT(tries.due(start + seconds(11)), ElementsAre(gmx));
  EXPECT_THAT(tries.due(start + seconds(16)), ElementsAre(gmx, web));
  tries.order(gmx);
  EXPECT_THAT(tries.due(start + seconds(16)), ElementsAre(web)) << "it has turned again";
}

TEST(DetourTries, AQueueThatCannotBeReadPutsAllOff) {
  DetourTries tries;
  tries.order(gmx);
  tries.tables_stand(start);
  tries.order(web);
  tries.put_off(start + seconds(60));
  tries.tables_stand(start + seconds(20));
  EXPECT_THAT(tries.due(start + seconds(59)), ElementsAre(web));
  EXPECT_THAT(tries.due(start + seconds(60)), ElementsAre(gmx, web));
}

TEST(DetourTries, WhatMissesItsDetourIsTriedOnceMoreWhenPostfixAsksAnew) {
  using Missed = std::map<DetourTries::Key, std::set<std::string>>;
  DetourTries tries;
  tries.miss(gmx, "A");
  EXPECT_EQ(tries.missed(start + seconds(3600)), Missed()) << "its domain is in no table yet";
  tries.tables_stand(start);
  tries.miss(gmx, "B");
  tries.tables_stand(start + seconds(5));
  EXPECT_EQ(tries.missed(start + seconds(30)), Missed());
  EXPECT_EQ(tries.missed(start + seconds(31)), (Missed{{gmx, {"A"}}}));
  tries.end_missed(gmx, {"A"});
  tries.miss(gmx, "A");  // a reason of its own
  tries.miss(gmx, "B");  // with all mail, by the answer of before
  tries.tables_stand(start + seconds(20));
  EXPECT_EQ(tries.missed(start + seconds(50)), Missed());
  EXPECT_EQ(tries.missed(start + seconds(51)), (Missed{{gmx, {"B"}}}));
  tries.put_off(start + seconds(90));
  EXPECT_EQ(tries.missed(start + seconds(89)), Missed()) << "the queue cannot be read";
  EXPECT_EQ(tries.missed(start + seconds(90)), (Missed{{gmx, {"B"}}}));

  tries.order(gmx);
  tries.miss(gmx, "C");
  tries.tables_stand(start + seconds(90));
  EXPECT_EQ(tries.missed(start + seconds(200)), Missed()) << "all mail is about to be tried";
  tries.end(gmx, start + seconds(91));
  EXPECT_EQ(tries.missed(start + seconds(200)), (Missed{{gmx, {"C"}}}))
      << "it was put off after that try had begun, or is gone";
  tries.follow(detour(DetourPhase::open), detour(DetourPhase::capped));
  EXPECT_EQ(tries.missed(start + seconds(200)), Missed()) << "it waits";
}

TEST(DetourTries, WhatHasArrivedMakesRoomForOtherMail) {
  DetourTries tries;
  for (std::size_t i = 0; i < DetourTries::missed_max; ++i) tries.miss(gmx, std::to_string(i));
  tries.arrived("gmx", "7");
  tries.arrived("web", "8");
  tries.miss(gmx, "new");
  tries.miss(gmx, "one too many");
  tries.tables_stand(start);
  const auto theirs = tries.missed(start + seconds(31)).at(gmx);
  EXPECT_TRUE(theirs.contains("new") && theirs.contains("8"));
  EXPECT_FALSE(theirs.contains("7") || theirs.contains("one too many"));
}

TEST(DetourTries, WhatWasLetOutCountsForAMinute) {
  DetourTries tries;
  tries.let_out(gmx, 30, start);
  tries.let_out(gmx, 5, start + seconds(40));
  tries.let_out(web, 7, start + seconds(40));
  EXPECT_EQ(tries.let_out_lately(gmx, start + seconds(60)), 35U);
  EXPECT_EQ(tries.let_out_lately(gmx, start + seconds(61)), 5U);
  EXPECT_EQ(tries.let_out_lately(gmx, start + seconds(101)), 0U);
}

TEST(DetourTries, OfTooManyMailsThatMissTheirDetourTheRestIsLeftToPostfix) {
  DetourTries tries;
  for (std::size_t i = 0; i < DetourTries::missed_max + 5; ++i) tries.miss(gmx, std::to_string(i));
  tries.tables_stand(start);
  EXPECT_EQ(tries.missed(start + seconds(31)).at(gmx).size(), DetourTries::missed_max);
}

TEST(DetourTries, FollowTheDetoursThatLeadMail) {
  const auto after = [](const Detour& before, const Detour& now, bool ordered_before) {
    DetourTries tries;
    if (ordered_before) tries.order(gmx);
    tries.follow(before, now);
    return tries.waits(gmx);
  };
  const Detour none = detour(DetourPhase::none);
  const Detour open = detour(DetourPhase::open);
  EXPECT_TRUE(after(none, open, false));
  EXPECT_TRUE(after(open, none, false)) << "the return";
  EXPECT_TRUE(after(detour(DetourPhase::deferred), none, false));
  EXPECT_TRUE(after(open, detour(DetourPhase::open, true), false)) << "observe mode, by reload";
  EXPECT_FALSE(after(open, detour(DetourPhase::capped), true)) << "the rest waits";
  EXPECT_FALSE(after(none, detour(DetourPhase::open, true), false)) << "only a plan";
  // A return that Postfix has not seen yet outlives whatever leads no mail.
  EXPECT_TRUE(after(none, detour(DetourPhase::waiting), true));
  EXPECT_TRUE(after(none, detour(DetourPhase::open, true), true));
}

}  // namespace
}  // namespace leumund::apps
