#include "net/socket_address.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace leumund::net {

SocketAddress::SocketAddress(const base::IpAddress& address, std::uint16_t port) : SocketAddress() {
  if (address.is_v4()) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    four.sin_addr.s_addr = htonl(address.v4_bits());
    std::memcpy(&six_, &four, sizeof four);
    size_ = sizeof four;
    return;
  }
  six_.sin6_family = AF_INET6;
  six_.sin6_port = htons(port);
  std::copy(address.bytes().begin(), address.bytes().end(), six_.sin6_addr.s6_addr);
}

bool SocketAddress::assign(const sockaddr* address, socklen_t size) {
  if (size > room || (address->sa_family != AF_INET && address->sa_family != AF_INET6)) {
    return false;
  }
  std::memcpy(&six_, address, size);
  size_ = size;
  return true;
}

bool SocketAddress::of_peer(int fd) {
  size_ = room;
  return getpeername(fd, get(), &size_) == 0 && (family() == AF_INET || family() == AF_INET6);
}

bool SocketAddress::of_own(int fd) {
  size_ = room;
  return getsockname(fd, get(), &size_) == 0 && (family() == AF_INET || family() == AF_INET6);
}

base::IpAddress SocketAddress::ip() const {
  if (family() == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &six_, sizeof four);
    return base::IpAddress::v4(ntohl(four.sin_addr.s_addr));
  }
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(six_.sin6_addr.s6_addr, bytes.size(), bytes.begin());
  return base::IpAddress::v6(bytes);
}

bool SocketAddress::is_wildcard() const {
  const base::IpAddress address = ip();
  return std::all_of(address.bytes().begin(), address.bytes().end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

std::string SocketAddress::to_string() const {
  return fmt::format("{}/{}", ip().to_string(), port());
}

}  // namespace leumund::net
