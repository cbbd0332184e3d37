#include "wire/postfix_log_line.h"

#include <array>
#include <utility>

#include "wire/postfix_log_line_message.h"
#include "wire/postfix_log_line_scan.h"

namespace leumund::wire {
namespace {

using log_scan::take;
using log_scan::take_number;

constexpr bool digit(char c) { return c >= '0' && c <= '9'; }

// Two digits at `at`; the caller has made sure that they are there. -1 if they are no digits.
constexpr int two_digits(std::string_view text, std::size_t at) {
  const char tens = text[at];
  const char ones = text[at + 1];
  if (!digit(tens) || !digit(ones)) return -1;
  return (tens - '0') * 10 + (ones - '0');
}

constexpr std::uint32_t packed(char a, char b, char c) {
  return (static_cast<std::uint32_t>(static_cast<unsigned char>(a)) << 16) |
         (static_cast<std::uint32_t>(static_cast<unsigned char>(b)) << 8) |
         static_cast<std::uint32_t>(static_cast<unsigned char>(c));
}

std::uint8_t month_of(std::string_view text) {
  switch (packed(text[0], text[1], text[2])) {
    case packed('J', 'a', 'n'): return 1;
    case packed('F', 'e', 'b'): return 2;
    case packed('M', 'a', 'r'): return 3;
    case packed('A', 'p', 'r'): return 4;
    case packed('M', 'a', 'y'): return 5;
    case packed('J', 'u', 'n'): return 6;
    case packed('J', 'u', 'l'): return 7;
    case packed('A', 'u', 'g'): return 8;
    case packed('S', 'e', 'p'): return 9;
    case packed('O', 'c', 't'): return 10;
    case packed('N', 'o', 'v'): return 11;
    case packed('D', 'e', 'c'): return 12;
    default: return 0;
  }
}

bool take_year(std::string_view& text, std::int32_t& year) {
  if (text.size() < 5 || !digit(text[0]) || !digit(text[1]) || !digit(text[2]) || !digit(text[3])) {
    return false;
  }
  year = two_digits(text, 0) * 100 + two_digits(text, 2);
  text.remove_prefix(4);
  return year > 0;
}

// "16:40:39" with an optional fraction.
bool take_clock(std::string_view& text, LogStamp& stamp) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return false;
  const int hour = two_digits(text, 0);
  const int minute = two_digits(text, 3);
  const int second = two_digits(text, 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  stamp.second_of_day = hour * 3600 + minute * 60 + second;
  text.remove_prefix(8);
  if (text.size() < 2 || (text[0] != '.' && text[0] != ',') || !digit(text[1])) return true;
  text.remove_prefix(1);
  std::int32_t micros = 0;
  int digits = 0;
  for (; !text.empty() && digit(text[0]); text.remove_prefix(1), ++digits) {
    if (digits < 6) micros = micros * 10 + (text[0] - '0');
  }
  for (; digits < 6; ++digits) micros *= 10;
  stamp.micros = micros;
  return true;
}

// "Z", "+01:00" or "+0100".
bool take_offset(std::string_view& text, LogStamp& stamp) {
  if (take(text, "Z")) {
    stamp.has_offset = true;
    return true;
  }
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return true;  // local time
  const int sign = text[0] == '+' ? 1 : -1;
  const int hours = two_digits(text, 1);
  const bool colon = text[3] == ':';
  if (colon && text.size() < 6) return false;
  const int minutes = two_digits(text, colon ? 4 : 3);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  stamp.offset_seconds = sign * (hours * 3600 + minutes * 60);
  stamp.has_offset = true;
  text.remove_prefix(colon ? 6 : 5);
  return true;
}

bool day_fits(const LogStamp& stamp) {
  constexpr std::array<std::uint8_t, 13> days = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return stamp.day >= 1 && stamp.day <= days[stamp.month];
}

// "2022-01-08T19:42:12.572958+00:00 ".
bool take_rfc3339(std::string_view& text, LogStamp& stamp) {
  std::string_view rest = text;
  if (rest.size() < 20 || !take_year(rest, stamp.year) || rest[0] != '-' || rest[3] != '-') {
    return false;
  }
  const int month = two_digits(rest, 1);
  const int day = two_digits(rest, 4);
  if (month < 1 || month > 12 || day < 1 || (rest[6] != 'T' && rest[6] != ' ')) return false;
  stamp.month = static_cast<std::uint8_t>(month);
  stamp.day = static_cast<std::uint8_t>(day);
  rest.remove_prefix(7);
  if (!day_fits(stamp) || !take_clock(rest, stamp) || !take_offset(rest, stamp)) return false;
  if (!take(rest, " ")) return false;
  text = rest;
  return true;
}

// "Oct 13 16:40:39 ", "Oct  3 2026 16:40:39 ", "2026 Oct  3 16:40:39 ".
bool take_traditional(std::string_view& text, LogStamp& stamp) {
  std::string_view rest = text;
  if (rest.size() < 16) return false;
  if (digit(rest[0]) && (!take_year(rest, stamp.year) || !take(rest, " "))) return false;
  if (rest.size() < 16 || (stamp.month = month_of(rest)) == 0 || rest[3] != ' ') return false;
  const char tens = rest[4];
  if ((tens != ' ' && !digit(tens)) || !digit(rest[5]) || rest[6] != ' ') return false;
  stamp.day = static_cast<std::uint8_t>((tens == ' ' ? 0 : tens - '0') * 10 + (rest[5] - '0'));
  rest.remove_prefix(7);
  if (stamp.year == 0 && rest.size() > 5 && rest[4] == ' ' && take_year(rest, stamp.year)) {
    rest.remove_prefix(1);
  }
  if (!day_fits(stamp) || !take_clock(rest, stamp) || !take(rest, " ")) return false;
  text = rest;
  return true;
}

// A word up to the next space.
bool take_word(std::string_view& text, std::string_view& word) {
  return log_scan::take_until(text, ' ', word) && !word.empty();
}

// RFC 5424 behind "<22>1 ": stamp, host, program, process id, message id, structured data.
bool parse_rfc5424(std::string_view text, PostfixLogLine& out) {
  std::string_view tag;
  std::string_view process;
  std::string_view skipped;
  if (!take_rfc3339(text, out.stamp) || !take_word(text, out.host) || !take_word(text, tag) ||
      !take_word(text, process) || !take_word(text, skipped)) {
    return false;
  }
  if (text.starts_with('[')) {
    if (!log_scan::take_until(text, "] ", skipped)) return false;
  } else if (!take(text, "- ")) {
    return false;
  }
  (void)take(text, "\xef\xbb\xbf");
  (void)take_number(process, out.pid);
  read_log_tag(tag, out);
  out.message = text;
  return true;
}

// "postfix/smtpd[123]: message"; the message alone when there is no such tag.
void parse_tagged(std::string_view text, PostfixLogLine& out) {
  constexpr std::size_t tag_bytes_max = 128;
  std::size_t end = 0;
  while (end < text.size() && end < tag_bytes_max && text[end] != ':' && text[end] != '[' &&
         text[end] != ' ') {
    ++end;
  }
  const std::string_view tag = text.substr(0, end);
  std::string_view rest = text.substr(end);
  if (take(rest, "[")) {
    (void)take_number(rest, out.pid);
    if (!take(rest, "]")) rest = {};
  }
  if (!take(rest, ":")) {
    out.message = text;
    return;  // "last message repeated 3 times", "-- MARK --"
  }
  (void)take(rest, " ");
  if (rest.starts_with("[ID ")) {  // as Solaris has it
    std::string_view skipped;
    (void)log_scan::take_until(rest, "] ", skipped);
  }
  read_log_tag(tag, out);
  out.message = rest;
}

void parse_head(std::string_view line, PostfixLogLine& out) {
  if (line[0] == '<') {  // priority, if the syslog daemon leaves it in
    const std::size_t close = line.substr(0, 6).find('>');
    if (close == std::string_view::npos) return;
    line.remove_prefix(close + 1);
    if (take(line, "1 ")) {
      if (parse_rfc5424(line, out)) {
        out.kind = LineKind::foreign;
      } else {
        out.stamp = {};
      }
      return;
    }
    if (line.size() < 16) return;
  }
  const bool year_first = digit(line[0]) && line[4] == '-';
  const bool stamped =
      year_first ? take_rfc3339(line, out.stamp) : take_traditional(line, out.stamp);
  if (!stamped || !take_word(line, out.host)) {
    out.stamp = {};
    return;
  }
  out.kind = LineKind::foreign;
  parse_tagged(line, out);
}

constexpr bool trailing(char c) {
  return c == ' ' || c == '\r' || c == '\n' || c == '\t' || c == '\0';
}

}  // namespace

void parse_postfix_log_line(std::string_view line, PostfixLogLine& out) {
  out = PostfixLogLine{};
  while (!line.empty() && trailing(line.back())) line.remove_suffix(1);
  if (line.empty()) return;
  out.kind = LineKind::no_stamp;
  if (line.size() < 16) return;
  parse_head(line, out);
  if (out.kind == LineKind::foreign) parse_log_message(out);
}

void parse_postfix_journal_entry(std::string_view tag, std::uint32_t pid, std::string_view message,
                                 PostfixLogLine& out) {
  out = PostfixLogLine{};
  while (!message.empty() && trailing(message.back())) message.remove_suffix(1);
  out.kind = LineKind::foreign;
  out.pid = pid;
  out.message = message;
  read_log_tag(tag, out);
  parse_log_message(out);
}

std::string_view line_kind_name(LineKind kind) {
  constexpr std::array<std::string_view, line_kind_count> names = {
      "empty",        "no_stamp", "foreign",     "unknown",        "irrelevant",    "connect",
      "disconnect",   "client",   "certificate", "proxy_accepted", "refused",       "login_ok",
      "login_failed", "pickup",   "message_id",  "header_check",   "queued",        "removed",
      "expired",      "skipped",  "delivery",    "note",           "bounce_notice", "postscreen",
      "encrypted",    "postsuper"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace leumund::wire
