// Finds names and addresses in plain small-letter text. Pure functions over byte ranges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.h"

namespace leumund::diagnosis {

struct FoundAddress {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  base::IpAddress address;
};

// Letters, digits and what may stand inside a host name, a mailbox or an IPv6 address.
[[nodiscard]] constexpr bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
         c == ':' || c == '@' || c == '+';
}
// End of a URL that begins at `at`, without the punctuation of the sentence around it.
[[nodiscard]] std::size_t url_end(std::string_view text, std::size_t at);
// `end` moved back over trailing punctuation.
[[nodiscard]] std::size_t trimmed_end(std::string_view text, std::size_t begin, std::size_t end);
// Length of a dotted quad at `begin` whose parts are 0..255 and that no digit continues; 0 if none.
[[nodiscard]] std::size_t ipv4_length(std::string_view text, std::size_t begin, std::size_t end);
// Length of "/24" at `at`; 0 if there is none.
[[nodiscard]] std::size_t prefix_length(std::string_view text, std::size_t at);
// An IPv6 address in [begin, end), also behind "ipv6:" and before a full stop.
[[nodiscard]] std::optional<FoundAddress> find_ipv6(std::string_view text, std::size_t begin,
                                                    std::size_t end);
// The first address, of either family, in [begin, end).
[[nodiscard]] std::optional<base::IpAddress> find_address(std::string_view text, std::size_t begin,
                                                          std::size_t end);
// True for "mx.example.com" but not for "rejected.please", "5.7.1" or "storedrv.deliver.exception".
[[nodiscard]] bool looks_like_host(std::string_view word);
// 192.0.2.1 for 1.2.0.192; other addresses unchanged.
[[nodiscard]] base::IpAddress reversed(const base::IpAddress& address);

}  // namespace leumund::diagnosis
