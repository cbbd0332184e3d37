#include "evidence/young_clients.h"

#include <gtest/gtest.h>

namespace leumund::evidence {
namespace {

using std::chrono::hours;
const base::TimePoint start = base::from_unix_seconds(1'600'000'000);

class YoungClientsTest : public ::testing::Test {
 protected:
  void SetUp() override { clients.use(1, 100, 100, start); }
  YoungClients clients;
  base::TimePoint now = start + hours(24 * 8);
};

TEST_F(YoungClientsTest, NothingIsYoungBeforeAWeekWasWatched) {
  EXPECT_FALSE(clients.use(2, 1, 1, start + hours(1)).young);
  EXPECT_TRUE(clients.use(3, 1, 1, now).young);
}

TEST_F(YoungClientsTest, ABotOfSeveralTenantsShowsAndWebmailDoesNot) {
  clients.use(5, 1, 1, now);
  EXPECT_EQ(clients.use(5, 2, 2, now).companions, std::vector<std::uint64_t>{1});
  EXPECT_TRUE(clients.use(6, 3, 3, now).companions.empty());
  EXPECT_TRUE(clients.use(6, 4, 3, now).companions.empty()) << "one tenant: a new office";
  EXPECT_TRUE(clients.use(1, 9, 9, now).companions.empty()) << "known for long";
}

TEST_F(YoungClientsTest, TwoSharedAddressesMakeAGroup) {
  clients.use(5, 1, 1, now);
  clients.use(6, 1, 1, now);
  EXPECT_EQ(clients.use(5, 2, 2, now).group, 0U);
  const std::uint64_t group = clients.use(6, 2, 2, now).group;
  EXPECT_NE(group, 0U);
  EXPECT_EQ(clients.use(7, 1, 1, now).group, group);
  EXPECT_EQ(clients.use(7, 1, 1, now + hours(30)).group, 0U);
}

TEST_F(YoungClientsTest, AnAddressInUseStaysKnownThroughAFloodOfOthers) {
  for (std::uint32_t i = 10; i < 10 + 2 * YoungClients::entries_max; ++i) {
    clients.use(i, i, i, now);
    if (i % 50'000 == 0) {
      EXPECT_FALSE(clients.use(1, 100, 100, now).young) << i;
    }
  }
  EXPECT_LE(clients.size(), YoungClients::entries_max);
  EXPECT_FALSE(clients.use(1, 100, 100, now).young);
  EXPECT_TRUE(clients.use(10, 10, 10, now).young);
}

TEST_F(YoungClientsTest, IsBounded) {
  for (std::uint32_t i = 10; i < 300'000; ++i) clients.use(i, i, i, now);
  EXPECT_LE(clients.size(), YoungClients::entries_max);
}

}  // namespace
}  // namespace leumund::evidence
