// What each character of base64 stands for (RFC 4648, section 4): 0 to 63, or -1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leumund::wire {

inline constexpr auto base64_values = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}();

}  // namespace leumund::wire
