#include "net/screen_asker.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <poll.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <deque>
#include <thread>
#include <unordered_map>

#include "base/guarded.h"
#include "net/descriptor.h"
#include "net/dns_packet.h"

namespace leumund::net {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Several sockets to a server, so that who would forge a "no" must guess the port as well.
constexpr std::size_t sockets_per_server = 8;
constexpr milliseconds resend_after{400};
constexpr milliseconds resolver_least{2000};
constexpr int poll_millis = 50;
constexpr std::size_t batch = 64;
constexpr std::size_t packet_bytes_max = 1232;
constexpr int buffer_bytes = 4 << 20;

struct Pending {
  DnsQuestion question;
  std::string packet;
  DnsAsker::Done done;
  steady_clock::time_point until;
  std::uint64_t serial = 0;
  bool sent_again = false;
};

struct Deadline {
  steady_clock::time_point at;
  std::uint16_t id = 0;
  std::uint64_t serial = 0;
};

struct Table {
  std::unordered_map<std::uint16_t, Pending> pending;
  std::deque<Deadline> ends;  // soonest first
  std::uint64_t last_serial = 0;
};

struct Line {
  Descriptor socket;
  base::Guarded<Table> table;
};

struct Server {
  std::string address;  // as configured
  bool recursion = false;
  std::vector<std::unique_ptr<Line>> lines;
  std::atomic<std::size_t> turn = 0;
};

// "192.0.2.53", "127.0.0.1@5353".
base::Result<Descriptor> connect_to(const std::string& text) {
  const std::size_t at = text.find('@');
  const auto address = base::IpAddress::parse(text.substr(0, at));
  unsigned port = 53;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + 1, text.data() + text.size(), port);
  }
  if (!address || port == 0 || port > 65'535) {
    return Error{ErrorCode::malformed, fmt::format("dns server '{}' is no address", text)};
  }
  sockaddr_storage where{};
  socklen_t size = 0;
  if (address->is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&where);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    v4->sin_addr.s_addr = htonl(address->v4_bits());
    size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&where);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    std::copy(address->bytes().begin(), address->bytes().end(), v6->sin6_addr.s6_addr);
    size = sizeof *v6;
  }
  Descriptor socket(
      ::socket(where.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!socket.open() ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0) {
    return Error{ErrorCode::unavailable, fmt::format("dns server '{}' cannot be reached", text)};
  }
  // A burst of answers must not be lost while the thread has no turn.
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  return socket;
}

// Where the questions below a zone go; "" is every zone.
struct Route {
  std::string zone;
  Server* server = nullptr;
};

bool below(std::string_view name, std::string_view zone) {
  return name.ends_with(zone) &&
         (name.size() == zone.size() || name[name.size() - zone.size() - 1] == '.');
}

class UdpScreen final : public ScreenAsker {
 public:
  UdpScreen(std::vector<std::unique_ptr<Server>> servers, std::vector<Route> routes,
            std::size_t pending_max, DnsAsker& resolver)
      : servers_(std::move(servers)),
        routes_(std::move(routes)),
        pending_max_(pending_max),
        resolver_(resolver) {
    if (servers_.empty()) return;
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "screen");
      run();
    });
  }
  ~UdpScreen() override {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  void ask(DnsQuestion question, milliseconds deadline, Done done) override;
  [[nodiscard]] ScreenCounters counters() const override { return {asked_, absent_, passed_}; }

 private:
  [[nodiscard]] Server* server_for(std::string_view name) const;
  void run();
  void receive(Line& line);
  void take(Line& line, std::string_view packet);
  void end_late(Line& line, steady_clock::time_point now, bool all);
  void pass_on(Pending pending, steady_clock::time_point now);

  std::vector<std::unique_ptr<Server>> servers_;
  const std::vector<Route> routes_;
  const std::size_t pending_max_;
  DnsAsker& resolver_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> pending_ = 0;
  std::atomic<std::uint64_t> asked_ = 0;
  std::atomic<std::uint64_t> absent_ = 0;
  std::atomic<std::uint64_t> passed_ = 0;
  std::thread thread_;
};

Server* UdpScreen::server_for(std::string_view name) const {
  const Route* best = nullptr;
  for (const Route& route : routes_) {
    if (!route.zone.empty() && !below(name, route.zone)) continue;
    if (best == nullptr || route.zone.size() > best->zone.size()) best = &route;
  }
  return best == nullptr ? nullptr : best->server;
}

void UdpScreen::ask(DnsQuestion question, milliseconds deadline, Done done) {
  ++asked_;
  const auto now = steady_clock::now();
  Server* server = server_for(question.name);
  Pending made{std::move(question), "", std::move(done), now + deadline, 0, false};
  if (server == nullptr || pending_ >= pending_max_) return pass_on(std::move(made), now);
  std::uint16_t id = 0;
  if (::getrandom(&id, sizeof id, 0) != sizeof id) return pass_on(std::move(made), now);
  made.packet = dns_question_packet(id, made.question, server->recursion);
  if (made.packet.empty()) return pass_on(std::move(made), now);
  Line& line = *server->lines[server->turn++ % server->lines.size()];
  const std::string packet = made.packet;
  const bool added = line.table.with([&](Table& table) {
    made.serial = ++table.last_serial;
    const Deadline end{now + resend_after, id, made.serial};
    if (!table.pending.try_emplace(id, std::move(made)).second) return false;
    table.ends.push_back(end);
    return true;
  });
  if (!added) return pass_on(std::move(made), now);  // the number is taken: rare
  ++pending_;
  // A full buffer is a lost packet: it is sent again, or goes to the resolver.
  [[maybe_unused]] const auto sent = ::send(line.socket.get(), packet.data(), packet.size(), 0);
}

void UdpScreen::pass_on(Pending pending, steady_clock::time_point now) {
  ++passed_;
  const auto left = std::chrono::duration_cast<milliseconds>(pending.until - now);
  resolver_.ask(std::move(pending.question), std::max(resolver_least, left),
                std::move(pending.done));
}

void UdpScreen::take(Line& line, std::string_view packet) {
  if (packet.size() < 2) return;
  const auto id = static_cast<std::uint16_t>(static_cast<std::uint8_t>(packet[0]) << 8 |
                                             static_cast<std::uint8_t>(packet[1]));
  std::optional<std::chrono::seconds> ttl;
  auto entry = line.table.with([&](Table& table) -> std::optional<Pending> {
    const auto found = table.pending.find(id);
    if (found == table.pending.end()) return std::nullopt;
    ttl = read_dns_negative(packet, found->second.packet);
    Pending taken = std::move(found->second);
    table.pending.erase(found);
    return taken;
  });
  if (!entry) return;
  --pending_;
  if (!ttl) return pass_on(std::move(*entry), steady_clock::now());
  ++absent_;
  DnsAnswer answer;
  answer.found = Found::no;
  answer.ttl = *ttl;
  entry->done(answer);
}

void UdpScreen::receive(Line& line) {
  std::array<std::array<char, packet_bytes_max>, batch> buffers;
  std::array<iovec, batch> parts{};
  std::array<mmsghdr, batch> messages{};
  for (std::size_t i = 0; i < batch; ++i) {
    parts[i] = {buffers[i].data(), buffers[i].size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int got = ::recvmmsg(line.socket.get(), messages.data(), batch, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < got; ++i) {
    const auto at = static_cast<std::size_t>(i);
    take(line, {buffers[at].data(), messages[at].msg_len});
  }
}

void UdpScreen::end_late(Line& line, steady_clock::time_point now, bool all) {
  std::vector<Pending> late;
  std::vector<std::string> again;
  line.table.with([&](Table& table) {
    while (!table.ends.empty() && (all || table.ends.front().at <= now)) {
      const Deadline end = table.ends.front();
      table.ends.pop_front();
      const auto found = table.pending.find(end.id);
      if (found == table.pending.end() || found->second.serial != end.serial) continue;
      if (!all && !found->second.sent_again) {
        found->second.sent_again = true;
        again.push_back(found->second.packet);
        table.ends.push_back({now + resend_after, end.id, end.serial});
        continue;
      }
      late.push_back(std::move(found->second));
      table.pending.erase(found);
    }
  });
  for (const std::string& packet : again) {
    [[maybe_unused]] const auto sent = ::send(line.socket.get(), packet.data(), packet.size(), 0);
  }
  for (Pending& one : late) {
    --pending_;
    pass_on(std::move(one), now);
  }
}

void UdpScreen::run() {
  std::vector<pollfd> sources;
  std::vector<Line*> lines;
  for (const auto& server : servers_) {
    for (const auto& line : server->lines) {
      sources.push_back({line->socket.get(), POLLIN, 0});
      lines.push_back(line.get());
    }
  }
  auto looked = steady_clock::now();
  while (!stopping_) {
    ::poll(sources.data(), sources.size(), poll_millis);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (sources[i].revents != 0) receive(*lines[i]);
    }
    const auto now = steady_clock::now();
    if (now - looked < milliseconds(poll_millis)) continue;
    looked = now;
    for (Line* line : lines) end_late(*line, now, false);
  }
  for (Line* line : lines) end_late(*line, steady_clock::now(), true);
}

}  // namespace

base::Result<std::unique_ptr<ScreenAsker>> ScreenAsker::open(const ResolverOptions& options,
                                                             DnsAsker& resolver) {
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<Route> routes;
  const auto add = [&](const std::string& zone, const std::string& address) -> base::Status {
    // Many lists may lie on one server: its sockets serve them all.
    for (const auto& known : servers) {
      if (known->address != address || known->recursion != zone.empty()) continue;
      routes.push_back({zone, known.get()});
      return {};
    }
    auto server = std::make_unique<Server>();
    server->address = address;
    server->recursion = zone.empty();
    for (std::size_t i = 0; i < sockets_per_server; ++i) {
      auto socket = connect_to(address);
      if (!socket) return socket.error();
      server->lines.push_back(std::make_unique<Line>());
      server->lines.back()->socket = std::move(*socket);
    }
    routes.push_back({zone, server.get()});
    servers.push_back(std::move(server));
    return {};
  };
  for (const std::string& text : options.stub_zones) {
    const std::size_t equals = std::min(text.find('='), text.size() - 1);
    if (auto done = add(text.substr(0, equals), text.substr(equals + 1)); !done) {
      return done.error();
    }
  }
  if (!options.forwarders.empty()) {
    if (auto done = add("", options.forwarders.front()); !done) return done.error();
  }
  std::unique_ptr<ScreenAsker> made = std::make_unique<UdpScreen>(
      std::move(servers), std::move(routes), options.pending_max, resolver);
  return made;
}

}  // namespace leumund::net
