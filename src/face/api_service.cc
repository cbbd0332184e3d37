#include "face/api_service.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "face/api_routes.h"

namespace leumund::face {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds look_again{50};
constexpr std::chrono::seconds heartbeat{10};  // proxies close what is silent for long
constexpr std::size_t items_at_once = 256;

// One follower's place in the ring; the ring knows of it while it lives.
class Follower {
 public:
  Follower(StreamRing& ring, std::uint64_t after)
      : ring_(ring), after_(std::min(after, ring.newest())) {
    ring_.follower_came();
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() { ring_.follower_left(); }

  bool next(std::string& chunk, milliseconds patience) {
    if (!spoken_) {
      // Tells at once that it stands: what is asked for after this is not missed.
      chunk = fmt::format("event: begin\ndata: {{\"sequence\":{}}}\n\n", after_);
      spoken_ = Clock::now();
      return true;
    }
    const auto deadline = Clock::now() + patience;
    do {
      for (const StreamItem& item : ring_.read(after_, items_at_once)) {
        if (item.sequence > after_ + 1) {
          chunk +=
              fmt::format("event: missed\ndata: {{\"missed\":{}}}\n\n", item.sequence - after_ - 1);
        }
        chunk +=
            fmt::format("id: {}\nevent: {}\ndata: {}\n\n", item.sequence, item.kind, item.json);
        after_ = item.sequence;
      }
      if (!chunk.empty()) {
        spoken_ = Clock::now();
        return true;
      }
      std::this_thread::sleep_for(look_again);
    } while (Clock::now() < deadline);
    if (Clock::now() - *spoken_ > heartbeat) {
      chunk = ": leumund\n\n";
      spoken_ = Clock::now();
    }
    return true;
  }

 private:
  StreamRing& ring_;
  std::uint64_t after_;
  std::optional<Clock::time_point> spoken_;
};

void answer(Api& api, StreamRing& ring, Door door, base::TimePoint now,
            const net::HttpRequest& request, net::HttpResponse& response) {
  Call call;
  call.door = door;
  call.method = request.method;
  call.path = request.path;
  call.params = request.params;
  call.params.erase("path");  // what the pattern of unknown paths matched
  call.body = request.body;
  call.authorization = request.header("authorization");
  call.host = request.header("host");
  call.origin = request.header("origin");
  call.fetch_site = request.header("sec-fetch-site");
  const std::string_view last_id = request.header("last-event-id");
  if (!last_id.empty() && call.path == "/v1/stream") call.params.try_emplace("after", last_id);
  Reply reply = api.handle(call, now);
  response.status = reply.status;
  response.content_type = std::move(reply.content_type);
  response.body = std::move(reply.body);
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (reply.stream) {
    auto follower = std::make_shared<Follower>(ring, reply.stream_after);
    response.stream = [follower](std::string& chunk, milliseconds patience) {
      return follower->next(chunk, patience);
    };
  }
}

}  // namespace

std::vector<net::HttpRoute> http_routes(Api& api, StreamRing& ring, Door door,
                                        std::function<base::TimePoint()> now) {
  std::vector<net::HttpRoute> list;
  const auto add = [&](std::string method, std::string pattern, std::size_t most) {
    list.push_back({.method = std::move(method),
                    .pattern = std::move(pattern),
                    .handler =
                        [&api, &ring, door, now](const net::HttpRequest& request,
                                                 net::HttpResponse& response) {
                          answer(api, ring, door, now(), request, response);
                        },
                    .body_max = most});
  };
  for (const Route& route : routes()) {
    add(std::string(route.method), std::string(route.path), body_max(route.method, route.path));
  }
  // The rest: /healthz, /metrics, and what the Api itself answers with 404 or 405.
  for (const char* method : {"GET", "POST"}) add(method, "/{path...}", verb_body_max);
  return list;
}

}  // namespace leumund::face
