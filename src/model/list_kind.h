// What a DNS list of ours lists.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace leumund::model {

enum class ListKind : std::uint8_t {
  addresses,  // 7.113.0.203.bl.example.org
  domains,    // spam.example.dbl.example.org, and everything below it
  sha1,       // mail addresses and accounts: <40 hexadecimal digits>.ebl.example.org
  sha256,     // the same: <52 letters and digits of base32>.ebl.example.org
};

inline constexpr std::array<std::string_view, 4> list_kind_names = {"addresses", "domains", "sha1",
                                                                    "sha256"};

[[nodiscard]] constexpr std::string_view list_kind_name(ListKind kind) {
  return list_kind_names[static_cast<std::size_t>(kind)];
}

[[nodiscard]] constexpr std::optional<ListKind> parse_list_kind(std::string_view text) {
  for (std::size_t i = 0; i < list_kind_names.size(); ++i) {
    if (list_kind_names[i] == text) return static_cast<ListKind>(i);
  }
  return std::nullopt;
}

}  // namespace leumund::model
