// Campaigns while they are only observed, and when what the operator wants changes meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "engine/campaign_test_world.h"

namespace leumund::engine {
namespace {

using model::Disposition;
using model::Fingerprint;
using std::chrono::hours;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CampaignModesTest : public CampaignWorld {
 protected:
  Explanation explained(const model::Subject& subject) {
    return world.engine.explain(subject, world.now);
  }
  void tick_a_minute_later() {
    world.pass_time(std::chrono::minutes(2));
    for (auto& decision : world.engine.tick(world.now))
      world.decisions.push_back(std::move(decision));
  }
};

TEST_F(CampaignModesTest, WhatIsOnlyObservedIsNotCalledSuspended) {
  Settings settings = test_settings();
  settings.book.detector_modes["campaign"] = model::Mode::observe;
  world.engine.set_settings(settings);
  live(40);
  EXPECT_EQ(attack(0, 30, text()), 30);
  ASSERT_EQ(world.engine.open_campaigns().size(), 1U);
  const Explanation e = explained(world.engine.open_campaigns().front());
  EXPECT_EQ(e.standing, "watched");
  EXPECT_THAT(e.what_would_change,
              StartsWith("its mail passes, since campaigns are only observed"));
}

TEST_F(CampaignModesTest, WhatWasObservedIsHeldAtOnceWhenThatIsWanted) {
  Settings settings = test_settings();
  settings.book.detector_modes["campaign"] = model::Mode::observe;
  world.engine.set_settings(settings);
  live(60);
  const Fingerprint spam = text();
  attack(0, 30, spam);
  ASSERT_EQ(world.engine.open_campaigns().size(), 1U);
  const model::Subject subject = world.engine.open_campaigns().front();
  world.engine.set_settings(test_settings());
  EXPECT_EQ(attack(30, 3, spam), 0) << "from the first mail on";
  EXPECT_NE(world.engine.book().find(subject), nullptr);
}

TEST_F(CampaignModesTest, WhatIsExemptSaysSo) {
  live(40);
  attack(0, 20, text());
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  static_cast<void>(world.engine.book().exempt(subject, true, "admin", world.now));
  EXPECT_EQ(explained(subject).standing, "exempt");
}

TEST_F(CampaignModesTest, ItTellsWhenItEndsByItself) {
  Settings settings = test_settings();
  settings.book.detector_spans["campaign"] = hours(24 * 3);
  world.engine.set_settings(settings);
  live(40);
  attack(0, 20, text());
  ASSERT_NE(campaign(), nullptr);
  const model::Restriction* standing = world.engine.book().find(campaign()->subject);
  ASSERT_NE(standing, nullptr);
  EXPECT_THAT(explained(campaign()->subject).what_would_change,
              HasSubstr("or until " + base::format_rfc3339(*standing->until)));
}

TEST_F(CampaignModesTest, TextsAreForgottenAtOnceWhereTheyMayNoLongerBeKept) {
  Settings settings = test_settings();
  settings.campaign_texts = true;
  world.engine.set_settings(settings);
  live(40);
  const Fingerprint spam = text();
  for (int i = 0; i < 30; ++i, world.pass_time(std::chrono::seconds(40))) {
    model::Submission mail = world.mail(person(i), {world.stranger()}, bot(i));
    mail.print = std::make_shared<const Fingerprint>(variant(spam));
    mail.own_text = fmt::format("Dear friend {} buy our finest watches today", i);
    world.send(std::move(mail));
  }
  ASSERT_NE(campaign(), nullptr);
  const auto has_template = [this] {
    const Explanation e = explained(campaign()->subject);
    const std::map<std::string, std::string> facts(e.habits.begin(), e.habits.end());
    return facts.contains("template");
  };
  EXPECT_TRUE(has_template());
  settings.campaign_texts = false;
  world.engine.set_settings(settings);
  EXPECT_FALSE(has_template());
}

TEST_F(CampaignModesTest, SwitchedOffWhatStandsEndsAndIsTold) {
  live(40);
  const Fingerprint spam = text();
  attack(0, 20, spam);
  ASSERT_NE(campaign(), nullptr);
  const model::Subject subject = campaign()->subject;
  Settings settings = test_settings();
  settings.campaigns = false;
  world.engine.set_settings(settings);
  tick_a_minute_later();
  EXPECT_EQ(world.engine.book().find(subject), nullptr);
  EXPECT_EQ(world.decisions.back().kind, model::DecisionKind::released);
  EXPECT_EQ(world.decisions.back().subject, subject);
  EXPECT_EQ(world.decisions.back().by, "detectors.campaign.mode");
  EXPECT_EQ(campaign_term(person(0)), 0);
}

}  // namespace
}  // namespace leumund::engine
