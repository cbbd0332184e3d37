#include "evidence/sliding_window.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace leumund::evidence {
namespace {

using Window = SlidingWindow<12, 300>;

base::TimePoint at(double seconds) { return base::from_unix_seconds(1'600'000'200 + seconds); }

TEST(SlidingWindow, CountsWhatHappenedWithinItsSpan) {
  Window window;
  window.add(3, at(0));
  window.add(4, at(1800));
  EXPECT_EQ(window.total(at(1800)), 7U);
}

TEST(SlidingWindow, ForgetsEventsOlderThanItsSpan) {
  Window window;
  window.add(3, at(0));
  window.add(4, at(1800));
  EXPECT_EQ(window.total(at(3600)), 4U);
  EXPECT_EQ(window.total(at(86400)), 0U);
}

TEST(SlidingWindow, ALateEventCountsWhereItBelongsAndATooLateOneNot) {
  Window window;
  window.add(1, at(3000));
  window.add(5, at(600));
  EXPECT_EQ(window.total(at(3000)), 6U);
  window.add(7, at(-3000));
  EXPECT_EQ(window.total(at(3000)), 6U);
}

TEST(SlidingWindow, AClockGoingBackLosesNothing) {
  Window window;
  window.add(5, at(3000));
  EXPECT_EQ(window.total(at(100)), 5U);
}

TEST(SlidingWindow, WorksBeforeNineteenSeventy) {
  Window window;
  window.add(2, base::from_unix_seconds(-100'000));
  EXPECT_EQ(window.total(base::from_unix_seconds(-100'000)), 0U);  // its buckets begin at 1970
  EXPECT_EQ(bucket_number(base::from_unix_seconds(-1), 300), -1);
  EXPECT_EQ(bucket_number(base::from_unix_seconds(-300), 300), -1);
  EXPECT_EQ(bucket_number(base::from_unix_seconds(-301), 300), -2);
}

TEST(SlidingWindow, CountsSaturateInsteadOfWrapping) {
  Window window;
  window.add(0xffffffffU, at(0));
  window.add(10, at(0));
  EXPECT_EQ(window.total(at(0)), 0xffffffffU);
}

TEST(SlidingWindow, WhatIsTakenBackLeavesItsOwnBucketAndNoMore) {
  Window window;
  window.add(3, at(0));
  window.add(5, at(Window::span_seconds / 2.0));
  window.take(2, at(0));
  EXPECT_EQ(window.total(at(Window::span_seconds / 2.0)), 6U);
  window.take(9, at(0));
  EXPECT_EQ(window.total(at(Window::span_seconds / 2.0)), 5U) << "not below nothing";
  window.take(5, at(-4.0 * Window::span_seconds));
  window.take(5, at(4.0 * Window::span_seconds));
  EXPECT_EQ(window.total(at(Window::span_seconds / 2.0)), 5U) << "of another time";
}

TEST(SlidingWindow, MergingIsCommutativeAndEqualsCountingTogether) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    Window left, right, both;
    for (int i = 0; i < 40; ++i) {
      const auto when = at(static_cast<double>(random() % 5000));
      const auto amount = static_cast<std::uint32_t>(random() % 9);
      (random() % 2 == 0 ? left : right).add(amount, when);
      both.add(amount, when);
    }
    Window one = left, other = right;
    one.merge(right);
    other.merge(left);
    for (double t = 0; t < 9000; t += 250) {
      ASSERT_EQ(one.total(at(t)), other.total(at(t)));
      ASSERT_LE(one.total(at(t)), 40U * 8);
    }
    // Counted alone each side may have kept what both together had forgotten, never the reverse.
    EXPECT_GE(one.total(at(5000)), both.total(at(5000)));
  }
}

}  // namespace
}  // namespace leumund::evidence
