#include "apps/daemon/campaign_release.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/campaign_test_world.h"

namespace leumund::apps {
namespace {

class CampaignReleaseTest : public engine::CampaignWorld {};

TEST_F(CampaignReleaseTest, AnExemptionOfWhatIsOnlyObservedTeachesThatItIsHonest) {
  engine::Settings settings = engine::test_settings();
  settings.book.detector_modes["campaign"] = model::Mode::observe;
  world.engine.set_settings(settings);
  live(40);
  attack(0, 30, text());
  ASSERT_EQ(world.engine.open_campaigns().size(), 1U);
  const model::Subject subject = world.engine.open_campaigns().front();
  auto decisions = world.engine.book().exempt(subject, true, "admin", world.now);
  static_cast<void>(after_campaign_release(world.engine, decisions, true, world.now));
  EXPECT_TRUE(world.engine.open_campaigns().empty());
  ASSERT_EQ(decisions.size(), 1U);
  EXPECT_FALSE(decisions.front().record.empty()) << "a restart must not forget it";
  static_cast<void>(world.engine.book().exempt(subject, false, "admin", world.now));
  EXPECT_EQ(world.engine.explain(subject, world.now).standing, "good");
}

}  // namespace
}  // namespace leumund::apps
