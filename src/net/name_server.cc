#include "net/name_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <fstream>

#include "base/check.h"

namespace leumund::net {
namespace {

// A port that is free for TCP and, a moment later most likely still, for UDP.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace

NameServer::NameServer(const std::vector<std::pair<std::string, std::string>>& zones)
    : port_(free_port()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "leumund_nsd_XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  const std::string folder = folder_.string();
  std::ofstream conf(folder + "/nsd.conf");
  conf << "server:\n  ip-address: 127.0.0.1\n  port: " << port_
       << "\n  username: \"\"\n  chroot: \"\"\n  server-count: 1\n  database: \"\"\n  zonesdir: \""
       << folder << "\"\n  logfile: \"" << folder << "/log\"\n  pidfile: \"" << folder
       << "/pid\"\n  xfrdfile: \"" << folder << "/xfrd\"\n  zonelistfile: \"" << folder
       << "/zones\"\nremote-control:\n  control-enable: no\n";
  int number = 0;
  for (const auto& [zone, text] : zones) {
    const std::string file = "zone" + std::to_string(++number);
    conf << "zone:\n  name: \"" << zone << "\"\n  zonefile: \"" << file << "\"\n";
    std::ofstream(folder + "/" + file) << "$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n"
                                       << "@ IN NS ns\nns IN A 127.0.0.1\n"
                                       << text;
  }
  conf.close();
  child_ = ::fork();
  if (child_ == 0) {
    execl(program, "nsd", "-d", "-c", (folder + "/nsd.conf").c_str(), nullptr);
    _exit(127);
  }
}

NameServer::~NameServer() {
  ::kill(child_, SIGTERM);
  ::waitpid(child_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string NameServer::stub(const std::string& zone) const {
  return zone + "=127.0.0.1@" + std::to_string(port_);
}

}  // namespace leumund::net
