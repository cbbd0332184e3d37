// When a finding is told, and when it is acted on.
#include <gtest/gtest.h>

#include "engine/engine_test_world.h"

namespace leumund::engine {
namespace {

using model::Level;

const std::string anna = "anna@c.test";
const std::string abroad = "198.51.100.99";

TEST(Findings, InObserveModeItSaysWhatItWouldDoAndLetsMailPass) {
  Settings settings = test_settings();
  settings.book.default_mode = model::Mode::observe;
  World world(settings);
  world.live(anna);
  EXPECT_EQ(world.recipients_until_stopped(anna, abroad), 100);
  ASSERT_FALSE(world.decisions.empty());
  EXPECT_EQ(world.decisions.front().kind, model::DecisionKind::would_restrict);
  EXPECT_LE(world.decisions.size(), 3U);
}

TEST(Findings, WhatWasOnlyReportedIsStoppedAsSoonAsItIsActedOn) {
  Settings observing = test_settings();
  observing.book.default_mode = model::Mode::observe;
  const auto reported = [&](World& world) {
    world.live(anna);
    world.recipients_until_stopped(anna, abroad);
    ASSERT_FALSE(world.restricted(anna));
    ASSERT_FALSE(world.decisions.empty());
  };
  World enforced(observing);
  reported(enforced);
  enforced.engine.set_settings(test_settings());
  EXPECT_EQ(enforced.recipients_until_stopped(anna, abroad), 0);

  World away(observing);
  reported(away);
  action::Unattended unattended;
  unattended.from = away.now + std::chrono::seconds(5);
  unattended.until = away.now + std::chrono::hours(8);
  away.engine.book().set_unattended(unattended);
  EXPECT_EQ(away.recipients_until_stopped(anna, abroad), 2) << "from its first second on";
}

TEST(Findings, ThePersonsLevelTakesThePlaceOfTheProposed) {
  for (const Level level :
       {Level::throttle, Level::hold, Level::external_only, Level::no_sending}) {
    Settings settings = test_settings();
    settings.burst_level = level;
    World world(settings);
    world.live(anna);
    world.recipients_until_stopped(anna, abroad);  // proposed: no sending
    ASSERT_FALSE(world.decisions.empty());
    EXPECT_EQ(world.decisions.front().restriction.level, level);
    EXPECT_EQ(world.decisions.front().detector, "burst") << "held until somebody decides";
  }
  Settings settings = test_settings();
  settings.burst_level = Level::no_sending;
  World world(settings);
  world.live(anna);
  world.recipients_until_stopped(anna, "203.0.113.7");  // proposed: a hold for review
  EXPECT_EQ(world.decisions.front().restriction.level, Level::no_sending);
}

}  // namespace
}  // namespace leumund::engine
