// One IPv4 or IPv6 address, and prefixes of them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leumund::base {

// A plain value. An IPv4 address mapped into IPv6 (::ffff:a.b.c.d) parses as the IPv4 address.
class IpAddress {
 public:
  IpAddress() = default;

  // "192.0.2.1", "2001:db8::1", with or without square brackets or Postfix's "IPv6:" prefix;
  // nothing else (no zone, no port).
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] static IpAddress v4(std::uint32_t host_order);
  // Sixteen bytes as the wire has them; a mapped IPv4 address becomes that.
  [[nodiscard]] static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);

  [[nodiscard]] bool is_v4() const { return v4_; }
  [[nodiscard]] bool is_loopback() const;
  // Addresses that no stranger on the Internet has: loopback, RFC 1918, ULA, link-local.
  [[nodiscard]] bool is_private() const;
  // For IPv4 the last four bytes are used.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t v4_bits() const;
  [[nodiscard]] std::string to_string() const;

  // The first `v4_bits` or `v6_bits` bits, the rest zero: the network around an address.
  [[nodiscard]] IpAddress masked(unsigned v4_prefix_bits, unsigned v6_prefix_bits) const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  bool v4_ = true;
};

struct IpPrefix {
  IpAddress address;
  unsigned bits = 0;

  // "192.0.2.0/24", "2001:db8::/32", or a bare address.
  [[nodiscard]] static std::optional<IpPrefix> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& other) const;
  [[nodiscard]] std::string to_string() const;
};

}  // namespace leumund::base
