#include "diagnosis/screening_worth.h"

#include <gtest/gtest.h>

namespace leumund::diagnosis {
namespace {

using std::chrono::hours;

const base::TimePoint start = base::from_unix_seconds(1'795'000'000);

struct World {
  ScreenRules rules;
  ScreenMemory memory;
  std::uint32_t last = 0x0a000000;

  World() {
    rules.refuse_at = 4;
    for (const auto role :
         {ScreenRole::score, ScreenRole::score, ScreenRole::score, ScreenRole::allow}) {
      rules.lists.push_back({.list = {}, .role = role, .shown = "x"});
    }
  }
  // So many clients on these rows, of whom so many are complained of.
  void clients(int count, int complained, std::vector<std::uint32_t> rows) {
    for (int i = 0; i < count; ++i) {
      const auto client = base::IpAddress::v4(++last);
      memory.note(client, rows, start);
      if (i >= complained) continue;
      EXPECT_TRUE(memory.complained(client, start + hours(1)));
    }
  }
  [[nodiscard]] ScreenWorth worth() const {
    return screen_worth(rules, memory.tally(start + hours(2)));
  }
};

TEST(ScreeningWorth, AListThatTellsSpammersWeighsAndOneThatListsAnybodyDoesNot) {
  World world;
  world.clients(10'000, 50, {});
  world.clients(200, 100, {0});  // odds of 1, 200 times those of the others
  world.clients(400, 2, {1});    // as any
  const ScreenWorth worth = world.worth();
  EXPECT_EQ(worth.clients, 10'600U);
  EXPECT_EQ(worth.complained, 152U);
  EXPECT_EQ(worth.lists[0].listed, 200U);
  EXPECT_EQ(worth.lists[0].complained, 100U);
  EXPECT_EQ(worth.lists[0].weight, 4) << "refuses alone";
  EXPECT_EQ(worth.lists[1].weight, 0);
  EXPECT_EQ(worth.lists[2].weight, std::nullopt) << "listed nobody";
  EXPECT_EQ(worth.lists[3].weight, std::nullopt) << "an allow list";
}

TEST(ScreeningWorth, TwoListsThatListTheSameShareTheWeight) {
  World world;
  world.clients(20'000, 100, {});
  world.clients(400, 100, {0, 1});  // odds of a third, 66 times the others'
  const ScreenWorth worth = world.worth();
  EXPECT_EQ(worth.lists[0].shares_with, 1U);
  EXPECT_EQ(worth.lists[0].shared, 400U);
  ASSERT_TRUE(worth.lists[0].weight && worth.lists[1].weight);
  EXPECT_EQ(*worth.lists[0].weight, *worth.lists[1].weight);
  EXPECT_EQ(*worth.lists[0].weight, 2) << "together they refuse";
}

TEST(ScreeningWorth, AListOfGoodSendersWeighsLessThanNothing) {
  World world;
  world.clients(2'000, 400, {});
  world.clients(2'000, 20, {2});
  ASSERT_TRUE(world.worth().lists[2].weight);
  EXPECT_LT(*world.worth().lists[2].weight, -1);
}

TEST(ScreeningWorth, TooFewComplaintsOrListedClientsProposeNothing) {
  World world;
  world.clients(10'000, 0, {});
  world.clients(100, 29, {0});
  EXPECT_EQ(world.worth().lists[0].weight, std::nullopt);
  world.clients(19, 10, {1});
  EXPECT_EQ(world.worth().lists[1].weight, std::nullopt) << "19 clients";
  EXPECT_NE(world.worth().lists[0].weight, std::nullopt);
}

TEST(ScreeningWorth, WhereEverybodyListedIsComplainedOfTheWeightIsStillBounded) {
  World world;
  world.clients(100, 0, {});
  world.clients(100, 100, {0});
  EXPECT_EQ(world.worth().lists[0].weight, 4);
}

TEST(ScreeningWorth, AClientCountsOnceAndForAWeek) {
  World world;
  const auto client = base::IpAddress::v4(0xc0000201);
  world.memory.note(client, std::vector<std::uint32_t>{0}, start);
  world.memory.note(client, std::vector<std::uint32_t>{0, 2}, start + hours(1));
  EXPECT_EQ(world.worth().clients, 1U);
  EXPECT_EQ(world.worth().lists[2].listed, 1U);
  EXPECT_FALSE(world.memory.complained(client, start + hours(7 * 24)));
  EXPECT_EQ(world.memory.size(), 0U);
}

TEST(ScreeningWorth, AFloodOfClientsTakesTheOldestPlacesOnly) {
  World world;
  const auto first = base::IpAddress::v4(0xc0000201);
  world.memory.note(first, {}, start);
  for (std::size_t i = 0; i < ScreenMemory::clients_max; ++i) {
    world.memory.note(base::IpAddress::v4(++world.last), {}, start);
  }
  EXPECT_EQ(world.memory.size(), ScreenMemory::clients_max);
  EXPECT_FALSE(world.memory.complained(first, start));
  EXPECT_TRUE(world.memory.complained(base::IpAddress::v4(world.last), start));
}

}  // namespace
}  // namespace leumund::diagnosis
