#include "evidence/facet_counts.h"

#include <gtest/gtest.h>

#include <random>

namespace leumund::evidence {
namespace {

using std::chrono::hours;
const base::TimePoint start = base::from_unix_seconds(1'600'000'000);

TEST(FacetCounts, CountsTodayAndRemembersYesterday) {
  FacetCounts counts(1U << 20);
  const std::uint64_t facet = 7;
  for (int i = 0; i < 200; ++i) counts.add({&facet, 1}, start);
  EXPECT_EQ(counts.count(facet), 200U);
  EXPECT_FALSE(counts.ready()) << "never seen means nothing on the first day";
  counts.add({}, start + hours(24));
  EXPECT_TRUE(counts.ready());
  EXPECT_EQ(counts.count(facet), 200U);
  EXPECT_EQ(counts.count(8), 0U);
  for (int day = 2; day < 40; ++day) counts.add({}, start + hours(24 * day));
  EXPECT_EQ(counts.count(facet), 0U);
}

TEST(FacetCounts, AnUnknownFacetHasASmallShareAndNeverNone) {
  FacetCounts counts(1U << 20);
  EXPECT_EQ(counts.share(1), 1) << "nothing was counted yet";
  for (int i = 0; i < 999; ++i) counts.add({}, start);
  EXPECT_DOUBLE_EQ(counts.share(1), 0.0005);
}

TEST(FacetCounts, AFullSketchCountsTooHighAndNeverTooLow) {
  FacetCounts counts(1U << 10);
  std::mt19937_64 random(1);
  const std::uint64_t facet = random();
  for (int i = 0; i < 20; ++i) counts.add({&facet, 1}, start);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t other = random();
    counts.add({&other, 1}, start);
  }
  EXPECT_GE(counts.count(facet), 20U);
  EXPECT_LE(counts.bytes(), std::size_t{1} << 10);
}

}  // namespace
}  // namespace leumund::evidence
