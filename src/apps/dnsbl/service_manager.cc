#include "apps/dnsbl/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/log.h"

namespace leumund::apps {

using base::LogLevel;

ServiceManager::ServiceManager() {
  const char* const named = std::getenv("NOTIFY_SOCKET");
  if (named == nullptr || *named == '\0') return;
  waits_ = true;
  const std::string path = named;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    base::log(LogLevel::warn, "event=not_notified socket={} error=too_long", path);
    return;
  }
  std::memcpy(static_cast<char*>(address.sun_path), path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';  // no file: Linux's abstract names
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  socket_ = net::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // The kernel's interface: every socket address is passed as a sockaddr.
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    base::log(LogLevel::warn, "event=not_notified socket={} error={}", path, std::strerror(errno));
    socket_ = {};
  }
}

void ServiceManager::tell(std::string_view state) const {
  if (!socket_.open()) return;
  if (::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL) < 0) {
    base::log(LogLevel::warn, "event=not_notified state={} error={}", state, std::strerror(errno));
  }
}

}  // namespace leumund::apps
