// The command line of `leumundd dnsbl`, which is rbldnsd's.
//
// Errors: a sentence that names the option; an option of rbldnsd that we do not have is named and
//         says what to do instead, so that nobody switches and silently lacks something.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "face/dns_list_server.h"
#include "face/list_zone_store.h"

namespace leumund::apps {

struct DnsblOptions {
  bool help = false;
  std::string user;                 // "name[:group]"
  std::string root;                 // chroot
  std::string folder;               // working directory
  std::vector<std::string> listen;  // "address/port"
  int family = 0;                   // 4 or 6; 0 both
  bool daemon = true;
  bool quick = false;
  std::string pid_file;
  std::string log_file;
  bool log_flush = false;
  std::string stats_file;
  bool stats_delta = false;
  std::uint32_t check_seconds = 60;
  std::size_t threads = 0;  // 0: one for each core
  bool tcp = true;
  std::string version;
  face::ZoneStoreOptions zones;
  listing::ResponseLimitSettings limit;
  std::vector<std::string> specs;  // "zone:type:file,file"
};

// `argv` as main has it, without the word "dnsbl".
[[nodiscard]] base::Result<DnsblOptions> parse_dnsbl(const std::vector<std::string>& arguments,
                                                     std::size_t cores);
[[nodiscard]] std::string dnsbl_help();

// The sockets that "-b address/port" means; a name may have several.
[[nodiscard]] base::Result<std::vector<net::SocketAddress>> dnsbl_addresses(
    const DnsblOptions& options);

}  // namespace leumund::apps
