#include "engine/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::engine {
namespace {

using model::BlockFacts;
using model::CellState;
using testing::ElementsAre;

const base::TimePoint now = base::from_unix_seconds(1'600'000'000);

BlockFacts cell(const std::string& egress, CellState state, std::chrono::hours used_ago) {
  BlockFacts facts;
  facts.egress = egress;
  facts.state = state;
  facts.since = now - used_ago;
  facts.last_accepted_at = now - used_ago;
  return facts;
}

TEST(Reach, WithoutAnyRefusalTheDefaultEgressIsAWay) {
  const Reach reach = reach_over({}, now);
  EXPECT_TRUE(reach.reachable);
  EXPECT_THAT(reach.through, ElementsAre("default"));
  EXPECT_FALSE(reach.not_since);
}

TEST(Reach, OneOpenWayIsEnoughAndDoubtIsNoRefusal) {
  const Reach reach = reach_over({cell("a", CellState::refused, std::chrono::hours(1)),
                                  cell("b", CellState::suspected, std::chrono::hours(1))},
                                 now);
  EXPECT_TRUE(reach.reachable);
  EXPECT_THAT(reach.through, ElementsAre("b"));
  EXPECT_EQ(reach.refused.size(), 1U);
  EXPECT_FALSE(reach.not_since);
}

TEST(Reach, TheLastWayToCloseTellsSinceWhenNot) {
  const Reach reach = reach_over({cell("a", CellState::refused, std::chrono::hours(9)),
                                  cell("b", CellState::half_open, std::chrono::hours(2))},
                                 now);
  EXPECT_FALSE(reach.reachable);
  EXPECT_EQ(reach.not_since, now - std::chrono::hours(2));
  EXPECT_TRUE(reach.through.empty());
}

TEST(Reach, AWayNotUsedForAMonthIsNone) {
  const Reach reach = reach_over({cell("a", CellState::refused, std::chrono::hours(1)),
                                  cell("old", CellState::open, std::chrono::hours(24 * 40))},
                                 now);
  EXPECT_FALSE(reach.reachable);
}

}  // namespace
}  // namespace leumund::engine
