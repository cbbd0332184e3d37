#include "config/listen_address.h"

#include <fmt/core.h>

#include <charconv>

namespace leumund::config {
namespace {

// sockaddr_un holds 108 bytes with the closing zero.
constexpr std::size_t unix_path_bytes_max = 107;

base::Error bad(std::string_view text, std::string_view why) {
  return {
      base::ErrorCode::malformed,
      fmt::format("'{}' {}; write inet:127.0.0.1:10040 or unix:/path", text.substr(0, 128), why)};
}

}  // namespace

std::string ListenAddress::to_string() const {
  if (is_unix()) return "unix:" + path;
  if (address.is_v4()) return fmt::format("inet:{}:{}", address.to_string(), port);
  return fmt::format("inet:[{}]:{}", address.to_string(), port);
}

base::Result<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress result;
  std::string_view rest = text;
  if (rest.starts_with("unix:")) {
    rest.remove_prefix(5);
    if (!rest.starts_with('/')) return bad(text, "has no absolute path");
    if (rest.size() > unix_path_bytes_max) return bad(text, "has a path over 107 bytes");
    result.path = rest;
    return result;
  }
  if (rest.starts_with("inet:")) rest.remove_prefix(5);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return bad(text, "has no port");
  const std::string_view host = rest.substr(0, colon);
  const std::string_view port = rest.substr(colon + 1);
  if (host.contains(':') && !host.starts_with('[')) {
    return bad(text, "needs brackets around its IPv6 address");
  }
  const auto address = base::IpAddress::parse(host == "localhost" ? "127.0.0.1" : host);
  if (!address) return bad(text, "names no IP address");
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), result.port);
  if (ec != std::errc() || end != port.data() + port.size() || result.port == 0) {
    return bad(text, "has no port between 1 and 65535");
  }
  result.address = *address;
  return result;
}

}  // namespace leumund::config
