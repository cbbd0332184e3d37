// What the public pages share: who asks, and what the browser must not do.
//
// Threads: any; pure.
#pragma once

#include <string_view>

#include "net/http_server.h"

namespace leumund::face {

// The visitor's address; behind a web server on this host what that server says of it. Valid as
// long as the request.
[[nodiscard]] std::string_view visitor_of(const net::HttpRequest& request);

// No script, nothing from elsewhere, nothing kept.
void add_page_headers(net::HttpResponse& response);

}  // namespace leumund::face
