// Opens sockets: listening ones that leave nothing behind, and connections with a time-out.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/descriptor.h"
#include "net/endpoint.h"

namespace leumund::net {

// Who may connect to a Unix socket.
struct UnixAccess {
  std::uint32_t mode = 0660;
  std::string group = {};  // name; "" keeps the process's own
};

// A socket that listens, non-blocking. A Unix socket appears under its name with its final mode and
// replaces a stale one of a process that is gone; its file is removed at the end if it is still
// ours.
//
// Errors: refused when another process serves that socket or the path is no socket; too_large for a
//         path over 100 bytes; malformed for a host that is no IP address; unavailable otherwise.
class ListeningSocket {
 public:
  [[nodiscard]] static base::Result<ListeningSocket> open(const Endpoint& where,
                                                          const UnixAccess& access = {},
                                                          int backlog = 1024);
  ListeningSocket(ListeningSocket&& other) noexcept = default;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  [[nodiscard]] int fd() const { return descriptor_.get(); }
  [[nodiscard]] const Endpoint& bound() const { return bound_; }  // with the port for port 0
  // Stops listening now; the file of a Unix socket goes with it.
  void close();

 private:
  ListeningSocket() = default;
  static base::Result<ListeningSocket> open_tcp(const Endpoint& where, int backlog);
  static base::Result<ListeningSocket> open_unix(const Endpoint& where, const UnixAccess& access,
                                                 int backlog);
  Descriptor descriptor_;
  Endpoint bound_;
  dev_t device_ = 0;  // of the socket file
  ino_t inode_ = 0;
};

using Deadline = std::chrono::steady_clock::time_point;

// Connects, non-blocking afterwards. Names are looked up by the system's resolver, which may block
// longer than the deadline: not for a thread that answers mail.
[[nodiscard]] base::Result<Descriptor> connect_to(const Endpoint& where, Deadline deadline);

// Waits until `fd` is ready for `events` (POLLIN, POLLOUT); timed_out names `what`.
[[nodiscard]] base::Status wait_ready(int fd, short events, Deadline deadline,
                                      const std::string& what);

}  // namespace leumund::net
