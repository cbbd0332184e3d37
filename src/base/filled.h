// Texts with values in them, in any language.
//
// "{}" and "{*}" take the next value, "{,}" takes it with a decimal comma where it is a decimal
// number. "<one|many>" is the first if the value before it is 1, else the second. A value that is
// missing reads as "".
#pragma once

#include <fmt/core.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::base {

[[nodiscard]] std::string filled(std::string_view text, std::span<const std::string> values);

template <typename... Args>
[[nodiscard]] std::string fill(std::string_view text, const Args&... args) {
  const std::array<std::string, sizeof...(args)> values = {fmt::format("{}", args)...};
  return filled(text, values);
}

// The text with each "<one|many>" decided in every way: what it can read as before its values are
// known. More than `forms_max` choices are left as they are.
inline constexpr std::size_t forms_max = 4;
[[nodiscard]] std::vector<std::string> all_forms(std::string_view text);

// "3.25" as "3,25"; what is no decimal number stays.
[[nodiscard]] std::string with_comma(std::string number);

}  // namespace leumund::base
