#include "config/weekly_span.h"

#include <fmt/core.h>

#include <array>
#include <string>

namespace leumund::config {
namespace {

using std::chrono::minutes;
constexpr minutes week = std::chrono::days(7);
constexpr std::array<std::string_view, 7> day_names = {"mon", "tue", "wed", "thu",
                                                       "fri", "sat", "sun"};

// Reads "Fri 18:00".
std::optional<minutes> parse_point(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.size() != 9 || text[3] != ' ' || text[6] != ':') return std::nullopt;
  std::string day;
  for (const char c : text.substr(0, 3)) day += static_cast<char>(c | 0x20);
  const auto digit = [&](std::size_t at) {
    return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 1000;
  };
  const int hour = digit(4) * 10 + digit(5);
  const int minute = digit(7) * 10 + digit(8);
  if (hour > 24 || minute > 59 || (hour == 24 && minute != 0)) return std::nullopt;
  for (std::size_t i = 0; i < day_names.size(); ++i) {
    if (day_names[i] == day) {
      return minutes(static_cast<int>(i) * 1440 + hour * 60 + minute) % week;
    }
  }
  return std::nullopt;
}

}  // namespace

base::Result<WeeklySpan> parse_weekly_span(std::string_view text) {
  const auto dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto from = parse_point(text.substr(0, dash));
    const auto until = parse_point(text.substr(dash + 1));
    if (from && until && *from != *until) return WeeklySpan{*from, *until};
  }
  return base::Error{
      base::ErrorCode::malformed,
      fmt::format("'{}' is no span of the week (like Fri 18:00-Mon 07:00)", text.substr(0, 64))};
}

std::optional<CurrentSpan> current_span(const std::vector<WeeklySpan>& spans, base::TimePoint now,
                                        std::chrono::seconds utc_offset) {
  const base::TimePoint local = now + utc_offset;
  const auto today = std::chrono::floor<std::chrono::days>(local);
  const auto since_monday = std::chrono::days(std::chrono::weekday(today).iso_encoding() - 1);
  const base::TimePoint monday = today - since_monday;
  const auto at = local - monday;
  std::optional<CurrentSpan> found;
  for (const WeeklySpan& span : spans) {
    const auto length = (span.until - span.from + week) % week;
    const auto into = (at - span.from + week) % base::Micros(week);
    if (into >= length) continue;
    const base::TimePoint from = now - into;
    const base::TimePoint until = from + length;
    if (!found || until > found->until) found = CurrentSpan{from, until};
  }
  return found;
}

}  // namespace leumund::config
