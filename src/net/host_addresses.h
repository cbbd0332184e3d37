// The addresses of this machine's interfaces.
//
// Time:    as they are when asked; an interface that comes up later is not among them.
// Errors:  a system that does not tell gives an empty list.
#pragma once

#include <vector>

#include "base/ip_address.h"

namespace leumund::net {

// Without loopback, each once.
[[nodiscard]] std::vector<base::IpAddress> addresses_of_this_host();

}  // namespace leumund::net
