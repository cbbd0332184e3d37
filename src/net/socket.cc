#include "net/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace leumund::net {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t path_max = 100;  // sun_path has 108; the rest is for the temporary name

Error system_error(std::string_view doing, const Endpoint& where, int number = errno) {
  return {ErrorCode::unavailable,
          fmt::format("cannot {} {}: {}", doing, where.to_string(), std::strerror(number))};
}

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

base::Result<AddressList> resolve(const Endpoint& where, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found);
  if (error != 0) {
    return Error{(flags & AI_NUMERICHOST) != 0 ? ErrorCode::malformed : ErrorCode::unavailable,
                 fmt::format("cannot find {}: {}", where.to_string(), gai_strerror(error))};
  }
  return AddressList(found, &freeaddrinfo);
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

base::Status fits(const Endpoint& where) {
  if (where.path.size() > path_max || where.path.find('\0') != std::string::npos) {
    return Error{ErrorCode::too_large, fmt::format("socket path {} is over the limit of {} bytes",
                                                   where.path.substr(0, path_max), path_max)};
  }
  return {};
}

// Whether the name may be taken: nothing there, or the socket of a process that is gone.
base::Status check_free(const Endpoint& where) {
  struct stat info{};
  if (lstat(where.path.c_str(), &info) != 0) {
    return errno == ENOENT ? base::Status{} : base::Status{system_error("look at", where)};
  }
  if (!S_ISSOCK(info.st_mode)) {
    return Error{ErrorCode::refused,
                 fmt::format("{} exists and is not a socket; it is left alone", where.path)};
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = unix_address(where.path);
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN) {
    return Error{ErrorCode::refused,
                 fmt::format("another process already serves {}", where.to_string())};
  }
  return {};
}

base::Status set_access(const std::string& path, const UnixAccess& access, const Endpoint& where) {
  if (!access.group.empty()) {
    std::vector<char> buffer(64 * 1024);
    group entry{};
    group* found = nullptr;
    getgrnam_r(access.group.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
      return Error{ErrorCode::unavailable,
                   fmt::format("there is no group \"{}\" for {}", access.group, where.to_string())};
    }
    if (chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) {
      return system_error("give the group to", where);
    }
  }
  if (chmod(path.c_str(), access.mode) != 0) return system_error("set the mode of", where);
  return {};
}

base::Result<Descriptor> connect_address(const sockaddr* address, socklen_t size, int family,
                                         Deadline deadline, const Endpoint& where) {
  Descriptor fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return system_error("open a socket for", where);
  if (connect(fd.get(), address, size) != 0) {
    if (errno != EINPROGRESS) return system_error("connect to", where);
    if (auto ready = wait_ready(fd.get(), POLLOUT, deadline, "connect to " + where.to_string());
        !ready) {
      return ready.error();
    }
    int error = 0;
    socklen_t error_size = sizeof error;
    getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error != 0) return system_error("connect to", where, error);
  }
  const int on = 1;
  if (family != AF_UNIX) setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

base::Status wait_ready(int fd, short events, Deadline deadline, const std::string& what) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd one{.fd = fd, .events = events, .revents = 0};
    const int ready = poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return {};
    if (ready == 0) return Error{ErrorCode::timed_out, "no answer in time: " + what};
    if (errno != EINTR) return Error{ErrorCode::unavailable, what + ": " + std::strerror(errno)};
  }
}

base::Result<ListeningSocket> ListeningSocket::open(const Endpoint& where, const UnixAccess& access,
                                                    int backlog) {
  return where.is_unix() ? open_unix(where, access, backlog) : open_tcp(where, backlog);
}

base::Result<ListeningSocket> ListeningSocket::open_tcp(const Endpoint& where, int backlog) {
  Endpoint numeric = where;
  if (numeric.host == "localhost") numeric.host = "127.0.0.1";
  auto found = resolve(numeric, AI_NUMERICHOST | AI_NUMERICSERV);
  if (!found) return found.error();
  const addrinfo& address = *found.value();
  ListeningSocket out;
  out.descriptor_ =
      Descriptor(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = out.fd();
  if (fd < 0) return system_error("open a socket for", where);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, address.ai_addr, address.ai_addrlen) != 0) return system_error("bind", where);
  if (::listen(fd, backlog) != 0) return system_error("listen on", where);
  sockaddr_in6 name{};  // large enough for both families, the port stands at the same place
  socklen_t size = sizeof name;
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  out.bound_ = Endpoint::tcp(numeric.host, ntohs(name.sin6_port));
  return out;
}

base::Result<ListeningSocket> ListeningSocket::open_unix(const Endpoint& where,
                                                         const UnixAccess& access, int backlog) {
  if (auto good = fits(where); !good) return good.error();
  if (auto free_name = check_free(where); !free_name) return free_name.error();
  ListeningSocket out;
  out.descriptor_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out.descriptor_.open()) return system_error("open a socket for", where);
  // Under a temporary name until mode and group are right and it listens: nobody can connect before
  // that, and there is no moment without a socket when an old one is replaced.
  const std::string temporary = where.path + ".new";
  ::unlink(temporary.c_str());
  const sockaddr_un address = unix_address(temporary);
  if (bind(out.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error("bind", where);
  }
  base::Status ready = set_access(temporary, access, where);
  if (ready && ::listen(out.fd(), backlog) != 0) ready = system_error("listen on", where);
  struct stat info{};
  if (ready && lstat(temporary.c_str(), &info) != 0) ready = system_error("look at", where);
  if (ready && std::rename(temporary.c_str(), where.path.c_str()) != 0) {
    ready = system_error("put into place", where);
  }
  if (!ready) {
    ::unlink(temporary.c_str());
    return ready.error();
  }
  out.bound_ = where;
  out.device_ = info.st_dev;
  out.inode_ = info.st_ino;
  return out;
}

void ListeningSocket::close() {
  if (!descriptor_.open()) return;
  descriptor_.reset();
  struct stat info{};
  // Another process may have put its own socket there meanwhile.
  if (bound_.is_unix() && lstat(bound_.path.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(bound_.path.c_str());
  }
}

ListeningSocket::~ListeningSocket() { close(); }

base::Result<Descriptor> connect_to(const Endpoint& where, Deadline deadline) {
  if (where.is_unix()) {
    if (auto good = fits(where); !good) return good.error();
    const sockaddr_un address = unix_address(where.path);
    return connect_address(reinterpret_cast<const sockaddr*>(&address), sizeof address, AF_UNIX,
                           deadline, where);
  }
  auto found = resolve(where, 0);
  if (!found) return found.error();
  Error last{ErrorCode::unavailable, "cannot find " + where.to_string()};
  for (const addrinfo* at = found->get(); at != nullptr; at = at->ai_next) {
    auto fd = connect_address(at->ai_addr, at->ai_addrlen, at->ai_family, deadline, where);
    if (fd) return fd;
    last = fd.error();
  }
  return last;
}

}  // namespace leumund::net
