// How campaigns go on beside each other, and whose mail of the time before they were found is
// spared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/campaign_test_world.h"

namespace leumund::engine {
namespace {

using model::Disposition;
using model::Fingerprint;
using std::chrono::hours;
using std::chrono::minutes;

class CampaignGoingOnTest : public CampaignWorld {
 protected:
  static Settings with_span() {
    Settings settings = test_settings();
    settings.book.detector_spans["campaign"] = hours(24 * 7);
    return settings;
  }
};

TEST_F(CampaignGoingOnTest, ASlowCampaignBesideAFastOneIsProlongedByItsOwnMail) {
  world.engine.set_settings(with_span());
  live(60);
  const Fingerprint slow = text();
  attack(0, 20, slow);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject slow_one = campaign()->subject;
  world.decisions.clear();
  const Fingerprint fast = text();
  attack(20, 20, fast);
  ASSERT_NE(campaign(), nullptr);
  ASSERT_NE(campaign()->subject, slow_one);
  int held = 0;
  for (int day = 0; day < 12; ++day) {
    // Mail of the fast one is always there first.
    for (int k = 0; k < 20; ++k, world.pass_time(minutes(11)))
      send(person(20 + k), {world.stranger()}, bot(20 + k), variant(fast));
    send(person(41 + day), {world.stranger()}, bot(41), variant(fast));
    held += send(person(day), {world.stranger()}, bot(day), variant(slow)).answer.disposition ==
            Disposition::hold;
    world.engine.tick(world.now);
    world.pass_time(hours(24) - minutes(11) * 20);
  }
  EXPECT_EQ(held, 12);
  ASSERT_NE(world.engine.book().find(slow_one), nullptr) << "it wrote every day";
}

}  // namespace
}  // namespace leumund::engine
