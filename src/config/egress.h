// One of our outgoing addresses, as the option `egresses` spells it:
//
//   "out1 address=192.0.2.25 address=2001:db8::25 helo=mail.example.org syslog_name=postfix/out1"
//
// Only the name is needed; syslog_name is "postfix/NAME" unless told.
// Errors: what is wrong with the text, and what was wanted.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace leumund::config {

struct Egress {
  std::string name;  // small letters, digits, "-" and "_"
  std::vector<base::IpAddress> addresses;
  std::string helo;  // "" leaves Postfix's own
  std::string syslog_name;
};

// What mail without a transport of its own leaves by. As an egress it names its address and HELO;
// nothing is made for it in Postfix.
inline constexpr std::string_view usual_egress = "default";

[[nodiscard]] base::Result<Egress> parse_egress(std::string_view text);

// An address of ours, as `egresses` or `watch.addresses` names it.
struct OwnAddress {
  base::IpAddress address;
  std::string egress;    // that sends from it; "" none
  std::string helo;      // that the egress is given; "" none
  bool watched = false;  // `watch.addresses` names it
};

// Each once, in the order of the configuration, those of egresses first.
[[nodiscard]] std::vector<OwnAddress> own_addresses(const std::vector<std::string>& egresses,
                                                    const std::vector<std::string>& watched);

// What the log, a report or the API may call an egress -> its name.
[[nodiscard]] std::map<std::string, std::string> egress_names(
    const std::vector<std::string>& egresses);

}  // namespace leumund::config
