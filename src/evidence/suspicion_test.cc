#include "evidence/suspicion.h"

#include <gtest/gtest.h>

namespace leumund::evidence {
namespace {

using std::chrono::hours;

const base::TimePoint start = base::from_unix_seconds(1'600'000'000);
constexpr std::chrono::seconds half_life = hours(24);

TEST(Suspicion, HalvesInItsHalfLife) {
  Suspicion suspicion;
  suspicion.clear(start);
  suspicion.add(Kind::complaint, 8);
  suspicion.decay_to(start + hours(24), half_life);
  EXPECT_NEAR(suspicion.total(), 4, 1e-4);
  suspicion.decay_to(start + hours(72), half_life);
  EXPECT_NEAR(suspicion.total(), 1, 1e-4);
}

TEST(Suspicion, AClockGoingBackNeitherDecaysNorGrows) {
  Suspicion suspicion;
  suspicion.clear(start);
  suspicion.add(Kind::complaint, 8);
  suspicion.decay_to(start - hours(24), half_life);
  EXPECT_FLOAT_EQ(suspicion.total(), 8);
}

TEST(Suspicion, NeverFallsBelowZeroAndThenForgetsItsPast) {
  Suspicion suspicion;
  suspicion.clear(start);
  suspicion.add(Kind::unknown_user, 2);
  suspicion.trail(Kind::unknown_user).hits = 1;
  suspicion.add(Kind::new_recipient, -5);
  EXPECT_FLOAT_EQ(suspicion.total(), 0);
  EXPECT_FLOAT_EQ(suspicion.trail(Kind::unknown_user).hits, 0);
  suspicion.add(Kind::new_recipient, 1);
  EXPECT_FLOAT_EQ(suspicion.total(), 1);
}

TEST(Suspicion, GoodSignsWeighAgainstBadOnesOfAnotherKind) {
  Suspicion suspicion;
  suspicion.clear(start);
  suspicion.add(Kind::complaint, 5);
  suspicion.add(Kind::new_recipient, -1.5F);
  EXPECT_FLOAT_EQ(suspicion.total(), 3.5F);
}

TEST(Suspicion, WhatIsTakenBackIsWorthWhatItDecayedTo) {
  Suspicion suspicion;
  suspicion.clear(start);
  suspicion.add(Kind::complaint, 5);
  suspicion.add(Kind::unknown_user, 2);
  suspicion.decay_to(start + hours(24), half_life);
  suspicion.take_back(Kind::complaint, 5, start, half_life);
  EXPECT_NEAR(suspicion.total(), 1, 1e-4);
  EXPECT_NEAR(suspicion.trail(Kind::complaint).sum, 0, 1e-4);
}

TEST(Suspicion, RemembersTheNewestEightMessagesOnceEach) {
  Trail trail;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    trail.remember(i);
    trail.remember(i);
  }
  for (std::uint64_t i = 13; i <= 20; ++i) {
    EXPECT_NE(std::find(trail.messages.begin(), trail.messages.end(), i), trail.messages.end());
  }
}

}  // namespace
}  // namespace leumund::evidence
