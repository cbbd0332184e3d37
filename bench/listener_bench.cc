// What our event loop and stream listener cost beside a bare epoll echo, and what Boost.Asio costs:
// the measurement behind docs/decisions/0001-epoll-for-the-policy-path.md.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/policy_load.h"
#include "bench/policy_servers.h"
#include "net/event_loop.h"
#include "net/stream_listener.h"

namespace leumund::bench {
namespace {

class EchoSession final : public net::StreamSession {
 public:
  Step on_bytes(std::string_view waiting, std::string& out) override {
    out.append(waiting);
    return {.consumed = waiting.size()};
  }
};

[[noreturn]] void serve_listener_echo(const std::function<void(std::uint16_t)>& report) {
  auto loop = net::EventLoop::open();
  CHECK(loop.ok());
  auto listener = net::StreamListener::open(**loop, net::Endpoint::tcp("127.0.0.1", 0), {},
                                            [] { return std::make_unique<EchoSession>(); });
  CHECK(listener.ok());
  report((*listener)->bound().port);
  (*loop)->run(std::stop_token{});
  _exit(0);
}

struct Contestant {
  std::string name;
  void (*serve)(const std::function<void(std::uint16_t)>&);
  std::unique_ptr<ServerProcess> server = {};
  std::vector<double> rates = {};
  std::vector<double> processor = {};
};

int run() {
  std::array<Contestant, 3> all = {{{"bare epoll", serve_bare_echo},
                                    {"StreamListener", serve_listener_echo},
                                    {"Boost.Asio", serve_asio_echo}}};
  RequestSource source({.accounts = 5'000, .messages = 5'000});
  for (Contestant& one : all) {
    auto started = ServerProcess::start(0, one.serve);
    if (!started) return 1;
    one.server = std::move(*started);
  }
  bind_to_core(1);
  for (int round = 0; round < 5; ++round) {
    for (Contestant& one : all) {
      Load load{.server = one.server->endpoint(), .reply = Reply::echo};
      load.warm_up = std::chrono::milliseconds(200);
      load.span = std::chrono::milliseconds(800);
      const double before = one.server->cpu_seconds();
      auto measured = run_load(load, source);
      if (!measured) return 1;
      one.rates.push_back(measured->rate());
      one.processor.push_back(1e6 * (one.server->cpu_seconds() - before) /
                              (measured->rate() * (measured->seconds + 0.2)));
    }
  }
  fmt::print("{:<16} {:>11} {:>11}\n", "echo, 64 peers", "median", "processor");
  for (Contestant& one : all) {
    std::sort(one.rates.begin(), one.rates.end());
    std::sort(one.processor.begin(), one.processor.end());
    fmt::print("{:<16} {:>9.0f}/s {:>8.2f} us\n", one.name, one.rates[2], one.processor[2]);
  }
  return 0;
}

}  // namespace
}  // namespace leumund::bench

int main() { return leumund::bench::run(); }
