// An address and port as the socket calls take them, IPv4 or IPv6.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/ip_address.h"

namespace leumund::net {

class SocketAddress {
 public:
  SocketAddress() : six_{}, size_(sizeof six_) {}
  SocketAddress(const base::IpAddress& address, std::uint16_t port);

  // What a system call gave; false when it is neither IPv4 nor IPv6.
  [[nodiscard]] bool assign(const sockaddr* address, socklen_t size);
  // Of the other end of a connected socket; false when it is neither IPv4 nor IPv6.
  [[nodiscard]] bool of_peer(int fd);
  // Of our end, with the port that the system chose.
  [[nodiscard]] bool of_own(int fd);

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&six_); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&six_); }
  [[nodiscard]] socklen_t size() const { return size_; }
  static constexpr socklen_t room = sizeof(sockaddr_in6);

  [[nodiscard]] int family() const { return six_.sin6_family; }
  [[nodiscard]] base::IpAddress ip() const;
  [[nodiscard]] std::uint16_t port() const { return ntohs(six_.sin6_port); }  // at the same place
  [[nodiscard]] bool is_wildcard() const;
  [[nodiscard]] std::string to_string() const;  // "192.0.2.1/53", "2001:db8::1/53", as rbldnsd

 private:
  sockaddr_in6 six_;  // the larger of the two
  socklen_t size_;
};

}  // namespace leumund::net
