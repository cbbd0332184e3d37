#include <gtest/gtest.h>

#include "engine/own_listing.h"
#include "engine/shared_clients.h"

namespace leumund::engine {
namespace {

using std::chrono::hours;

const base::TimePoint now = base::from_unix_seconds(1'600'000'000);
const model::Subject anna{model::SubjectKind::account, "anna@c.test"};

TEST(OwnListing, AnEntryEndsAWeekAfterItsLastUse) {
  OwnListing listing;
  listing.add(7, anna, now);
  ASSERT_NE(listing.find(7, now + hours(24 * 6)), nullptr);
  EXPECT_EQ(listing.find(7, now + hours(24 * 6))->name, anna.name);
  EXPECT_EQ(listing.find(7, now + hours(24 * 7)), nullptr);
  EXPECT_EQ(listing.find(8, now), nullptr);
}

TEST(OwnListing, StaysWithinItsLimit) {
  OwnListing listing;
  for (std::uint32_t i = 0; i < OwnListing::entries_max + 500; ++i) listing.add(i, anna, now);
  EXPECT_EQ(listing.size(), OwnListing::entries_max);
  EXPECT_EQ(listing.find(0, now), nullptr);
}

TEST(SharedClients, AnAddressOfThreeOthersIsShared) {
  SharedClients clients;
  for (std::uint64_t account = 1; account <= 3; ++account) clients.use(7, account << 32, now);
  EXPECT_TRUE(clients.shared(7, std::uint64_t{9} << 32, now));
  EXPECT_FALSE(clients.shared(7, std::uint64_t{1} << 32, now)) << "two others and itself";
  EXPECT_FALSE(clients.shared(8, std::uint64_t{9} << 32, now));
}

TEST(SharedClients, OneAccountOftenIsNotMany) {
  SharedClients clients;
  for (int i = 0; i < 50; ++i) clients.use(7, std::uint64_t{1} << 32, now);
  EXPECT_FALSE(clients.shared(7, std::uint64_t{9} << 32, now));
}

TEST(SharedClients, AUseFadesAfterAMonthOfSilence) {
  SharedClients clients;
  for (std::uint64_t account = 1; account <= 3; ++account) clients.use(7, account << 32, now);
  EXPECT_FALSE(clients.shared(7, std::uint64_t{9} << 32, now + hours(24 * 40)));
}

TEST(SharedClients, StaysWithinItsLimit) {
  SharedClients clients;
  for (std::uint32_t i = 0; i < SharedClients::entries_max + 500; ++i)
    clients.use(i, 1ULL << 40, now);
  EXPECT_EQ(clients.size(), SharedClients::entries_max);
}

}  // namespace
}  // namespace leumund::engine
