// Takes HTTP connections in and lets them go, so that no worker ever waits for a client.
//
// Flow:    accept -> bytes until the request is whole -> Deliver -> worker; leave() -> until the
//          client has gone too.
// Time:    `header_time` from the connection to the end of its header, `request_time` to the end of
//          its body; half a second to leave.
// Limits:  `arriving_max` connections, `of_one_address_max` of one address that is not this host
//          (where a web server speaks for many); one more takes the place of the oldest. A body of
//          256 KiB is waited for here; of what is larger or chunked only the header.
// Threads: run() on one; leave() from any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/ip_address.h"
#include "net/descriptor.h"
#include "net/http_server.h"
#include "net/socket.h"

namespace leumund::net {

constexpr std::size_t http_header_bytes_max = 64 * 1024;
constexpr std::size_t http_waited_body_max = 256 * 1024;

struct HttpArrival {
  Descriptor fd;
  std::string bytes;
  bool whole = false;  // no more is to be read
};

// Of the body that belongs to a header; nothing: the header does not say, it is larger than
// http_waited_body_max, or the client waits for a word before it sends it.
[[nodiscard]] std::optional<std::size_t> foretold_body(std::string_view header);

class HttpArrivals {
 public:
  // On the thread of run().
  using Deliver = std::function<void(HttpArrival)>;

  HttpArrivals(const HttpOptions& options, const Endpoint& bound, int listening, Deliver deliver);

  void run(const std::atomic<bool>& stopping);
  // The answer is sent.
  void leave(Descriptor fd);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Guest {
    Descriptor fd;                             // closed: to be forgotten
    std::optional<base::IpAddress> from = {};  // not of this host
    Time came_at;
    Time deadline;
    std::string bytes = {};
    std::optional<std::size_t> wanted = {};  // bytes of the whole request, once the header is here
    bool leaving = false;
    std::size_t discarded = 0;
  };

  void take_leaving();
  void accept_some();
  [[nodiscard]] bool accept_one();
  void make_room(const std::optional<base::IpAddress>& from);
  void displace(Guest& guest);
  void read(Guest& guest);
  void discard(Guest& guest);
  void take(Guest& guest, std::size_t searched);
  void deliver(Guest& guest, bool whole);

  const HttpOptions& options_;
  const Endpoint& bound_;
  const int listening_;
  const Deliver deliver_;
  const Descriptor wake_;
  base::Guarded<std::vector<Descriptor>> leaving_;
  std::vector<Guest> guests_;  // the oldest first
  std::size_t displaced_ = 0;
  Time displaced_said_at_;
  std::string scratch_;
};

}  // namespace leumund::net
