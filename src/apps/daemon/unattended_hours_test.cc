#include "apps/daemon/unattended_hours.h"

#include <gtest/gtest.h>

namespace leumund::apps {
namespace {

using action::Unattended;
using namespace std::chrono_literals;

const base::TimePoint t0 = base::from_unix_seconds(1'800'000'000);

class UnattendedHoursTest : public testing::Test {
 protected:
  void tick(base::TimePoint now) { book_ = hours_.next(book_, wanted_, now); }
  void person(std::optional<base::TimePoint> from, std::optional<base::TimePoint> until) {
    book_.from = from;
    book_.until = until;
  }

  UnattendedHours hours_;
  Unattended book_;
  Unattended wanted_;
};

TEST_F(UnattendedHoursTest, TheConfiguredHoursComeAndGo) {
  tick(t0);
  EXPECT_FALSE(book_.from);
  wanted_ = {.from = t0, .until = t0 + 2h};
  tick(t0);
  EXPECT_EQ(book_.until, t0 + 2h);
  wanted_.until = t0 + 1h;  // a reload
  tick(t0 + 1s);
  EXPECT_EQ(book_.until, t0 + 1h);
  wanted_ = {};
  tick(t0 + 1h);
  EXPECT_FALSE(book_.from);
}

TEST_F(UnattendedHoursTest, APersonsWindowGivenDuringThemStandsUntilItsEnd) {
  wanted_ = {.from = t0, .until = t0 + 1h};
  tick(t0);
  person(t0 + 1min, t0 + 168h);
  tick(t0 + 2min);
  tick(t0 + 2min + 1s);
  EXPECT_EQ(book_.until, t0 + 168h);
  wanted_ = {};
  tick(t0 + 1h);
  tick(t0 + 2h);
  EXPECT_EQ(book_.until, t0 + 168h) << "past the configured end";
  wanted_ = {.from = t0 + 167h, .until = t0 + 169h};
  tick(t0 + 167h);
  EXPECT_EQ(book_.until, t0 + 168h);
  tick(t0 + 168h);
  EXPECT_EQ(book_.until, t0 + 169h) << "the next configured hours take over";
  wanted_ = {};
  tick(t0 + 169h);
  EXPECT_FALSE(book_.from);
}

TEST_F(UnattendedHoursTest, APersonsWindowOfBeforeTheStartStandsToo) {
  person(t0 - 1h, t0 + 168h);
  wanted_ = {.from = t0, .until = t0 + 1h};
  tick(t0);
  EXPECT_EQ(book_.until, t0 + 168h);
}

TEST_F(UnattendedHoursTest, TheConfiguredBoundsHoldInAPersonsWindowToo) {
  person(t0 - 1h, t0 + 168h);
  wanted_.restrictions_per_hour = 1;
  wanted_.restrictions_per_day = 2;
  tick(t0);
  EXPECT_EQ(book_.until, t0 + 168h);
  EXPECT_EQ(book_.restrictions_per_hour, 1U);
  EXPECT_EQ(book_.restrictions_per_day, 2U);
  wanted_.restrictions_per_hour = 3;  // a reload
  tick(t0 + 1s);
  EXPECT_EQ(book_.restrictions_per_hour, 3U);
}

TEST_F(UnattendedHoursTest, APersonsOffHoldsForTheHoursItWasSaidIn) {
  wanted_ = {.from = t0, .until = t0 + 1h};
  tick(t0);
  person(std::nullopt, std::nullopt);
  wanted_.from = t0 + 1s;  // without unattended.from it is "now" each time
  tick(t0 + 1s);
  tick(t0 + 2s);
  EXPECT_FALSE(book_.from);
  wanted_ = {};
  tick(t0 + 1h);
  wanted_ = {.from = t0 + 24h, .until = t0 + 25h};
  tick(t0 + 24h);
  EXPECT_EQ(book_.until, t0 + 25h);
}

}  // namespace
}  // namespace leumund::apps
