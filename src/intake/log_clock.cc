#include "intake/log_clock.h"

#include <ctime>

namespace leumund::intake {
namespace {

constexpr std::int64_t quarter_seconds = 900;
constexpr int years_back_max = 8;  // to the last 29 February

}  // namespace

LogClock::LogClock(std::optional<std::chrono::seconds> utc_offset) : utc_offset_(utc_offset) {}

void LogClock::set_reference(base::TimePoint reference) {
  const auto day = std::chrono::floor<std::chrono::days>(reference) + std::chrono::days(1);
  if (day == latest_day_) return;
  latest_day_ = day;
  cached_date_ = 0;
}

std::optional<std::chrono::sys_days> LogClock::day_of(const wire::LogStamp& stamp) {
  const std::uint32_t date = (static_cast<std::uint32_t>(stamp.year) << 9) |
                             (static_cast<std::uint32_t>(stamp.month) << 5) | stamp.day;
  if (date == cached_date_) return cached_day_;
  const std::chrono::month month(stamp.month);
  const std::chrono::day day(stamp.day);
  std::optional<std::chrono::sys_days> found;
  if (stamp.year != 0) {
    const std::chrono::year_month_day whole(std::chrono::year(stamp.year), month, day);
    if (whole.ok()) found = std::chrono::sys_days(whole);
  } else {
    const auto latest = std::chrono::year_month_day(latest_day_).year();
    for (int back = 0; back <= years_back_max && !found; ++back) {
      const std::chrono::year_month_day whole(latest - std::chrono::years(back), month, day);
      if (whole.ok() && std::chrono::sys_days(whole) <= latest_day_) {
        found = std::chrono::sys_days(whole);
      }
    }
  }
  if (found) {
    cached_date_ = date;
    cached_day_ = *found;
  }
  return found;
}

std::chrono::seconds LogClock::offset_at(std::int64_t local_seconds) {
  if (utc_offset_) return *utc_offset_;
  const std::int64_t quarter = local_seconds / quarter_seconds;
  if (quarter == cached_quarter_) return cached_offset_;
  const std::time_t as_utc = quarter * quarter_seconds;
  std::tm parts{};
  if (::gmtime_r(&as_utc, &parts) == nullptr) return cached_offset_;
  parts.tm_isdst = -1;  // whichever holds; the hour that comes twice is taken as the C library does
  const std::time_t utc = ::mktime(&parts);
  cached_quarter_ = quarter;
  cached_offset_ = std::chrono::seconds(as_utc - utc);
  return cached_offset_;
}

base::TimePoint LogClock::resolve(const wire::LogStamp& stamp) {
  if (stamp.month == 0) return last_;
  const auto day = day_of(stamp);
  if (!day) return last_;
  const auto local = base::TimePoint(*day) + std::chrono::seconds(stamp.second_of_day) +
                     base::Micros(stamp.micros);
  const auto offset =
      stamp.has_offset ? std::chrono::seconds(stamp.offset_seconds)
                       : offset_at(day->time_since_epoch().count() * 86400LL + stamp.second_of_day);
  last_ = local - offset;
  return last_;
}

}  // namespace leumund::intake
