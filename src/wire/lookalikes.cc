#include "wire/lookalikes.h"

#include <charconv>

#include "base/ascii.h"
#include "base/check.h"
#include "wire/charset.h"
#include "wire/lookalikes_table.h"

namespace leumund::wire {
namespace {

std::uint32_t take_hex(std::string_view& text) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  CHECK(read.ec == std::errc{});  // the table is generated
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return value;
}

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

}  // namespace

const Lookalikes& Lookalikes::table() {
  static const Lookalikes lookalikes;
  return lookalikes;
}

void Lookalikes::set(std::uint32_t point, std::uint32_t to) {
  CHECK(point < last_point);
  std::uint16_t& page = page_of_[point >> 8U];
  if (page == 0) {
    page = static_cast<std::uint16_t>(pages_.size());
    pages_.emplace_back();
  }
  pages_[page][point & 0xFFU] = to;
}

Lookalikes::Lookalikes() : pages_(1) {
  std::string_view rest = lookalike_runs;
  std::uint32_t end = 0;
  while (!rest.empty()) {
    const std::uint32_t first = end + take_hex(rest);
    end = first;
    if (rest.starts_with('*')) {
      rest.remove_prefix(1);
      end += take_hex(rest);
    }
    const char what = rest.front();
    rest.remove_prefix(1);
    const std::string_view operand = rest.substr(0, rest.find(' '));
    rest.remove_prefix(operand.size() + 1);
    std::uint32_t to = ignored;
    if (what == '@' || what == '^') {
      std::string_view hex = operand;
      to = take_hex(hex);
    } else if (what != '!') {
      to = ascii;
      for (std::size_t i = 0; i < operand.size(); ++i) {
        to |= static_cast<std::uint32_t>(static_cast<unsigned char>(operand[i])) << (8 * i);
      }
    }
    const std::uint32_t step = what == '~' || what == '^' ? 1 : 0;
    for (std::uint32_t point = first; point <= end; ++point) {
      set(point, to + step * (point - first));
    }
  }
}

std::uint32_t take_code_point(std::string_view& text) {
  constexpr std::uint32_t replacement = 0xFFFD;
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t size = 1;
  std::uint32_t point = lead;
  if (lead >= 0x80) {
    size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    point = lead & (0xFFU >> (size + 1));
    bool good = lead >= 0xC2 && lead < 0xF5;
    for (std::size_t i = 1; good && i < size; ++i) {
      good = continues(text, i);
      if (good) point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    if (!good || point > 0x10FFFF) {
      size = 1;
      point = replacement;
    }
  }
  text.remove_prefix(size);
  return point;
}

void append_folded(std::string_view text, std::string& out) {
  const Lookalikes& table = Lookalikes::table();
  while (!text.empty()) {
    const std::uint32_t point = take_code_point(text);
    if (point < 0x80) {
      const char c = static_cast<char>(point);
      out.push_back(base::ascii_lower(c));
      continue;
    }
    std::uint32_t to = table.fold(point);
    if (to == Lookalikes::ignored) continue;
    if ((to & Lookalikes::ascii) == 0) {
      append_code_point(to, out);
      continue;
    }
    for (to &= ~Lookalikes::ascii; to != 0; to >>= 8U) out.push_back(static_cast<char>(to & 0xFFU));
  }
}

}  // namespace leumund::wire
