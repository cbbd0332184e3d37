// A crowd of Postfix processes: asks a policy service (or an echo) over many connections at once.
//
// Threads: the caller's only; it belongs on a core of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"

namespace leumund::bench {

// Messages of honest accounts as Postfix asks about them: RCPT for each recipient, then end of
// message, with the attributes of Postfix 3.7. Each message gets an instance of its own.
class RequestSource {
 public:
  struct Shape {
    std::size_t accounts = 50'000;
    std::size_t messages = 50'000;  // different ones, sent in turn
    std::uint64_t seed = 1;
  };
  explicit RequestSource(const Shape& shape);

  // One connection's place in the stream of messages.
  struct Cursor {
    std::size_t message = 0;
    std::size_t step = 0;
    std::uint64_t instance = 0;
  };
  // The next request of this connection; valid until the next call.
  [[nodiscard]] std::string_view next(Cursor& cursor);

 private:
  struct Request {
    std::string text;
    std::size_t instance_at = 0;  // 12 hexadecimal digits
  };
  std::vector<std::vector<Request>> messages_;
  std::size_t next_message_ = 0;
  std::uint64_t instances_ = 0;
};

enum class Reply : std::uint8_t { echo, action };

struct Load {
  net::Endpoint server;
  Reply reply = Reply::action;
  std::size_t connections = 64;
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds span{3000};
  // 0: closed loop, each connection asks again as soon as it is answered. Otherwise requests are
  // due at this rate, evenly, and a latency runs from when a request was due.
  double requests_per_second = 0;
};

struct Measured {
  std::uint64_t requests = 0;
  double seconds = 0;
  std::vector<double> latencies;  // microseconds, sorted; of the time after the warm-up

  [[nodiscard]] double rate() const { return static_cast<double>(requests) / seconds; }
  [[nodiscard]] double percentile(double part) const;
};

[[nodiscard]] base::Result<Measured> run_load(const Load& load, RequestSource& source);

}  // namespace leumund::bench
