// Where a service listens or is reached: "inet:127.0.0.1:10040", "inet:[::1]:10040", "unix:/path".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace leumund::config {

struct ListenAddress {
  std::string path;         // of a Unix socket; "" for inet
  base::IpAddress address;  // of inet
  std::uint16_t port = 0;

  [[nodiscard]] bool is_unix() const { return !path.empty(); }
  [[nodiscard]] std::string to_string() const;
};

// Errors: malformed names the text and the forms that are known. Names are not looked up: an
// address is an IP address or "localhost". "inet:" may be missing.
[[nodiscard]] base::Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace leumund::config
