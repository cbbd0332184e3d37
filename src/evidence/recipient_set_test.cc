#include "evidence/recipient_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace leumund::evidence {
namespace {

TEST(RecipientSet, KnowsWhatWasAddedAndNothingElse) {
  RecipientSet set;
  for (std::uint32_t i = 1; i <= 100; ++i) EXPECT_TRUE(set.add(i * 7919));
  EXPECT_FALSE(set.add(7919));
  for (std::uint32_t i = 1; i <= 100; ++i) EXPECT_TRUE(set.contains(i * 7919));
  EXPECT_FALSE(set.contains(5));
  EXPECT_EQ(set.size(), 100U);
}

TEST(RecipientSet, RemovedOnesAreStrangersAgain) {
  RecipientSet set;
  for (std::uint32_t i = 1; i <= 40; ++i) set.add(i);
  set.remove(17);
  set.remove(999);
  EXPECT_FALSE(set.contains(17));
  EXPECT_EQ(set.size(), 39U);
  EXPECT_TRUE(set.contains(40));
}

TEST(RecipientSet, StaysWithinItsCap) {
  RecipientSet set;
  for (std::uint32_t i = 0; i < 20'000; ++i) set.add(i * 2654435761U);
  EXPECT_EQ(set.size(), RecipientSet::members_max);
}

TEST(RecipientSet, AListLongerThanTheCapIsNotForgottenInOneRound) {
  RecipientSet set;
  const auto member = [](std::uint32_t i) { return i * 2654435761U; };
  for (std::uint32_t i = 0; i < 5000; ++i) set.add(member(i));
  std::uint32_t known = 0;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    known += set.contains(member(i)) ? 1U : 0U;
    set.add(member(i));
  }
  EXPECT_GT(known, 3000U);
}

TEST(RecipientSet, MergingKnowsBothSidesWhicheverCameFirst) {
  RecipientSet left, right;
  for (std::uint32_t i = 1; i < 50; ++i) (i % 2 == 0 ? left : right).add(i);
  RecipientSet one = left, other = right;
  one.merge(right);
  other.merge(left);
  EXPECT_EQ(one.size(), other.size());
  for (std::uint32_t i = 1; i < 50; ++i) EXPECT_TRUE(one.contains(i) && other.contains(i));
}

TEST(RecipientSet, MembersAscendWhateverComesAndGoes) {
  RecipientSet set;
  for (std::uint32_t i = 0; i < 9000; ++i) {
    set.add(i * 2654435761U);
    if (i % 3 == 0) set.remove((i / 2) * 2654435761U);
    ASSERT_TRUE(i % 100 != 0 || std::ranges::is_sorted(set.members(), std::less_equal<>{}));
  }
  const std::uint32_t newest = 77;
  EXPECT_TRUE(set.add(newest));
  EXPECT_TRUE(set.contains(newest));
}

}  // namespace
}  // namespace leumund::evidence
