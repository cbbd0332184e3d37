// What the socketmap gives: look-ups in a table of a million domains over many connections, as
// Postfix's processes ask, each waiting for its answer. ./dev bench socketmap
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "face/socketmap_service.h"
#include "net/socket.h"

namespace leumund::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t domains = 1'000'000;
constexpr std::size_t connections = 16;
constexpr std::chrono::seconds span{5};

std::string name_of(std::size_t number) { return fmt::format("customer{:07}.example.org", number); }

// One connection that asks, waits, and asks again.
struct Peer {
  net::Descriptor socket;
  Clock::time_point asked_at;
  std::size_t number = 0;
};

void ask(Peer& peer) {
  // Every other name is not in the table.
  peer.number = (peer.number * 1'103'515'245 + 12'345) % (2 * domains);
  const std::string key = "detours " + name_of(peer.number);
  const std::string request = fmt::format("{}:{},", key.size(), key);
  peer.asked_at = Clock::now();
  CHECK(::send(peer.socket.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(request.size()));
}

bool answered(const Peer& peer) {
  char reply[256];
  const auto got = ::recv(peer.socket.get(), reply, sizeof reply, 0);
  CHECK(got > 0);
  const std::string_view text(reply, static_cast<std::size_t>(got));
  CHECK(text == (peer.number < domains ? "8:OK out2:," : "9:NOTFOUND ,"));
  return true;
}

double thread_seconds(clockid_t clock) {
  timespec now{};
  CHECK(::clock_gettime(clock, &now) == 0);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double process_seconds() { return thread_seconds(CLOCK_PROCESS_CPUTIME_ID); }

// Asks for `span`; with a rate each connection waits for its turn.
std::vector<double> run(std::vector<Peer>& peers, double per_second) {
  std::vector<double> micros;
  micros.reserve(2'000'000);
  const auto begin = Clock::now();
  const auto end = begin + span;
  std::vector<pollfd> waiting;
  for (const Peer& peer : peers) waiting.push_back({peer.socket.get(), POLLIN, 0});
  std::vector<bool> idle(peers.size(), true);
  std::uint64_t sent = 0;
  while (Clock::now() < end) {
    for (std::size_t i = 0; i < peers.size(); ++i) {
      if (!idle[i]) continue;
      const double due = std::chrono::duration<double>(Clock::now() - begin).count() * per_second;
      if (per_second > 0 && static_cast<double>(sent) >= due) break;
      ask(peers[i]);
      ++sent;
      idle[i] = false;
    }
    ::poll(waiting.data(), waiting.size(), 0);
    for (std::size_t i = 0; i < peers.size(); ++i) {
      if ((waiting[i].revents & POLLIN) == 0 || idle[i]) continue;
      idle[i] = answered(peers[i]);
      micros.push_back(
          std::chrono::duration<double, std::micro>(Clock::now() - peers[i].asked_at).count());
    }
  }
  for (std::size_t i = 0; i < peers.size(); ++i) {
    if (idle[i]) continue;
    pollfd last{peers[i].socket.get(), POLLIN, 0};
    CHECK(::poll(&last, 1, 10'000) == 1 && answered(peers[i]));
  }
  return micros;
}

double quantile(std::vector<double>& values, double share) {
  CHECK(!values.empty());
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

int measure() {
  auto loop = net::EventLoop::open();
  CHECK(loop.ok());
  auto service = face::SocketmapService::open(**loop, net::Endpoint::tcp("127.0.0.1", 0));
  CHECK(service.ok());
  face::MapRows rows;
  rows.reserve(domains);
  for (std::size_t i = 0; i < domains; ++i) rows.emplace_back(name_of(i), "out2:");
  (*service)->publish_detours(std::move(rows));
  (*loop)->start("socketmap");
  std::vector<Peer> peers(connections);
  for (std::size_t i = 0; i < connections; ++i) {
    auto socket = net::connect_to((*service)->bound(), Clock::now() + std::chrono::seconds(5));
    CHECK(socket.ok());
    peers[i].socket = std::move(*socket);
    peers[i].number = i;
  }
  const double own = thread_seconds(CLOCK_THREAD_CPUTIME_ID);
  const double all = process_seconds();
  auto most = run(peers, 0);
  const double served = process_seconds() - all - (thread_seconds(CLOCK_THREAD_CPUTIME_ID) - own);
  const double rate = static_cast<double>(most.size()) / static_cast<double>(span.count());
  fmt::print("socketmap, {} domains, {} connections\n", domains, connections);
  fmt::print(
      "  as fast as they ask   {:>10.0f} answers/s, {:.0f} for each second of the server's "
      "processor, p50 {:.0f} us, p99 {:.0f} us\n",
      rate, static_cast<double>(most.size()) / served, quantile(most, 0.5), quantile(most, 0.99));
  auto half = run(peers, rate / 2);
  fmt::print("  at half that rate     {:>10.0f} answers/s, p50 {:.0f} us, p99 {:.0f} us\n",
             static_cast<double>(half.size()) / static_cast<double>(span.count()),
             quantile(half, 0.5), quantile(half, 0.99));
  peers.clear();
  (*service)->stop(std::chrono::milliseconds(0));
  (*loop)->stop();
  return 0;
}

}  // namespace
}  // namespace leumund::bench

int main() { return leumund::bench::measure(); }
