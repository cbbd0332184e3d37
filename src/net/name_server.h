// A real name server (nsd) on loopback for tests, with the zone that the test writes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace leumund::net {

class NameServer {
 public:
  // Zones as pairs of name and zone file text.
  explicit NameServer(const std::vector<std::pair<std::string, std::string>>& zones);
  ~NameServer();
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  static constexpr const char* program = "/usr/sbin/nsd";  // of the package nsd
  // "ZONE=127.0.0.1@PORT", as ResolverOptions::stub_zones takes it.
  [[nodiscard]] std::string stub(const std::string& zone) const;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t child_ = -1;
};

}  // namespace leumund::net
