#include "evidence/recipient_crowds.h"

#include <gtest/gtest.h>

namespace leumund::evidence {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
const base::TimePoint start = base::from_unix_seconds(1'600'000'000);
constexpr std::uint32_t box = 7;

TEST(RecipientCrowds, AnAddressThatSeveralTakeUpWithinADayCameUp) {
  RecipientCrowds crowds(1U << 16);
  EXPECT_FALSE(crowds.came_up(box, start));
  crowds.take_up(box, start);
  EXPECT_FALSE(crowds.came_up(box, start)) << "one is no crowd";
  crowds.take_up(box, start + hours(1));
  EXPECT_TRUE(crowds.came_up(box, start + hours(1)));
  EXPECT_FALSE(crowds.came_up(box + 1, start + hours(1)));
  EXPECT_FALSE(crowds.came_up(box, start + hours(24 * 7))) << "they know it by then";
}

TEST(RecipientCrowds, AnAddressThatSomebodyTakesUpEveryDayIsKnown) {
  RecipientCrowds crowds(1U << 16);
  base::TimePoint at = start;
  for (int day = 0; day < 20; ++day, at += hours(24)) {
    for (int i = 0; i < 3; ++i) crowds.take_up(box, at + hours(i));
  }
  EXPECT_FALSE(crowds.came_up(box, at));
  // A day on which forty do is none of these.
  for (int i = 0; i < 40; ++i) crowds.take_up(box, at + minutes(i));
  EXPECT_TRUE(crowds.came_up(box, at + minutes(40)));
}

TEST(RecipientCrowds, OneBurstMakesNoAddressKnown) {
  RecipientCrowds crowds(1U << 16);
  for (int i = 0; i < 5000; ++i) crowds.take_up(box, start + minutes(i % 600));
  const base::TimePoint later = start + hours(24 * 30);
  crowds.take_up(box, later);
  EXPECT_FALSE(crowds.came_up(box, later));
  for (int i = 0; i < 3; ++i) crowds.take_up(box, later);
  EXPECT_TRUE(crowds.came_up(box, later)) << "what thousands sent in one burst made nobody here "
                                             "an acquaintance of it";
}

TEST(RecipientCrowds, AFloodOfStrangersDoesNotMakeItForgetWhomManyTookUp) {
  RecipientCrowds crowds(1U << 12);
  EXPECT_LE(crowds.bytes(), 1U << 12);
  for (int i = 0; i < 4; ++i) crowds.take_up(box, start);
  for (std::uint32_t i = 0; i < 20'000; ++i) crowds.take_up(1000 + i, start);
  EXPECT_TRUE(crowds.came_up(box, start));
}

TEST(RecipientCrowds, AClockThatGoesBackAndTimesBefore1970AreNoTrouble) {
  RecipientCrowds crowds(1U << 12);
  crowds.take_up(box, base::from_unix_seconds(-5e6));
  crowds.take_up(box, base::from_unix_seconds(-6e6));
  EXPECT_TRUE(crowds.came_up(box, base::from_unix_seconds(-6e6)));
}

}  // namespace
}  // namespace leumund::evidence
