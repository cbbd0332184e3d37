#include "face/dns_list_server.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>

#include "base/log.h"

namespace leumund::face {
namespace {

constexpr std::size_t tcp_query_bytes_max = 4096;
constexpr std::size_t tcp_connections_most = 512;  // at each address
constexpr std::size_t tcp_connections_most_of_network = 16;

std::uint64_t steady_micros() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

std::vector<listing::TopCount> merged(std::vector<std::vector<listing::TopCount>> parts,
                                      std::size_t most) {
  std::map<base::IpAddress, listing::TopCount> sums;
  for (const auto& part : parts) {
    for (const listing::TopCount& one : part) {
      listing::TopCount& sum = sums[one.address];
      sum.address = one.address;
      sum.queries += one.queries;
      sum.listed += one.listed;
      sum.error += one.error;
    }
  }
  std::vector<listing::TopCount> all;
  for (const auto& [address, sum] : sums) all.push_back(sum);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.queries > b.queries; });
  if (all.size() > most) all.resize(most);
  return all;
}

}  // namespace

// Messages with their length before them (RFC 1035, 4.2.2), several in a row if the client likes.
class DnsListServer::TcpSession final : public net::StreamSession {
 public:
  explicit TcpSession(DnsListServer& server) : server_(server) {}

  void on_peer(const base::IpAddress& peer) override { peer_ = peer; }

  Step on_bytes(std::string_view waiting, std::string& out) override {
    if (waiting.size() < 2) return {};
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(waiting[0]))
                                   << 8 |
                               static_cast<unsigned char>(waiting[1]);
    if (length > tcp_query_bytes_max) return {waiting.size(), Next::close};
    if (waiting.size() < 2 + length) return {};
    static_assert(DnsResponder::tcp_bytes_max >= tcp_query_bytes_max + wire::dns_opt_bytes);
    std::array<std::uint8_t, DnsResponder::tcp_bytes_max> buffer;
    std::copy_n(waiting.begin() + 2, length, buffer.begin());
    DnsResponder& responder = *server_.responders_.back();
    const auto zones = server_.zones_.read();
    const std::size_t bytes =
        responder.respond(*zones, buffer, length, peer_, DnsResponder::Way::tcp, steady_micros());
    responder.end_batch();
    if (bytes == 0) return {2 + length, Next::close};
    out += static_cast<char>(bytes >> 8);
    out += static_cast<char>(bytes & 0xff);
    out.append(reinterpret_cast<const char*>(buffer.data()), bytes);
    return {2 + length, Next::keep};
  }

 private:
  DnsListServer& server_;
  base::IpAddress peer_;
};

base::Result<std::unique_ptr<DnsListServer>> DnsListServer::open(DnsListServerOptions options) {
  std::unique_ptr<DnsListServer> server(new DnsListServer(std::move(options)));
  const base::Status bound = server->bind();
  if (!bound.ok()) return bound.error();
  return server;
}

base::Status DnsListServer::bind() {
  auto loop = net::EventLoop::open();
  if (!loop) return loop.error();
  loop_ = std::move(*loop);
  for (const net::SocketAddress& wanted : options_.addresses) {
    net::SocketAddress where = wanted;
    for (std::size_t i = 0; i < options_.threads; ++i) {
      auto batch = net::DatagramBatch::open(where);
      if (!batch) return batch.error();
      where = (*batch)->bound();  // the port that the first was given
      batches_.push_back(std::move(*batch));
    }
    bound_.push_back(where);
  }
  if (!options_.tcp) return {};
  const auto covers = [](const net::SocketAddress& six, const net::SocketAddress& other) {
    return six.family() == AF_INET6 && six.is_wildcard() && six.port() == other.port();
  };
  for (const net::SocketAddress& where : bound_) {
    // A TCP socket on [::] takes IPv4 as well.
    if (where.family() == AF_INET &&
        std::any_of(bound_.begin(), bound_.end(),
                    [&](const auto& one) { return covers(one, where); })) {
      continue;
    }
    auto listener =
        net::StreamListener::open(*loop_, net::Endpoint::tcp(where.ip().to_string(), where.port()),
                                  {.connections_max = tcp_connections_most,
                                   .network_max = tcp_connections_most_of_network,
                                   .input_max = tcp_query_bytes_max + 2,
                                   .idle = std::chrono::seconds(10),
                                   .half_input = std::chrono::seconds(5)},
                                  [this] { return std::make_unique<TcpSession>(*this); });
    if (!listener) return listener.error();
    listeners_.push_back(std::move(*listener));
  }
  return {};
}

DnsListServer::~DnsListServer() { stop(); }

void DnsListServer::start(std::shared_ptr<const listing::ZoneSet> zones) {
  const std::size_t count = zones->size();
  publish(std::move(zones));
  for (std::size_t i = 0; i <= batches_.size(); ++i) {
    responders_.push_back(std::make_unique<DnsResponder>(options_.responder, count));
  }
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    threads_.emplace_back([this, i](const std::stop_token& stop) {
      pthread_setname_np(pthread_self(), fmt::format("dns-{}", i).substr(0, 15).c_str());
      while (!stop.stop_requested()) {
        try {
          serve(*batches_[i], *responders_[i], stop);
        } catch (const std::exception& error) {
          base::log(base::LogLevel::error, "event=dns_batch_failed error={}", error.what());
        }
      }
    });
  }
  loop_->start("dns-tcp");
}

void DnsListServer::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  for (auto& listener : listeners_) listener->stop(std::chrono::milliseconds(0));
  if (loop_) loop_->stop();
  listeners_.clear();
}

void DnsListServer::publish(std::shared_ptr<const listing::ZoneSet> zones) {
  zones_.publish(std::move(zones));
  generation_.fetch_add(1, std::memory_order_release);
}

void DnsListServer::serve(net::DatagramBatch& batch, DnsResponder& responder,
                          const std::stop_token& stop) {
  std::shared_ptr<const listing::ZoneSet> zones;
  std::uint64_t generation = 0;
  while (!stop.stop_requested()) {
    const std::size_t received = batch.receive();
    if (const auto now = generation_.load(std::memory_order_acquire); now != generation) {
      generation = now;
      zones = zones_.read();
    }
    if (received == 0) continue;
    const std::uint64_t now_micros = steady_micros();
    for (std::size_t i = 0; i < received; ++i) {
      if (batch.cut(i)) continue;  // no query is as long as that
      const std::size_t bytes =
          responder.respond(*zones, batch.room(i), batch.datagram(i).size(), batch.peer(i).ip(),
                            DnsResponder::Way::udp, now_micros);
      if (bytes > 0) batch.reply(i, bytes);
    }
    batch.send();
    responder.end_batch();
  }
}

std::vector<DnsCounts> DnsListServer::counters() const {
  std::vector<DnsCounts> sums;
  for (const auto& responder : responders_) {
    const std::vector<DnsCounts> counts = responder->counters();
    sums.resize(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) sums[i] += counts[i];
  }
  return sums;
}

std::vector<listing::TopCount> DnsListServer::clients(std::size_t most) const {
  std::vector<std::vector<listing::TopCount>> parts;
  for (const auto& responder : responders_) parts.push_back(responder->clients(most));
  return merged(std::move(parts), most);
}

std::vector<std::vector<listing::TopCount>> DnsListServer::take_addresses() {
  std::vector<std::vector<std::vector<listing::TopCount>>> parts;  // of each zone, of each worker
  for (const auto& responder : responders_) {
    auto of_zones = responder->take_addresses();
    parts.resize(std::max(parts.size(), of_zones.size()));
    for (std::size_t i = 0; i < of_zones.size(); ++i) parts[i].push_back(std::move(of_zones[i]));
  }
  std::vector<std::vector<listing::TopCount>> out;
  for (auto& of_zone : parts) out.push_back(merged(std::move(of_zone), ~std::size_t{0}));
  return out;
}

}  // namespace leumund::face
