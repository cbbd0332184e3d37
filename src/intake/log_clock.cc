#include "intake/log_clock.h"

#include <algorithm>
#include <ctime>

namespace leumund::intake {
namespace {

constexpr std::int64_t quarter_seconds = 900;
constexpr int years_back_max = 8;  // to the last 29 February
// Of another host's clock before ours.
constexpr std::chrono::minutes ahead_max{5};

// The offset of a local time with or without summer time; nothing where there is no such time.
std::optional<std::chrono::seconds> offset_of(const std::tm& local, std::time_t as_utc,
                                              int summer) {
  std::tm parts = local;
  parts.tm_isdst = summer;
  const std::time_t utc = ::mktime(&parts);
  const bool such =
      parts.tm_isdst == summer && parts.tm_hour == local.tm_hour && parts.tm_min == local.tm_min;
  return such ? std::optional(std::chrono::seconds(as_utc - utc)) : std::nullopt;
}

}  // namespace

LogClock::LogClock(std::optional<std::chrono::seconds> utc_offset) : utc_offset_(utc_offset) {}

void LogClock::set_reference(base::TimePoint reference) {
  reference_ = reference;
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

LogClock::Offsets LogClock::offsets_at(std::int64_t local_seconds) {
  if (utc_offset_) return {*utc_offset_, *utc_offset_};
  const std::int64_t quarter = local_seconds / quarter_seconds;
  if (quarter == cached_quarter_) return cached_offsets_;
  const std::time_t as_utc = quarter * quarter_seconds;
  std::tm local{};
  if (::gmtime_r(&as_utc, &local) == nullptr) return cached_offsets_;
  std::tm parts = local;
  parts.tm_isdst = -1;  // whichever holds
  const std::chrono::seconds usual(as_utc - ::mktime(&parts));
  const auto [least, most] = std::minmax({usual, offset_of(local, as_utc, 0).value_or(usual),
                                          offset_of(local, as_utc, 1).value_or(usual)});
  cached_quarter_ = quarter;
  cached_offsets_ = {.earlier = most, .later = least};
  return cached_offsets_;
}

base::TimePoint LogClock::resolve(const wire::LogStamp& stamp) {
  if (stamp.month == 0) return last_;
  const auto day = day_of(stamp);
  if (!day) return last_;
  const auto local = base::TimePoint(*day) + std::chrono::seconds(stamp.second_of_day) +
                     base::Micros(stamp.micros);
  if (stamp.has_offset) {
    last_ = local - std::chrono::seconds(stamp.offset_seconds);
    return last_;
  }
  const auto [earlier, later] =
      offsets_at(day->time_since_epoch().count() * 86400LL + stamp.second_of_day);
  last_ = local - later;
  if (last_ > reference_ + ahead_max) last_ = local - earlier;
  return last_;
}

}  // namespace leumund::intake
