#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace leumund::base {
namespace {

constexpr std::size_t address_text_max = 45;  // INET6_ADDRSTRLEN without its NUL

std::string_view without_decoration(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.size() > 5 && (text.starts_with("IPv6:") || text.starts_with("ipv6:"))) {
    text.remove_prefix(5);
  }
  return text;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  text = without_decoration(text);
  if (text.empty() || text.size() > address_text_max) return std::nullopt;
  char buffer[address_text_max + 1];
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  in_addr four{};
  if (inet_pton(AF_INET, buffer, &four) == 1) return v4(ntohl(four.s_addr));
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET6, buffer, bytes.data()) != 1) return std::nullopt;
  return v6(bytes);
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress result;
  result.bytes_ = bytes;
  static constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), result.bytes_.begin())) {
    return v4(static_cast<std::uint32_t>(result.bytes_[12]) << 24 |
              static_cast<std::uint32_t>(result.bytes_[13]) << 16 |
              static_cast<std::uint32_t>(result.bytes_[14]) << 8 | result.bytes_[15]);
  }
  result.v4_ = false;
  return result;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress result;
  for (unsigned i = 0; i < 4; ++i) {
    result.bytes_[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  }
  return result;
}

std::uint32_t IpAddress::v4_bits() const {
  return static_cast<std::uint32_t>(bytes_[12]) << 24 |
         static_cast<std::uint32_t>(bytes_[13]) << 16 |
         static_cast<std::uint32_t>(bytes_[14]) << 8 | bytes_[15];
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[12] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_private() const {
  if (is_loopback()) return true;
  if (v4_) {
    const std::uint8_t a = bytes_[12];
    const std::uint8_t b = bytes_[13];
    return a == 10 || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168) ||
           (a == 169 && b == 254);
  }
  return (bytes_[0] & 0xfe) == 0xfc || (bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80);
}

std::string IpAddress::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  if (v4_) {
    inet_ntop(AF_INET, bytes_.data() + 12, buffer, sizeof buffer);
  } else {
    inet_ntop(AF_INET6, bytes_.data(), buffer, sizeof buffer);
  }
  return buffer;
}

IpAddress IpAddress::masked(unsigned v4_prefix_bits, unsigned v6_prefix_bits) const {
  IpAddress result = *this;
  const unsigned keep = v4_ ? 96 + std::min(v4_prefix_bits, 32U) : std::min(v6_prefix_bits, 128U);
  for (unsigned bit = keep; bit < 128; ++bit) {
    const unsigned clear = 0x80U >> (bit % 8);
    result.bytes_[bit / 8] = static_cast<std::uint8_t>(result.bytes_[bit / 8] & ~clear);
  }
  return result;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = address->is_v4() ? 32 : 128;
  IpPrefix result{*address, most};
  if (slash == std::string_view::npos) return result;
  const auto digits = text.substr(slash + 1);
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), result.bits);
  if (ec != std::errc() || end != digits.data() + digits.size() || result.bits > most) {
    return std::nullopt;
  }
  result.address = address->masked(result.bits, result.bits);
  return result;
}

bool IpPrefix::contains(const IpAddress& other) const {
  return address.is_v4() == other.is_v4() && other.masked(bits, bits) == address.masked(bits, bits);
}

std::string IpPrefix::to_string() const { return address.to_string() + "/" + std::to_string(bits); }

}  // namespace leumund::base
