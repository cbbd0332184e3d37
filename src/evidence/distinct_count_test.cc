#include "evidence/distinct_count.h"

#include <gtest/gtest.h>

#include <random>

namespace leumund::evidence {
namespace {

TEST(DistinctCount, IsExactForUpTo64AndCountsNothingTwice) {
  DistinctCount count;
  std::mt19937_64 random(1);
  for (std::uint64_t i = 1; i <= DistinctCount::exact_max; ++i) {
    const std::uint64_t hash = random();
    count.add(hash);
    count.add(hash);
    ASSERT_EQ(count.count(), i);
  }
}

TEST(DistinctCount, EstimatesManyWithinAFewPercentInBoundedMemory) {
  for (const std::uint64_t many : {100ULL, 1000ULL, 10'000ULL, 1'000'000ULL}) {
    DistinctCount count;
    std::mt19937_64 random(many);
    for (std::uint64_t i = 0; i < many; ++i) count.add(random());
    EXPECT_NEAR(static_cast<double>(count.count()), static_cast<double>(many),
                static_cast<double>(many) * 0.15)
        << many;
    EXPECT_EQ(count.estimate().size(), DistinctCount::registers);
    EXPECT_TRUE(count.members().empty());
  }
}

TEST(DistinctCount, ComesBackFromDiskAsItWas) {
  for (const int many : {0, 5, 64, 65, 3000}) {
    DistinctCount count;
    std::mt19937_64 random(7);
    for (int i = 0; i < many; ++i) count.add(random());
    DistinctCount again;
    ASSERT_TRUE(again.restore(count.members(), count.estimate())) << many;
    EXPECT_EQ(again, count) << many;
  }
}

TEST(DistinctCount, RefusesWhatIsNone) {
  DistinctCount count;
  EXPECT_FALSE(count.restore(std::vector<std::uint32_t>{2, 1}, {}));
  EXPECT_FALSE(count.restore(std::vector<std::uint32_t>{1, 1}, {}));
  EXPECT_FALSE(count.restore(std::vector<std::uint32_t>(65, 1), {}));
  EXPECT_FALSE(count.restore({}, std::vector<std::uint8_t>(17, 1)));
  EXPECT_FALSE(count.restore({}, std::vector<std::uint8_t>(DistinctCount::registers, 77)));
}

}  // namespace
}  // namespace leumund::evidence
