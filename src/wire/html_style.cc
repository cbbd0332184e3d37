#include "wire/html_style.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "wire/mime_encoding.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t rules_max = 64;
constexpr std::size_t declarations_max = 64;
constexpr double readable_pixels = 3;

constexpr std::array color_names = {
    std::pair{"white", 0xFFFFFFU},      std::pair{"black", 0x000000U},
    std::pair{"red", 0xFF0000U},        std::pair{"lime", 0x00FF00U},
    std::pair{"green", 0x008000U},      std::pair{"blue", 0x0000FFU},
    std::pair{"yellow", 0xFFFF00U},     std::pair{"gray", 0x808080U},
    std::pair{"grey", 0x808080U},       std::pair{"silver", 0xC0C0C0U},
    std::pair{"navy", 0x000080U},       std::pair{"maroon", 0x800000U},
    std::pair{"purple", 0x800080U},     std::pair{"teal", 0x008080U},
    std::pair{"orange", 0xFFA500U},     std::pair{"pink", 0xFFC0CBU},
    std::pair{"ivory", 0xFFFFF0U},      std::pair{"snow", 0xFFFAFAU},
    std::pair{"whitesmoke", 0xF5F5F5U}, std::pair{"ghostwhite", 0xF8F8FFU},
    std::pair{"lightgray", 0xD3D3D3U},  std::pair{"lightgrey", 0xD3D3D3U}};

// The number at the front; nothing when there is none. "." may begin it.
std::optional<double> number_of(std::string_view value) {
  double number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (read.ec != std::errc{}) return std::nullopt;
  return number;
}

// A length in pixels, roughly; nothing for what is no length.
std::optional<double> pixels_of(std::string_view value) {
  const auto number = number_of(value);
  if (!number) return std::nullopt;
  const std::size_t unit = value.find_first_not_of("+-.0123456789");
  const std::string_view behind = unit == std::string_view::npos ? "" : value.substr(unit);
  if (starts_ignoring_case(behind, "em") || starts_ignoring_case(behind, "rem"))
    return *number * 16;
  if (starts_ignoring_case(behind, "pt")) return *number * 4 / 3;
  if (behind.starts_with('%')) return *number * 16 / 100;
  return *number;
}

bool is_zero(std::string_view value) {
  const auto pixels = pixels_of(value);
  return pixels && *pixels <= 0.5 && *pixels > -0.5;
}

// What one style says; some properties hide only together.
struct Declared {
  bool no_box = false;  // no height or width
  bool clipped = false;
  bool placed = false;
  bool far_away = false;
  HtmlStyle* style;

  void take(std::string_view name, std::string_view value);
  void take_size(std::string_view value);
  void take_background(std::string_view value);
};

void Declared::take_size(std::string_view value) {
  const auto pixels = pixels_of(value);
  if (!pixels) return;
  style->tiny = *pixels < readable_pixels;
}

void Declared::take_background(std::string_view value) {
  if (contains_ignoring_case(value, "url(") || contains_ignoring_case(value, "gradient")) {
    style->background = HtmlStyle::picture;
    return;
  }
  for (std::size_t at = 0; at < value.size();) {
    at = value.find_first_not_of(' ', at);
    if (at == std::string_view::npos) return;
    const bool function = starts_ignoring_case(value.substr(at), "rgb");
    const std::size_t end = std::min(value.find(function ? ')' : ' ', at), value.size() - 1) + 1;
    const auto color = parse_color(trim_blanks(value.substr(at, end - at)));
    if (color) style->background = color;
    at = end;
  }
}

void Declared::take(std::string_view name, std::string_view value) {
  const auto is = [&](std::string_view wanted) { return equal_ignoring_case(name, wanted); };
  const auto says = [&](std::string_view wanted) { return starts_ignoring_case(value, wanted); };
  if (is("display")) {
    style->hidden = style->hidden || says("none");
  } else if (is("visibility")) {
    style->hidden = style->hidden || says("hidden") || says("collapse");
  } else if (is("mso-hide")) {
    style->hidden = style->hidden || says("all");
  } else if (is("opacity")) {
    const auto number = number_of(value);
    style->hidden = style->hidden || (number && *number < 0.1);
  } else if (is("font-size")) {
    take_size(value);
  } else if (is("font")) {
    const std::size_t size = value.find_first_of("0123456789.");
    if (size != std::string_view::npos && number_of(value.substr(size)).value_or(100) < 100) {
      take_size(value.substr(size));
    }
  } else if (is("height") || is("max-height") || is("width") || is("max-width")) {
    no_box = no_box || is_zero(value);
  } else if (is("overflow")) {
    clipped = clipped || says("hidden");
  } else if (is("position")) {
    placed = placed || says("absolute") || says("fixed");
  } else if (is("left") || is("top") || is("right") || is("text-indent") || is("margin-left")) {
    const auto pixels = pixels_of(value);
    far_away = far_away || (pixels && *pixels < -400);
    if (is("text-indent") || is("margin-left")) placed = placed || far_away;
  } else if (is("color")) {
    if (says("transparent")) style->hidden = true;
    style->color = parse_color(value);
  } else if (is("background") || is("background-color")) {
    take_background(value);
  }
}

}  // namespace

void HtmlStyle::apply(std::string_view declarations) {
  Declared declared;
  declared.style = this;
  for (std::size_t count = 0; !declarations.empty() && count < declarations_max; ++count) {
    const std::size_t end = std::min(declarations.find(';'), declarations.size());
    const std::string_view one = declarations.substr(0, end);
    declarations.remove_prefix(std::min(end + 1, declarations.size()));
    const std::size_t colon = one.find(':');
    if (colon == std::string_view::npos) continue;
    declared.take(trim_blanks(one.substr(0, colon)), trim_blanks(one.substr(colon + 1)));
  }
  hidden =
      hidden || (declared.no_box && declared.clipped) || (declared.placed && declared.far_away);
}

std::optional<std::uint32_t> parse_color(std::string_view value) {
  value = trim_blanks(value);
  const bool hash = value.starts_with('#');
  if (hash) value.remove_prefix(1);
  if (value.size() > 4 && starts_ignoring_case(value, "rgb")) {
    std::uint32_t color = 0;
    std::size_t at = value.find('(');
    for (int i = 0; i < 3; ++i) {
      if (at == std::string_view::npos) return std::nullopt;
      at = value.find_first_of("0123456789", at);
      if (at == std::string_view::npos) return std::nullopt;
      unsigned part = 0;
      const auto read = std::from_chars(value.data() + at, value.data() + value.size(), part);
      if (read.ec != std::errc{}) return std::nullopt;
      color = color << 8U | std::min(part, 255U);
      at = value.find_first_of(", ", at);
    }
    return color;
  }
  for (const auto& [name, color] : color_names) {
    if (!hash && equal_ignoring_case(value, name)) return color;
  }
  if (value.size() != 3 && value.size() != 6) return std::nullopt;
  std::uint32_t color = 0;
  for (const char c : value) {
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    color = color << 4U | static_cast<std::uint32_t>(digit);
    if (value.size() == 3) color = color << 4U | static_cast<std::uint32_t>(digit);
  }
  return color;
}

bool colors_alike(std::uint32_t a, std::uint32_t b) {
  if (a == HtmlStyle::picture || b == HtmlStyle::picture) return false;
  std::uint32_t distance = 0;
  for (unsigned shift = 0; shift < 24; shift += 8) {
    const auto x = static_cast<int>(a >> shift & 0xFFU);
    const auto y = static_cast<int>(b >> shift & 0xFFU);
    distance += static_cast<std::uint32_t>(x > y ? x - y : y - x);
  }
  return distance <= 24;
}

void HidingRules::read(std::string_view sheet) {
  for (std::size_t at = 0; at < sheet.size() && names_.size() < rules_max;) {
    const std::size_t open = sheet.find('{', at);
    if (open == std::string_view::npos) return;
    const std::string_view selectors = trim_blanks(sheet.substr(at, open - at));
    if (selectors.find('@') != std::string_view::npos) {
      // Over the block and the blocks within it.
      std::size_t depth = 1;
      for (at = open + 1; at < sheet.size() && depth > 0; ++at) {
        depth += sheet[at] == '{';
        depth -= sheet[at] == '}';
      }
      continue;
    }
    const std::size_t close = std::min(sheet.find('}', open), sheet.size());
    HtmlStyle style;
    style.apply(sheet.substr(open + 1, close - open - 1));
    at = close + 1;
    if (!style.hidden && !style.tiny.value_or(false)) continue;
    for (std::size_t begin = 0; begin < selectors.size();) {
      const std::size_t end = std::min(selectors.find(',', begin), selectors.size());
      std::string_view last = trim_blanks(selectors.substr(begin, end - begin));
      begin = end + 1;
      const std::size_t name = last.find_last_of(".#");
      if (name == std::string_view::npos || names_.size() == rules_max) continue;
      last.remove_prefix(name);
      if (last.size() > 1 && last.find_first_of(" >:[+~") == std::string_view::npos) {
        names_.emplace_back(last);
      }
    }
  }
}

bool HidingRules::hide(std::string_view classes, std::string_view id) const {
  if (names_.empty()) return false;
  const auto known = [&](char mark, std::string_view name) {
    return std::ranges::any_of(names_, [&](const std::string& rule) {
      return rule[0] == mark && std::string_view(rule).substr(1) == name;
    });
  };
  if (!id.empty() && known('#', trim_blanks(id))) return true;
  while (!classes.empty()) {
    const std::size_t end = std::min(classes.find_first_of(" \t\n\r"), classes.size());
    if (end != 0 && known('.', classes.substr(0, end))) return true;
    classes.remove_prefix(std::min(end + 1, classes.size()));
  }
  return false;
}

}  // namespace leumund::wire
