// A report's text by lines, and where in it the returned message begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace leumund::wire {

// One line; views the text.
struct Line {
  std::string_view text;  // without blanks at its end
  std::size_t begin = 0;  // in the whole text
  std::size_t indent = 0;
  std::uint32_t phrases = 0;  // that end in it

  [[nodiscard]] bool blank() const { return text.size() == indent; }
  [[nodiscard]] std::string_view content() const { return text.substr(indent); }
};

// The lines of `text`, with the phrases in them marked.
[[nodiscard]] std::vector<Line> split_lines(std::string_view text);

// The line with which the returned message, or the words that announce it, begin; lines.size() when
// nothing looks like one.
[[nodiscard]] std::size_t returned_line(const std::vector<Line>& lines);

// "Subject: x": a header line as a returned message may begin with; not "Reason: x".
[[nodiscard]] bool is_message_header(std::string_view line);

// "-----", "*** text ***", "---- text ----": a line that separates.
[[nodiscard]] bool is_separator(std::string_view content);

// Where the fields of a delivery-status part begin as running text, before any returned message;
// std::string_view::npos when there are none.
[[nodiscard]] std::size_t find_status_fields(std::string_view text);

// Where the returned headers begin behind such fields; the size when there are none.
[[nodiscard]] std::size_t find_returned_headers(std::string_view fields);

}  // namespace leumund::wire
