#include "config/weekly_span.h"

#include <gtest/gtest.h>

namespace leumund::config {
namespace {

base::TimePoint at(std::string_view text) { return *base::parse_rfc3339(text); }

TEST(WeeklySpan, ReadsDaysAndTimes) {
  const auto span = parse_weekly_span("Fri 18:00-mon 07:30");
  ASSERT_TRUE(span);
  EXPECT_EQ(span->from, std::chrono::minutes(4 * 1440 + 18 * 60));
  EXPECT_EQ(span->until, std::chrono::minutes(7 * 60 + 30));
  EXPECT_EQ(parse_weekly_span("Sun 00:00 - Sun 24:00")->until, std::chrono::minutes(0));
  for (const char* bad :
       {"", "Fri 18:00", "Fri 18:00-Fri 18:00", "Fre 18:00-Mon 07:00", "Fri 25:00-Mon 07:00",
        "Fri 18:60-Mon 07:00", "Fri 24:01-Mon 07:00", "Fri 1x:00-Mon 07:00"}) {
    EXPECT_FALSE(parse_weekly_span(bad)) << bad;
  }
}

TEST(WeeklySpan, ContainsItsStartButNotItsEnd) {
  const std::vector<WeeklySpan> spans = {*parse_weekly_span("Fri 18:00-Mon 07:00")};
  const std::chrono::hours offset(1);  // local time is UTC+1; 2026-11-20 is a Friday
  EXPECT_FALSE(current_span(spans, at("2026-11-20T16:59:59Z"), offset));
  const auto weekend = current_span(spans, at("2026-11-20T17:00:00Z"), offset);
  ASSERT_TRUE(weekend);
  EXPECT_EQ(weekend->from, at("2026-11-20T17:00:00Z"));
  EXPECT_EQ(weekend->until, at("2026-11-23T06:00:00Z"));
  EXPECT_EQ(current_span(spans, at("2026-11-22T12:00:00Z"), offset)->until, weekend->until);
  EXPECT_TRUE(current_span(spans, at("2026-11-23T05:59:59Z"), offset));
  EXPECT_FALSE(current_span(spans, at("2026-11-23T06:00:00Z"), offset));
}

TEST(WeeklySpan, OfSeveralTheOneThatEndsLastCounts) {
  const std::vector<WeeklySpan> spans = {*parse_weekly_span("Tue 20:00-Wed 07:00"),
                                         *parse_weekly_span("Tue 22:00-Wed 09:00")};
  const auto night = current_span(spans, at("2026-11-24T23:00:00Z"), std::chrono::seconds(0));
  ASSERT_TRUE(night);
  EXPECT_EQ(night->until, at("2026-11-25T09:00:00Z"));
}

}  // namespace
}  // namespace leumund::config
