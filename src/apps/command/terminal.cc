#include "apps/command/terminal.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <vector>

#include "base/filled.h"

namespace leumund::apps {
namespace {

std::optional<winsize> window(std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size;
}

std::tm local(base::TimePoint at) {
  const std::time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

// Reads digits and separators as `shape` has them ("dddd-dd-dd"); nothing if the text differs.
std::optional<std::vector<int>> numbers(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return std::nullopt;
  std::vector<int> found;
  bool within = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (shape[i] != 'd') {
      if (text[i] != shape[i]) return std::nullopt;
      within = false;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    if (!within) found.push_back(0);
    within = true;
    found.back() = found.back() * 10 + (text[i] - '0');
  }
  return found;
}

std::optional<base::TimePoint> from_local(std::tm parts) {
  const std::tm asked = parts;
  parts.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&parts);
  // mktime takes the 31st of February for a day in March; people mean something else.
  if (seconds < 0 || parts.tm_mday != asked.tm_mday || asked.tm_hour > 23 || asked.tm_min > 59) {
    return std::nullopt;
  }
  return base::TimePoint(std::chrono::seconds(seconds));
}

// Characters, which is columns for all names that occur in mail.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

}  // namespace

Terminal::Terminal(std::FILE* out, std::FILE* err, Language language)
    : out_(out), err_(err), language_(language) {
  const char* kind = std::getenv("TERM");
  screen_ = ::isatty(::fileno(out)) != 0 && kind != nullptr && *kind != '\0' &&
            std::string_view(kind) != "dumb";
  const char* no_colour = std::getenv("NO_COLOR");
  colours_ = screen_ && (no_colour == nullptr || *no_colour == '\0');
}

void Terminal::line(std::string_view text) {
  raw(text);
  raw("\n");
}

void Terminal::complain(std::string_view text) {
  std::fflush(out_);  // what came before is read before
  std::fprintf(err_, "leumund: %.*s\n", static_cast<int>(text.size()), text.data());
}

void Terminal::hint(std::string_view text) {
  std::fflush(out_);
  std::fprintf(err_, "%.*s\n", static_cast<int>(text.size()), text.data());
}

void Terminal::raw(std::string_view bytes) { std::fwrite(bytes.data(), 1, bytes.size(), out_); }
void Terminal::flush() { std::fflush(out_); }

std::string Terminal::decimal(double value, int digits) const {
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.find_first_not_of("-0.") == std::string::npos && text.starts_with('-')) text.erase(0, 1);
  return language_ == Language::de ? base::with_comma(std::move(text)) : text;
}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  if (!colours_ || colour == Colour::plain) return std::string(text);
  const char* code = "0";
  switch (colour) {
    case Colour::plain: break;
    case Colour::bold: code = "1"; break;
    case Colour::dim: code = "2"; break;
    case Colour::red: code = "31"; break;
    case Colour::yellow: code = "33"; break;
    case Colour::green: code = "32"; break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

int Terminal::width() const {
  const auto size = window(out_);
  return size ? size->ws_col : 100;
}

int Terminal::height() const {
  const auto size = window(out_);
  return size && size->ws_row > 0 ? size->ws_row : 40;
}

std::string safe(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // The second block of control characters (U+0080 to U+009F) is C2 80 to C2 9F in UTF-8.
    const bool second_block =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (second_block) ++i;
    out += byte < 0x20 || byte == 0x7f || second_block ? '?' : text[i];
  }
  return out;
}

std::string padded(std::string_view text, std::size_t columns) {
  const std::size_t width = width_of(text);
  return std::string(text) + std::string(width < columns ? columns - width : 0, ' ');
}

void show_rows(Terminal& terminal, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i].text));
    }
  }
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      const std::size_t blanks = last ? 0 : widths[i] - width_of(row[i].text) + 1;
      line += " " + terminal.paint(row[i].colour, row[i].text) + std::string(blanks, ' ');
    }
    terminal.line(line);
  }
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    const bool fits = width_of(lines.back()) + 1 + width_of(word) <= columns;
    if (!lines.back().empty() && !fits) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + std::string(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string cut(std::string_view text, std::size_t columns) {
  std::size_t seen = 0;
  std::size_t keep = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U) continue;
    if (seen + 3 == columns) keep = i;
    if (++seen > columns) return std::string(text.substr(0, columns < 3 ? 0 : keep)) + "...";
  }
  return std::string(text);
}

std::string local_time(base::TimePoint at) {
  const std::tm parts = local(at);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min);
}

std::string local_clock(base::TimePoint at) {
  return fmt::format("{}:{:02}", local_time(at), local(at).tm_sec);
}

base::Result<base::TimePoint> parse_when(std::string_view text, base::TimePoint now) {
  if (const auto exact = base::parse_rfc3339(text)) return *exact;
  std::tm parts = local(now);
  parts.tm_sec = 0;
  std::optional<base::TimePoint> found;
  if (const auto clock = numbers(text, "dd:dd")) {
    parts.tm_hour = (*clock)[0];
    parts.tm_min = (*clock)[1];
    found = from_local(parts);
    if (found && *found <= now) {
      ++parts.tm_mday;  // mktime carries it into the next month
      parts.tm_isdst = -1;
      found = base::TimePoint(std::chrono::seconds(std::mktime(&parts)));
    }
  } else {
    auto date = numbers(text, "dddd-dd-dd");
    if (!date) date = numbers(text, "dddd-dd-dd dd:dd");
    if (date) {
      parts.tm_year = (*date)[0] - 1900;
      parts.tm_mon = (*date)[1] - 1;
      parts.tm_mday = (*date)[2];
      parts.tm_hour = date->size() > 3 ? (*date)[3] : 0;
      parts.tm_min = date->size() > 3 ? (*date)[4] : 0;
      found = from_local(parts);
    } else if (const auto span = base::parse_span(text.starts_with('+') ? text.substr(1) : text)) {
      found = now + *span;
    }
  }
  if (found) return *found;
  return base::Error{
      base::ErrorCode::malformed,
      fmt::format("'{}' is no time: write 2026-12-24, \"2026-12-24 18:00\", 18:00 or 3d",
                  safe(text.substr(0, 64)))};
}

}  // namespace leumund::apps
