// What the public pages share: who asks, and what the browser must not do.
//
// Threads: any; pure.
#pragma once

#include <chrono>
#include <string_view>

#include "config/settings.h"
#include "net/http_server.h"

namespace leumund::face {

// The visitor's address; behind a web server on this host what that server says of it. Valid as
// long as the request.
[[nodiscard]] std::string_view visitor_of(const net::HttpRequest& request);

// What he asked for in so many words, "de" or "en"; else what his browser prefers.
[[nodiscard]] config::Language page_language(const net::HttpRequest& request,
                                             std::string_view asked);

// A page that says only why there is no other; add_page_headers() comes behind it.
[[nodiscard]] net::HttpResponse failure_page(config::Language language, int status,
                                             std::string_view why);

// No script, nothing from elsewhere; kept by nobody, or by anybody for so long.
void add_page_headers(net::HttpResponse& response,
                      std::chrono::seconds kept_for = std::chrono::seconds(0));

}  // namespace leumund::face
