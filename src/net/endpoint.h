// Where a service listens or is reached: a TCP port or a Unix socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leumund::net {

struct Endpoint {
  std::string path;  // of a Unix socket; "" for TCP
  std::string host;  // address or name, without brackets
  std::uint16_t port = 0;

  [[nodiscard]] static Endpoint tcp(std::string host, std::uint16_t port);
  [[nodiscard]] static Endpoint unix_socket(std::string path);

  // "127.0.0.1:10040", "[::1]:10040", "mail.example:25", "/run/x.sock", each also with Postfix's
  // "inet:" or "unix:" before it. Errors: malformed names the text.
  [[nodiscard]] static base::Result<Endpoint> parse(std::string_view text);

  [[nodiscard]] bool is_unix() const { return !path.empty(); }
  [[nodiscard]] std::string to_string() const;  // "inet:127.0.0.1:10040", "unix:/run/x.sock"

  bool operator==(const Endpoint&) const = default;
};

}  // namespace leumund::net
