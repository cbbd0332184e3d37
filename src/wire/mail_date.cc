#include "wire/mail_date.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

#include "base/ascii.h"

namespace leumund::wire {
namespace {

constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
// Hours east of Greenwich. Other names say nothing (RFC 5322, 4.3).
constexpr std::array<std::pair<std::string_view, int>, 11> zones = {{{"ut", 0},
                                                                     {"gmt", 0},
                                                                     {"utc", 0},
                                                                     {"est", -5},
                                                                     {"edt", -4},
                                                                     {"cst", -6},
                                                                     {"cdt", -5},
                                                                     {"mst", -7},
                                                                     {"mdt", -6},
                                                                     {"pst", -8},
                                                                     {"pdt", -7}}};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\n'; }

// Takes the next word off the front; "" at the end.
std::string_view next_word(std::string_view& rest) {
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  std::size_t end = 0;
  while (end < rest.size() && !is_blank(rest[end]) && rest[end] != '(') ++end;
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

std::optional<int> number_of(std::string_view text, std::size_t digits_most) {
  int out = 0;
  if (text.empty() || text.size() > digits_most) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

std::optional<unsigned> month_of(std::string_view word) {
  if (word.size() < 3) return std::nullopt;
  for (unsigned i = 0; i < months.size(); ++i) {
    if (base::ascii_lower(word.substr(0, 3)) == months[i]) return i + 1;
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> clock_of(std::string_view word) {
  std::array<int, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t colon = word.find(':');
    const auto number = number_of(word.substr(0, colon), 2);
    if (!number) return std::nullopt;
    parts[i] = *number;
    if (colon == std::string_view::npos) {
      if (i == 0) return std::nullopt;
      word = {};
      break;
    }
    word.remove_prefix(colon + 1);
  }
  if (!word.empty() && word.find(':') != std::string_view::npos) return std::nullopt;
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 60) return std::nullopt;
  return std::chrono::hours(parts[0]) + std::chrono::minutes(parts[1]) +
         std::chrono::seconds(parts[2]);
}

std::optional<std::chrono::minutes> zone_of(std::string_view word) {
  if (word.empty()) return std::chrono::minutes(0);
  if (word.front() == '+' || word.front() == '-') {
    const auto number = number_of(word.substr(1), 4);
    if (!number || word.size() != 5) return std::nullopt;
    const auto span = std::chrono::minutes(*number / 100 * 60 + *number % 100);
    return word.front() == '+' ? span : -span;
  }
  for (const auto& [name, hours] : zones) {
    if (base::ascii_lower(word) == name) return std::chrono::hours(hours);
  }
  return std::chrono::minutes(0);
}

int full_year(int year, std::size_t digits) {
  if (digits >= 4) return year;
  return digits == 3 || year >= 50 ? 1900 + year : 2000 + year;
}

}  // namespace

std::optional<base::TimePoint> parse_mail_date(std::string_view text) {
  std::string_view word = next_word(text);
  auto day = number_of(word, 2);
  if (!day) day = number_of(next_word(text), 2);  // behind the weekday
  const auto month = month_of(next_word(text));
  const std::string_view year_word = next_word(text);
  const auto year = number_of(year_word, 4);
  const auto clock = clock_of(next_word(text));
  const auto zone = zone_of(next_word(text));
  if (!day || !month || !year || !clock || !zone) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(full_year(*year, year_word.size())),
                                         std::chrono::month(*month),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return base::TimePoint(std::chrono::sys_days(date) + *clock - *zone);
}

}  // namespace leumund::wire
