#include "net/endpoint.h"

#include <fmt/format.h>

#include <charconv>

namespace leumund::net {
namespace {

base::Error malformed(std::string_view text) {
  return {base::ErrorCode::malformed,
          fmt::format("\"{}\" is not an address: wanted HOST:PORT, [V6]:PORT or /PATH",
                      text.substr(0, 200))};
}

}  // namespace

Endpoint Endpoint::tcp(std::string host, std::uint16_t port) { return {"", std::move(host), port}; }

Endpoint Endpoint::unix_socket(std::string path) { return {std::move(path), "", 0}; }

base::Result<Endpoint> Endpoint::parse(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with("unix:")) {
    rest.remove_prefix(5);
    if (rest.empty()) return malformed(text);
    return unix_socket(std::string(rest));
  }
  if (rest.starts_with("/")) return unix_socket(std::string(rest));
  if (rest.starts_with("inet:")) rest.remove_prefix(5);
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return malformed(text);
  std::string_view host = rest.substr(0, colon);
  const std::string_view port_text = rest.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return malformed(text);  // where a bare IPv6 address ends and the port begins is a guess
  }
  std::uint16_t port = 0;
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || end != port_text.data() + port_text.size()) return malformed(text);
  return tcp(std::string(host), port);
}

std::string Endpoint::to_string() const {
  if (is_unix()) return "unix:" + path;
  return host.find(':') == std::string::npos ? fmt::format("inet:{}:{}", host, port)
                                             : fmt::format("inet:[{}]:{}", host, port);
}

}  // namespace leumund::net
