// Asks the running daemon over its Unix socket: the command's side of the HTTP interface.
//
// Time:    a request takes at most `patience`; a followed stream has no end of its own.
// Limits:  an answer of at most 64 MiB, an event of a stream of at most 1 MiB.
// Threads: the caller's; blocking.
// Errors:  unavailable when nobody listens there or it may not be reached, timed_out. A reply with
//          any status is no error: the caller reads it.
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
  [[nodiscard]] base::Result<ApiAnswer> post(std::string_view path, std::string body) const;

  // Calls `on_event(event, data)` for each server-sent event until it returns false (ok) or the
  // daemon goes away (unavailable).
  using OnEvent = std::function<bool(std::string_view event, std::string_view data)>;
  base::Status follow(std::string_view path_and_query, const OnEvent& on_event) const;

 private:
  std::string socket_path_;
  std::chrono::milliseconds patience_;
};

// Takes server-sent events apart as their bytes arrive.
//
// Limits:  an event over 1 MiB ends it; feed() then answers false.
class EventReader {
 public:
  explicit EventReader(ApiClient::OnEvent on_event) : on_event_(std::move(on_event)) {}

  // False when the reader has enough, or the stream is broken.
  bool feed(std::string_view piece);
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  ApiClient::OnEvent on_event_;
  std::string text_;
  bool broken_ = false;
};

}  // namespace leumund::face
