// What somebody tries who has read how campaigns are found, and honest mail that looks like it.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/campaign_test_world.h"

namespace leumund::engine {
namespace {

using model::Disposition;
using model::Fingerprint;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using verdict::Trait;

class CampaignEvasionTest : public CampaignWorld {
 protected:
  static std::vector<std::string> with_boxes(const std::string& victim) {
    return {"box0@collected.test", "box1@collected.test", "box2@collected.test",
            "box3@collected.test", victim};
  }
  // Accounts that nobody has seen yet; returns how many mails left.
  int attack_with_boxes(int from, int count, const Fingerprint& spam) {
    int left = 0;
    for (int i = from; i < from + count; ++i, world.pass_time(seconds(40))) {
      left += send(fmt::format("silent{}@t{}.test", i, i % 37), with_boxes(world.stranger()),
                   bot(i), variant(spam))
                  .answer.disposition == Disposition::pass;
    }
    return left;
  }
};

TEST_F(CampaignEvasionTest, WhomManyTookUpLatelySaysNothingOfOneAccount) {
  live(60);
  for (int i = 0; i < 3; ++i, world.pass_time(minutes(5)))
    send(person(i), with_boxes(world.stranger()), home(i), text());
  const auto recipients = [&](int i, std::vector<std::string> to) {
    return send(person(i), std::move(to), home(i), text()).campaign.traits[Trait::recipients];
  };
  const double alone = recipients(20, {world.stranger()});
  EXPECT_GT(alone, 0);
  EXPECT_NEAR(recipients(21, with_boxes(world.stranger())), alone, 0.01);
  EXPECT_NEAR(recipients(21, with_boxes(world.stranger())), alone, 0.01)
      << "nor by the second mail, when the account knows the boxes itself";
}

TEST_F(CampaignEvasionTest, DropBoxesOnEveryMailHideNoCampaignNorTheNextOne) {
  live(60);
  EXPECT_LE(attack_with_boxes(0, 60, text()), 12);
  ASSERT_NE(campaign(), nullptr);
  world.pass_time(hours(24 * 10));
  world.decisions.clear();
  EXPECT_LE(attack_with_boxes(100, 60, text()), 12);
  EXPECT_NE(campaign(), nullptr);
}

TEST_F(CampaignEvasionTest, APetitionWithACopyToItsInitiatorsPasses) {
  live(60);
  const Fingerprint petition = text();
  for (int i = 0; i < 40; ++i, world.pass_time(minutes(10))) {
    EXPECT_EQ(send(person(i), {"mp@parliament.test", "call@initiative.test"}, home(i), petition)
                  .answer.disposition,
              Disposition::pass);
  }
  EXPECT_EQ(campaign(), nullptr);
}

}  // namespace
}  // namespace leumund::engine
