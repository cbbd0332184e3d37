// What started the list server and waits to hear that it serves: systemd, by NOTIFY_SOCKET.
//
// Connected once: after chroot, where sd_notify would look for the socket's path, it still hears.
#pragma once

#include <string_view>

#include "net/descriptor.h"

namespace leumund::apps {

class ServiceManager {
 public:
  ServiceManager();
  // Somebody waits: stay in the foreground, as rbldnsd does, since what forks is taken for ended.
  [[nodiscard]] bool waits() const { return waits_; }
  void tell(std::string_view state) const;

 private:
  bool waits_ = false;
  net::Descriptor socket_;
};

}  // namespace leumund::apps
