// Addresses, ranges and prefixes as rbldnsd's zone files spell them: with octets left out.
//
// Threads: pure. Errors: nothing for what is no address; `text` then stands anywhere. On success
// it stands behind what was read.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leumund::wire {

using Bytes16 = std::array<std::uint8_t, 16>;

struct ZoneRange4 {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  unsigned bits = 32;  // of the network that `first` must begin; 32 for "a-b"
};

struct ZonePrefix4 {
  std::uint32_t address = 0;
  unsigned bits = 0;
};

struct ZonePrefix6 {
  Bytes16 address{};
  unsigned bits = 0;
};

// The first `bits` bits.
[[nodiscard]] constexpr std::uint32_t mask4(unsigned bits) {
  return bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
}
[[nodiscard]] Bytes16 masked6(const Bytes16& address, unsigned bits);

// "127", "127.0.0", "127.0.0.1": the octets given, and 8 bits for each.
[[nodiscard]] std::optional<ZonePrefix4> read_octets4(std::string_view& text);
// Octets, or octets with "/bits"; a lone number needs its bits.
[[nodiscard]] std::optional<ZonePrefix4> read_prefix4(std::string_view& text);
// The same, or "127.0.0.1-127.0.0.9", "127.16-31", "127.0.0.1-9".
[[nodiscard]] std::optional<ZoneRange4> read_range4(std::string_view& text);
// A value: "127.0.0.2", "2" for the last octet, "127.2" for the first and the last.
[[nodiscard]] std::optional<ZonePrefix4> read_value4(std::string_view& text);

// "2001:db8:0:1" (64 bits: a group is 16), "2001:db8::1" (128).
[[nodiscard]] std::optional<ZonePrefix6> read_groups6(std::string_view& text);
// The same, or with "/bits".
[[nodiscard]] std::optional<ZonePrefix6> read_prefix6(std::string_view& text);

[[nodiscard]] std::string text4(std::uint32_t address);
[[nodiscard]] std::string text6(const Bytes16& address);

}  // namespace leumund::wire
