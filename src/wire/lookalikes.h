// What a reader takes a character for: lower case, accents away, and Cyrillic, Greek, fullwidth or
// mathematical letters as the Latin ones they look like. Characters that nobody sees vanish.
//
// Threads: a constant table, made at first use (thread-safe, as statics are).
// Errors:  none: what is not in the table reads as itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::wire {

class Lookalikes {
 public:
  [[nodiscard]] static const Lookalikes& table();

  static constexpr std::uint32_t ignored = 1;
  static constexpr std::uint32_t ascii = 0x80000000U;

  // `ignored`; `ascii` with up to three ASCII characters in its low bytes, the first lowest; else
  // the code point of the small letter.
  [[nodiscard]] std::uint32_t fold(std::uint32_t point) const {
    if (point >= last_point) return point;
    const std::uint32_t to = pages_[page_of_[point >> 8U]][point & 0xFFU];
    return to == 0 ? point : to;
  }

 private:
  static constexpr std::uint32_t last_point = 0x20000;
  using Page = std::array<std::uint32_t, 256>;

  Lookalikes();
  void set(std::uint32_t point, std::uint32_t to);

  std::array<std::uint16_t, last_point / 256> page_of_{};  // 0 is the page without entries
  std::vector<Page> pages_;
};

// Takes the first code point off `text`, which is not empty; ill-formed bytes give U+FFFD each.
[[nodiscard]] std::uint32_t take_code_point(std::string_view& text);

// Appends `text` (UTF-8) as read: ASCII in lower case, other characters by the table.
void append_folded(std::string_view text, std::string& out);

}  // namespace leumund::wire
