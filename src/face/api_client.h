// Asks the running daemon over its Unix socket: the command's side of the HTTP interface.
//
// Time:    a request takes at most `patience`; a followed stream has no end of its own.
// Limits:  an answer of at most 64 MiB, a stream line of at most 1 MiB.
// Threads: the caller's; blocking.
// Errors:  unavailable when nobody listens there, refused without the right to, timed_out. A reply
//          with any status is no error: the caller reads it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leumund::face {

struct ApiAnswer {
  int status = 0;
  std::string body;
};

class ApiClient {
 public:
  ApiClient(std::string socket_path, std::chrono::milliseconds patience)
      : socket_path_(std::move(socket_path)), patience_(patience) {}

  [[nodiscard]] base::Result<ApiAnswer> get(std::string_view path_and_query) const;
  [[nodiscard]] base::Result<ApiAnswer> post(std::string_view path, std::string_view body) const;

  // Follows server-sent events: calls `on_item(event, data)` for each and `on_item("", "")` at least
  // once a `beat`; ends when that returns false (then ok) or the daemon goes away (unavailable).
  base::Status follow(std::string_view path_and_query, std::chrono::milliseconds beat,
                      const std::function<bool(std::string_view event, std::string_view data)>& on_item) const;

 private:
  std::string socket_path_;
  std::chrono::milliseconds patience_;
};

// "a@c.test" -> "a%40c.test"
[[nodiscard]] std::string url_encode(std::string_view text);

}  // namespace leumund::face
