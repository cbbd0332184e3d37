#include "wire/provider_values.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/ascii.h"
#include "wire/provider_file.h"

namespace leumund::wire {
namespace {

std::optional<int> take_number(std::string_view& text, std::size_t digits_most) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto used = static_cast<std::size_t>(read.ptr - text.data());
  if (read.ec != std::errc() || used == 0 || used > digits_most || value < 0) return std::nullopt;
  text.remove_prefix(used);
  return value;
}

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

// "19:00", "7:00 PM", "19:00:00Z", "" is midnight.
std::optional<std::chrono::seconds> read_time(std::string_view text) {
  if (text.empty()) return std::chrono::seconds(0);
  auto hour = take_number(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  int second = 0;
  if (take(text, ":")) {
    const auto told = take_number(text, 2);
    if (!told) return std::nullopt;
    second = *told;
  }
  const std::string half = base::ascii_lower(text);
  if (half == " pm" || half == " am") {
    if (*hour < 1 || *hour > 12) return std::nullopt;
    hour = *hour % 12 + (half == " pm" ? 12 : 0);
  } else if (!text.empty() && text != "Z" && text != "+00:00") {
    return std::nullopt;
  }
  if (!minute || *hour > 23 || *minute > 59 || second > 60) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(second);
}

std::optional<base::TimePoint> moment(int year, int month, int day, std::string_view time) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const auto clock = read_time(time);
  if (!date.ok() || year < 1990 || year > 2199 || !clock) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return base::TimePoint(std::chrono::duration_cast<base::Micros>(days) +
                         std::chrono::duration_cast<base::Micros>(*clock));
}

}  // namespace

std::optional<base::TimePoint> read_provider_date(std::string_view text) {
  const bool plain = text.size() == 8 && std::all_of(text.begin(), text.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
  if (plain) {
    std::string_view year = text.substr(0, 4), month = text.substr(4, 2), day = text.substr(6);
    return moment(*take_number(year, 4), *take_number(month, 2), *take_number(day, 2), "");
  }
  const auto first = take_number(text, 4);
  if (!first) return std::nullopt;
  const bool american = text.starts_with('/');
  if (!american && !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  const auto second = take_number(text, 2);
  if (!second || text.empty() || text.front() != (american ? '/' : '-')) return std::nullopt;
  text.remove_prefix(1);
  const auto third = take_number(text, 4);
  if (!third) return std::nullopt;
  if (!text.empty() && !take(text, " ") && !(!american && take(text, "T"))) return std::nullopt;
  return american ? moment(*third, *first, *second, text) : moment(*first, *second, *third, text);
}

std::optional<Share> read_share(std::string_view text) {
  Share share;
  share.is_below = take(text, "<");
  while (take(text, " ")) {
  }
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), share.value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  if (percent) share.value /= 100;
  if (!std::isfinite(share.value) || share.value < 0 || share.value > 1) return std::nullopt;
  return share;
}

}  // namespace leumund::wire
