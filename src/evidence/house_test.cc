#include "evidence/house.h"

#include <gtest/gtest.h>

namespace leumund::evidence {
namespace {

std::uint32_t member(std::uint32_t i) { return i * 2654435761U & 0x3fffffffU; }

TEST(House, KnowsWhatWasAddedAndHardlyAnythingElse) {
  House house(1 << 16);
  for (std::uint32_t i = 0; i < 20'000; ++i) house.add(member(i));
  int wrong = 0;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(house.contains(member(i)));
    wrong += house.contains(member(1'000'000 + i)) ? 1 : 0;
  }
  EXPECT_LT(wrong, 20'000 / 30);
}

TEST(House, ForgetsTheOldestWhenFullAndKeepsTheNewest) {
  House house(1 << 12);
  for (std::uint32_t i = 0; i < 100'000; ++i) house.add(member(i));
  int old_known = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(house.contains(member(99'999 - i)));
    old_known += house.contains(member(i)) ? 1 : 0;
  }
  EXPECT_LT(old_known, 100);
}

TEST(House, LearnsHowOftenTheHouseKnowsAStranger) {
  House house(1 << 12);
  const float before = house.known_share();
  for (int i = 0; i < 5000; ++i) house.learn(i % 10 == 0);
  EXPECT_NEAR(house.known_share(), 0.1, 0.02);
  EXPECT_GT(before, 0.2);
}

}  // namespace
}  // namespace leumund::evidence
