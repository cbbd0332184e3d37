// Answers HTTP on a TCP port or Unix socket: routes to handlers, with every size and time bounded.
//
// Flow:    accept thread -> whole requests, bounded queue -> worker thread -> route -> handler ->
//          response. One request a connection. A worker gets what is here in whole, so that no
//          client holds one by saying nothing or half; uploads (chunked, over 256 KiB) are read by
//          two threads of their own. See http_arrivals.h.
// Time:    `header_time` for a header, `request_time` for a whole request, `write_time` for each
//          piece of the response.
// Limits:  HttpOptions; path 2 KiB, header 64 KiB. Too large is 413, too long a path 414. When
//          `waiting_max` requests wait for a worker, or `streams_max` streams run, the next gets
//          503. When `arriving_max` connections are without a whole request, the oldest ends.
// Threads: handlers run on the workers, several at once, and may block; the rest from any thread.
// Errors:  a handler that throws is answered 500, logged and counted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"
#include "net/socket.h"

namespace leumund::net {

struct HttpRequest {
  std::string method;
  std::string path;  // decoded, without the query
  std::map<std::string, std::string>
      params;  // from the path's {name} and the query; the last counts
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // unpacked
  std::string remote;                          // address, or "unix"

  // "" when it is missing.
  [[nodiscard]] std::string_view param(const std::string& name) const;
  [[nodiscard]] std::string_view header(const std::string& name) const;
};

// Appends what is new to `chunk`, waiting at most `patience` for it; false ends the response.
// It is asked until the client leaves or the server stops.
using HttpStream = std::function<bool(std::string& chunk, std::chrono::milliseconds patience)>;

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  HttpStream stream;  // instead of `body`

  // {"error":"MESSAGE"}
  [[nodiscard]] static HttpResponse failure(int status, std::string_view message);
};

struct HttpRoute {
  std::string method;
  // "/v1/subjects/{name}": {name} is one segment, "{name...}" at the end is all that is left.
  std::string pattern;
  std::function<void(const HttpRequest&, HttpResponse&)> handler;
  std::size_t body_max = 1024 * 1024;
};

struct HttpOptions {
  Endpoint listen;
  UnixAccess unix_access = {};
  std::size_t threads = 8;
  std::size_t streams_max = 4;  // less than `threads`: each holds one
  std::size_t waiting_max = 128;
  std::size_t arriving_max = 256;
  std::size_t of_one_address_max = 32;  // of these; not of this host, IPv6: of a /64
  std::chrono::milliseconds header_time{5'000};
  std::chrono::milliseconds request_time{15'000};
  std::chrono::milliseconds write_time{15'000};
};

struct HttpCounters {
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // no worker or stream was free
  std::uint64_t failed = 0;   // the handler threw
  std::uint64_t streams = 0;  // now
};

class HttpServer {
 public:
  // Serves until stop() or the end.
  [[nodiscard]] static base::Result<std::unique_ptr<HttpServer>> open(
      HttpOptions options, std::vector<HttpRoute> routes);
  ~HttpServer();

  // Accepts no more, lets running handlers finish and ends the streams. Not from a handler.
  void stop();

  [[nodiscard]] const Endpoint& bound() const;
  [[nodiscard]] HttpCounters counters() const;

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace leumund::net
