// Writes a piece of a pattern out as the finite set of texts it stands for, where there are few.
//
// Thousands of plain texts cost an automaton next to nothing; a hundred expressions with
// alternatives inside alternatives do. Whatever cannot be written out stays an expression.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::diagnosis {

inline constexpr std::size_t max_literals_per_piece = 4000;

struct Literal {
  std::string text;
  bool word_begin = false;  // no letter or digit may stand before it
  bool word_end = false;    // nor behind it
  bool text_begin = false;  // nothing at all may stand before it
  bool text_end = false;    // nor behind it

  auto operator<=>(const Literal&) const = default;
};

// Nothing if the piece repeats without end, holds a negated class, ".", or too many alternatives. A
// "\w*" or "\w+" at the end is dropped, and of "\d+" the first digit stays: the text before it
// matches all the same.
[[nodiscard]] std::optional<std::vector<Literal>> write_out(std::string_view piece);

}  // namespace leumund::diagnosis
