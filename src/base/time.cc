#include "base/time.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace leumund::base {
namespace {

using std::chrono::seconds;

// Reads exactly `digits` decimal digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || (text.front() | 0x20) != (wanted | 0x20)) return false;
  text.remove_prefix(1);
  return true;
}

// Microseconds of a ".123456789" in front; digits past the sixth are dropped.
Micros take_fraction(std::string_view& text) {
  if (text.empty() || text.front() != '.') return Micros(0);
  text.remove_prefix(1);
  int value = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 6) {
      value = value * 10 + (text.front() - '0');
      ++digits;
    }
    text.remove_prefix(1);
  }
  for (; digits < 6; ++digits) value *= 10;
  return Micros(value);
}

std::optional<seconds> take_offset(std::string_view& text) {
  if (take(text, 'Z')) return seconds(0);
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '+' ? 1 : -1;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  if (!hours) return std::nullopt;
  if (!text.empty() && text.front() == ':') text.remove_prefix(1);
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return seconds(sign * (*hours * 3600 + *minutes * 60));
}

}  // namespace

TimePoint system_now() {
  return std::chrono::time_point_cast<Micros>(std::chrono::system_clock::now());
}

TimePoint from_unix_seconds(double value) {
  return TimePoint(Micros(static_cast<std::int64_t>(std::llround(value * 1e6))));
}

double to_unix_seconds(TimePoint at) { return seconds_of(at.time_since_epoch()); }

Result<TimePoint> parse_rfc3339(std::string_view text) {
  const std::string_view whole = text;
  const auto bad = [&] {
    return Error{ErrorCode::malformed,
                 fmt::format("'{}' is no RFC 3339 time", whole.substr(0, 64))};
  };
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return bad();
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return bad();
  const auto day = take_number(text, 2);
  if (!day || !(take(text, 'T') || take(text, ' '))) return bad();
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return bad();
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return bad();
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return bad();
  const Micros fraction = take_fraction(text);
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!offset || !text.empty() || !date.ok()) return bad();
  return TimePoint(std::chrono::sys_days(date)) + seconds(*hour * 3600 + *minute * 60 + *second) +
         fraction - *offset;
}

std::string format_rfc3339(TimePoint at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto time = std::chrono::floor<seconds>(at - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time / 3600, time / 60 % 60, time % 60);
}

Result<seconds> parse_span(std::string_view text) {
  const std::string_view whole = text;
  const auto bad = [&] {
    return Error{
        ErrorCode::malformed,
        fmt::format("'{}' is no span of time (like 90s, 15m, 2h, 3d, 1w)", whole.substr(0, 64))};
  };
  constexpr std::int64_t span_seconds_max = 100LL * 366 * 86400;
  std::int64_t total = 0;
  if (text.empty()) return bad();
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc() || number < 0 || number > span_seconds_max) return bad();
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::int64_t unit = 1;
    if (!text.empty()) {
      switch (text.front()) {
        case 's': unit = 1; break;
        case 'm': unit = 60; break;
        case 'h': unit = 3600; break;
        case 'd': unit = 86400; break;
        case 'w': unit = 604800; break;
        default: return bad();
      }
      text.remove_prefix(1);
    }
    total += number * unit;
    if (total > span_seconds_max) return bad();
  }
  return seconds(total);
}

std::string format_span(seconds span) {
  auto left = span.count();
  if (left == 0) return "0s";
  std::string out;
  constexpr std::pair<char, std::int64_t> units[] = {
      {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
  for (const auto& [letter, size] : units) {
    if (left >= size) {
      out += fmt::format("{}{}", left / size, letter);
      left %= size;
    }
  }
  return out;
}

}  // namespace leumund::base
