// A listening address of the configuration as the network knows it.
#pragma once

#include <string>

#include "base/result.h"
#include "net/endpoint.h"

namespace leumund::apps {

// `text` is "inet:127.0.0.1:10040" or "unix:/path".
[[nodiscard]] base::Result<net::Endpoint> endpoint_of(const std::string& text);

// Of a Unix socket; one that cannot be made is told by the listener that then has no place.
void make_folder_of(const net::Endpoint& where);

}  // namespace leumund::apps
