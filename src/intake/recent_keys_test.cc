#include "intake/recent_keys.h"

#include <gtest/gtest.h>

namespace leumund::intake {
namespace {

using std::chrono::hours;

base::TimePoint at(int hour) { return base::TimePoint(hours(1'000'000 + hour)); }

TEST(RecentKeys, KnowsAKeyForItsSpanAndForgetsItByTwiceTheSpan) {
  RecentKeys keys(hours(10), 100);
  EXPECT_TRUE(keys.first(1, at(0)));
  EXPECT_FALSE(keys.first(1, at(0)));
  EXPECT_FALSE(keys.first(1, at(9)));
  EXPECT_FALSE(keys.first(1, at(12)));
  EXPECT_TRUE(keys.first(2, at(15)));
  EXPECT_TRUE(keys.first(1, at(23)));
}

TEST(RecentKeys, LooksWithoutMakingAKeyNew) {
  RecentKeys keys(hours(10), 100);
  EXPECT_FALSE(keys.knows(1));
  EXPECT_TRUE(keys.first(1, at(0)));
  EXPECT_TRUE(keys.knows(1));
  EXPECT_TRUE(keys.first(2, at(12)));
  EXPECT_TRUE(keys.knows(1));
  EXPECT_TRUE(keys.first(3, at(25)));
  EXPECT_FALSE(keys.knows(1));
}

TEST(RecentKeys, ForgetsEverythingAfterALongSilence) {
  RecentKeys keys(hours(10), 100);
  EXPECT_TRUE(keys.first(1, at(0)));
  EXPECT_TRUE(keys.first(1, at(21)));
}

TEST(RecentKeys, HoldsNoMoreThanItMay) {
  RecentKeys keys(hours(10), 3);
  for (std::uint64_t key = 1; key <= 7; ++key) EXPECT_TRUE(keys.first(key, at(0)));
  EXPECT_FALSE(keys.first(7, at(0)));
  EXPECT_FALSE(keys.first(4, at(0)));
  EXPECT_TRUE(keys.first(1, at(0)));
}

TEST(RecentKeys, WhatIsTakenBackIsNewAgain) {
  RecentKeys keys(hours(10), 3);
  EXPECT_TRUE(keys.first(1, at(0)));
  keys.forget(1);
  EXPECT_TRUE(keys.first(1, at(0)));
}

}  // namespace
}  // namespace leumund::intake
