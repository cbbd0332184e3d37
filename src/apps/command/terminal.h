// Where the command leumund writes: safe for a terminal, coloured only where colour shows.
//
// Threads: one.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "apps/command/words.h"
#include "base/time.h"

namespace leumund::apps {

enum class Colour { plain, bold, dim, red, yellow, green };

class Terminal {
 public:
  // Colours where `out` is a terminal that has them and NO_COLOR is not set.
  Terminal(std::FILE* out, std::FILE* err, Language language);

  void line(std::string_view text = "");  // to standard output
  void complain(std::string_view text);   // "leumund: TEXT" to standard error
  void hint(std::string_view text);       // what to do next, behind a complaint
  void raw(std::string_view bytes);       // as it is, for JSON and screen control
  void flush();

  [[nodiscard]] std::string paint(Colour colour, std::string_view text) const;
  [[nodiscard]] bool is_screen() const { return screen_; }
  [[nodiscard]] int width() const;
  [[nodiscard]] int height() const;
  [[nodiscard]] Language language() const { return language_; }

  // "3.25", in German "3,25"; never "-0.00".
  [[nodiscard]] std::string decimal(double value, int digits) const;

  template <typename... Args>
  [[nodiscard]] std::string say(Phrase which, const Args&... args) const {
    return apps::say(language_, which, args...);
  }

 private:
  std::FILE* out_;
  std::FILE* err_;
  Language language_;
  bool screen_ = false;  // a terminal that understands cursor control
  bool colours_ = false;
};

// Names and replies come from strangers: control characters become "?", so that no escape sequence
// reaches the terminal.
[[nodiscard]] std::string safe(std::string_view text);

// Pads UTF-8 text with blanks to `columns` characters.
[[nodiscard]] std::string padded(std::string_view text, std::size_t columns);

// A table: each column as wide as its widest cell, two blanks before the row.
struct Cell {
  std::string text;
  Colour colour = Colour::plain;
};
using Row = std::vector<Cell>;
void show_rows(Terminal& terminal, const std::vector<Row>& rows);

// Text in lines of at most `columns` characters, broken at blanks; a longer word stays whole.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

// Cuts UTF-8 text to `columns` characters, with "..." at the end.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);

// "2026-11-21 18:00" in local time; local_clock with the seconds.
[[nodiscard]] std::string local_time(base::TimePoint at);
[[nodiscard]] std::string local_clock(base::TimePoint at);

// A point in time as people type it: RFC 3339, "2026-12-24", "2026-12-24 18:00" (local time),
// "18:00" (the next one), or a span from now: "3d". Errors: malformed names the text.
[[nodiscard]] base::Result<base::TimePoint> parse_when(std::string_view text, base::TimePoint now);

}  // namespace leumund::apps
