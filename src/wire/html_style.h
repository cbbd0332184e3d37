// Whether a style hides what it applies to.
//
// Limits:  64 hiding rules of a mail's own <style>; rules within @media and the like are not read,
//          as they hold for some screens only.
// Errors:  none: declarations that make no sense are skipped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::wire {

struct HtmlStyle {
  bool hidden = false;
  std::optional<bool> tiny;            // the letters; an element within may be larger
  std::optional<std::uint32_t> color;  // 0xRRGGBB
  std::optional<std::uint32_t> background;

  static constexpr std::uint32_t picture = 0xFF000000U;  // a background that is no colour

  // "color: white; font-size: 0" over what is already known.
  void apply(std::string_view declarations);
};

// "#fff", "#ffffff", "white", "rgb(255, 255, 255)".
[[nodiscard]] std::optional<std::uint32_t> parse_color(std::string_view value);

// So alike that nobody reads the one on the other.
[[nodiscard]] bool colors_alike(std::uint32_t a, std::uint32_t b);

class HidingRules {
 public:
  void clear() { names_.clear(); }
  // The content of a <style> element.
  void read(std::string_view sheet);
  // `classes` as the attribute has them, separated by blanks.
  [[nodiscard]] bool hide(std::string_view classes, std::string_view id) const;

 private:
  std::vector<std::string> names_;  // ".class" or "#id"
};

}  // namespace leumund::wire
