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
  tries.end(gmx);
  EXPECT_FALSE(tries.waits(gmx));
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
