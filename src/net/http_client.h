// Asks an HTTP server one question: over TCP, TLS or a Unix socket. For webhooks and for `leumund`.
//
// Time:    `connect_time` to reach it, `silence` between two pieces, `total` for all of it.
// Limits:  a reply over `reply_max` is an error, not a truncated body. Redirects are not followed:
// a
//          webhook's secret must not travel to where somebody else points.
// Threads: any; blocks, so never on an event loop.
// Errors:  malformed (address, header), unavailable (not reached, certificate), timed_out,
// too_large.
//          Any status of the server is a reply.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace leumund::net {

struct HttpCall {
  std::string server;  // "http://HOST[:PORT]", "https://HOST[:PORT]" or "unix:/PATH"
  std::string method = "GET";
  std::string target = "/";  // path and query, encoded
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::string content_type = "application/json";
  std::chrono::milliseconds connect_time{5'000};
  std::chrono::milliseconds silence{10'000};
  std::chrono::milliseconds total{30'000};  // not for `on_piece`, which may go on for days
  std::size_t reply_max = 16 * 1024 * 1024;
  std::string ca_file = {};  // PEM; "" takes the system's
  // Gets the body of a 2xx reply piece by piece instead of HttpReply::body; false ends the call.
  std::function<bool(std::string_view piece)> on_piece = {};
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

[[nodiscard]] base::Result<HttpReply> http_call(const HttpCall& call);

// "https://hooks.example/a?b" -> {"https://hooks.example", "/a?b"}. Errors: malformed.
[[nodiscard]] base::Result<std::pair<std::string, std::string>> split_url(std::string_view url);

// For a path segment or query value: everything but letters, digits and "-._~" as %XX.
[[nodiscard]] std::string url_encode(std::string_view text);

}  // namespace leumund::net
