// Puts the Api behind net's HTTP server: one set of routes for each door.
//
// Flow:    HttpRequest -> Call -> Api -> Reply -> HttpResponse; a stream reads the StreamRing.
// Time:    `now` is asked once a request.
// Threads: the server's workers.
// Owner:   Api and ring outlive the server.
#pragma once

#include <functional>
#include <vector>

#include "base/time.h"
#include "face/api.h"
#include "face/stream_ring.h"
#include "net/http_server.h"

namespace leumund::face {

// Everything that the Api answers at this door, unknown paths included.
[[nodiscard]] std::vector<net::HttpRoute> http_routes(Api& api, StreamRing& ring, Door door,
                                                      std::function<base::TimePoint()> now);

}  // namespace leumund::face
