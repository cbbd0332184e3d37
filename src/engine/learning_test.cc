#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/engine_test_world.h"

namespace leumund::engine {
namespace {

using model::SubjectKind;
using std::chrono::hours;

const std::string anna = "anna@c.test";

TEST(Learning, AnInstallationThatIsStillLearningSaysSo) {
  World world;
  const auto told = [&] { return world.engine.explain({SubjectKind::account, anna}, world.now); };
  world.send(anna, {"friend1@away.test"});
  EXPECT_EQ(told().habits.front().first, "installation");
  EXPECT_TRUE(told().habits.front().second.contains("log_history"));
  world.live(anna);
  EXPECT_NE(told().habits.front().first, "installation") << "after weeks it has learnt";
}

TEST(Learning, TellsHowLongItHasWatchedUntilItHasLearned) {
  World world;
  EXPECT_FALSE(world.engine.learning().over());
  EXPECT_EQ(world.engine.learning().watched, base::Micros(0));
  EXPECT_EQ(world.engine.learning().whole, base::Micros(hours(24 * 14)));
  world.send(anna, {"friend1@away.test"});
  world.pass_time(hours(36));
  world.send(anna, {"friend1@away.test"});
  EXPECT_EQ(world.engine.learning().watched, base::Micros(hours(36)));
  world.pass_time(hours(24 * 30));
  world.send(anna, {"friend1@away.test"});
  EXPECT_TRUE(world.engine.learning().over());
  EXPECT_EQ(world.engine.learning().watched, world.engine.learning().whole);
}

}  // namespace
}  // namespace leumund::engine
