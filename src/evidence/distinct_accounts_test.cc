#include "evidence/distinct_accounts.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace leumund::evidence {
namespace {

const base::TimePoint start = base::from_unix_seconds(1'600'000'000);

std::uint64_t account(std::uint64_t number) { return base::combine_hashes(number, 77); }

TEST(DistinctAccounts, IsExactToSixtyFour) {
  DistinctAccounts accounts;
  for (std::uint64_t i = 0; i < 64; ++i) {
    accounts.add(account(i), start);
    accounts.add(account(i), start);
  }
  EXPECT_TRUE(accounts.exact());
  EXPECT_EQ(accounts.in_day(start), 64);
  EXPECT_EQ(accounts.in_day(start + std::chrono::hours(25)), 0);
  EXPECT_EQ(accounts.in_week(start + std::chrono::hours(25)), 64);
  EXPECT_EQ(accounts.in_week(start + std::chrono::hours(24 * 8)), 0);
}

TEST(DistinctAccounts, EstimatesBeyondThatInTheSameMemory) {
  DistinctAccounts accounts;
  for (std::uint64_t i = 0; i < 5000; ++i)
    accounts.add(account(i), start + std::chrono::seconds(i * 20));
  EXPECT_FALSE(accounts.exact());
  const auto end = start + std::chrono::seconds(100'000);
  EXPECT_NEAR(accounts.in_week(end), 5000, 900);
  EXPECT_NEAR(accounts.in_day(end), 86'400 / 20, 900);
  EXPECT_NEAR(accounts.in_day(end + std::chrono::hours(12)), 43'200 / 20, 700);
  EXPECT_LT(accounts.bytes(), 9000U);
}

TEST(DistinctAccounts, AClockGoingBackLosesNothing) {
  DistinctAccounts accounts;
  for (std::uint64_t i = 0; i < 100; ++i) accounts.add(account(i), start);
  for (std::uint64_t i = 100; i < 200; ++i) accounts.add(account(i), start - std::chrono::hours(2));
  EXPECT_NEAR(accounts.in_day(start), 200, 40);
}

}  // namespace
}  // namespace leumund::evidence
