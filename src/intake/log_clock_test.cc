#include "intake/log_clock.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

namespace leumund::intake {
namespace {

base::TimePoint at(std::string_view text) { return base::parse_rfc3339(text).value(); }

wire::LogStamp stamp(std::string_view text) {
  wire::PostfixLogLine line;
  wire::parse_postfix_log_line(std::string(text) + " mx postfix/qmgr[1]: 81E343F2E2: removed",
                               line);
  EXPECT_NE(line.stamp.month, 0) << text;
  return line.stamp;
}

TEST(LogClock, TakesTheYearInWhichTheStampIsNotInTheFuture) {
  LogClock clock(std::chrono::seconds(0));
  clock.set_reference(at("2026-01-02T00:10:00Z"));
  EXPECT_EQ(clock.resolve(stamp("Dec 31 23:59:59")), at("2025-12-31T23:59:59Z"));
  EXPECT_EQ(clock.resolve(stamp("Jan  1 00:00:01")), at("2026-01-01T00:00:01Z"));
  // A clock a little ahead of ours is no reason to go back a year.
  EXPECT_EQ(clock.resolve(stamp("Jan  2 00:20:00")), at("2026-01-02T00:20:00Z"));
  EXPECT_EQ(clock.resolve(stamp("Jan  4 00:00:00")), at("2025-01-04T00:00:00Z"));
}

TEST(LogClock, FollowsTheNewYear) {
  LogClock clock(std::chrono::seconds(0));
  clock.set_reference(at("2025-12-31T23:59:59Z"));
  EXPECT_EQ(clock.resolve(stamp("Dec 31 23:59:59")), at("2025-12-31T23:59:59Z"));
  EXPECT_EQ(clock.resolve(stamp("Jan  1 00:00:00")), at("2026-01-01T00:00:00Z"));
  clock.set_reference(at("2026-01-01T00:00:10Z"));
  EXPECT_EQ(clock.resolve(stamp("Dec 31 23:59:59")), at("2025-12-31T23:59:59Z"));
}

TEST(LogClock, PutsTheLeapDayIntoTheLastLeapYear) {
  LogClock clock(std::chrono::seconds(0));
  clock.set_reference(at("2026-06-01T00:00:00Z"));
  EXPECT_EQ(clock.resolve(stamp("Feb 29 12:00:00")), at("2024-02-29T12:00:00Z"));
}

TEST(LogClock, TakesAnOffsetInTheStampBeforeAnyZone) {
  LogClock clock(std::chrono::hours(9));
  EXPECT_EQ(clock.resolve(stamp("2022-01-08T19:42:12.572958+01:00")),
            at("2022-01-08T18:42:12.572958Z"));
  EXPECT_EQ(clock.resolve(stamp("2022-01-08 19:42:12")), at("2022-01-08T10:42:12Z"));
}

// The zone of the process for a test's time.
class Zone {
 public:
  explicit Zone(const char* zone) {
    if (const char* before = std::getenv("TZ")) kept_ = before;
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~Zone() {
    kept_ ? ::setenv("TZ", kept_->c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::optional<std::string> kept_;
};

constexpr const char* middle_europe = "CET-1CEST,M3.5.0,M10.5.0/3";

TEST(LogClock, KnowsSummerTimeOfTheProcess) {
  const Zone zone(middle_europe);
  LogClock clock;
  clock.set_reference(at("2026-12-01T00:00:00Z"));
  EXPECT_EQ(clock.resolve(stamp("Jul  1 12:00:00")), at("2026-07-01T10:00:00Z"));
  EXPECT_EQ(clock.resolve(stamp("Nov  1 12:00:00")), at("2026-11-01T11:00:00Z"));
  EXPECT_EQ(clock.resolve(stamp("Mar 29 01:59:59")), at("2026-03-29T00:59:59Z"));
  EXPECT_EQ(clock.resolve(stamp("Mar 29 03:00:00")), at("2026-03-29T01:00:00Z"));
}

TEST(LogClock, FollowsTheHourThatComesTwice) {
  const Zone zone(middle_europe);
  LogClock clock;
  for (auto now = at("2026-10-24T23:00:00Z"); now < at("2026-10-25T03:00:00Z");
       now += std::chrono::seconds(59)) {
    const auto offset = std::chrono::hours(now < at("2026-10-25T01:00:00Z") ? 2 : 1);
    const std::string local = base::format_rfc3339(now + offset);
    clock.set_reference(now);
    const auto read = clock.resolve(stamp("Oct " + local.substr(8, 2) + " " + local.substr(11, 8)));
    ASSERT_EQ(read, now) << local;
  }
  // Half an hour behind, and a clock a little ahead of ours.
  clock.set_reference(at("2026-10-25T00:59:00Z"));
  EXPECT_EQ(clock.resolve(stamp("Oct 25 02:30:00")), at("2026-10-25T00:30:00Z"));
  clock.set_reference(at("2026-10-25T01:30:00Z"));
  EXPECT_EQ(clock.resolve(stamp("Oct 25 02:32:00")), at("2026-10-25T01:32:00Z"));
  // Where the zone changes by half an hour.
  const Zone lord_howe("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
  LogClock there;
  there.set_reference(at("2026-04-04T14:45:00Z"));
  EXPECT_EQ(there.resolve(stamp("Apr  5 01:45:00")), at("2026-04-04T14:45:00Z"));
  there.set_reference(at("2026-04-04T15:15:00Z"));
  EXPECT_EQ(there.resolve(stamp("Apr  5 01:45:00")), at("2026-04-04T15:15:00Z"));
}

TEST(LogClock, GivesTheTimeOfTheLineBeforeToALineWithout) {
  LogClock clock(std::chrono::seconds(0));
  clock.set_reference(at("2026-06-01T00:00:00Z"));
  const auto first = clock.resolve(stamp("May  1 12:00:00"));
  EXPECT_EQ(clock.resolve(wire::LogStamp{}), first);
}

}  // namespace
}  // namespace leumund::intake
