#include "net/stream_listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "net/socket_address.h"
#include "net/stream_connection.h"

namespace leumund::net {
namespace {

constexpr std::size_t receive_bytes =
    64 * 1024;  // at most, of one connection before its neighbours
constexpr int accepts_per_turn = 64;
constexpr std::chrono::milliseconds accept_pause{50};
constexpr std::chrono::seconds trouble_said_every{60};

base::IpAddress network_of(const Descriptor& fd) {
  SocketAddress peer;
  return peer.of_peer(fd.get()) ? peer.ip().masked(24, 56) : base::IpAddress();
}

}  // namespace

base::Result<std::unique_ptr<StreamListener>> StreamListener::open(EventLoop& loop,
                                                                   const Endpoint& where,
                                                                   StreamOptions options,
                                                                   MakeSession make_session) {
  auto socket = ListeningSocket::open(where, options.unix_access);
  if (!socket) return socket.error();
  std::unique_ptr<StreamListener> out(new StreamListener(
      loop, std::move(socket).value(), std::move(options), std::move(make_session)));
  base::Status watched;
  loop.call([&] {
    watched = loop.watch(out->socket_.fd(), EPOLLIN, *out);
    if (watched) out->schedule_sweep();
  });
  if (!watched) {
    out->stopping_ = true;  // there is nothing to stop
    return watched.error();
  }
  return out;
}

StreamListener::StreamListener(EventLoop& loop, ListeningSocket socket, StreamOptions options,
                               MakeSession make_session)
    : loop_(loop),
      socket_(std::move(socket)),
      bound_(socket_.bound()),
      options_(std::move(options)),
      make_session_(std::move(make_session)),
      spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      refusal_said_at_(EventLoop::Clock::now() - trouble_said_every),
      displaced_said_at_(refusal_said_at_),
      scratch_(receive_bytes, '\0') {}

StreamListener::~StreamListener() { stop(std::chrono::milliseconds(0)); }

StreamCounters StreamListener::counters() const {
  return {.open = counters_.open,
          .accepted = counters_.accepted,
          .refused = counters_.refused,
          .displaced = counters_.displaced,
          .timed_out = counters_.timed_out,
          .overrun = counters_.overrun,
          .failed = counters_.failed};
}

void StreamListener::on_ready(std::uint32_t /*events*/) {
  for (int i = 0; i < accepts_per_turn; ++i) {
    Descriptor fd(accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.open()) {
      if (errno == EMFILE || errno == ENFILE) return accept_without_descriptors();
      if (errno == ENOMEM || errno == ENOBUFS) return pause_accepting();
      if (errno == EAGAIN) return;
      continue;  // Linux tells here what went wrong with the one waiting connection
    }
    if (!has_room(fd)) {
      say_refused();
      continue;  // closes it
    }
    admit(std::move(fd));
  }
}

bool StreamListener::has_room(const Descriptor& fd) {
  if (options_.network_max > 0 && !bound_.is_unix()) {
    const base::IpAddress network = network_of(fd);
    const auto of_it = std::ranges::count_if(
        connections_, [&](const auto& one) { return one->network() == network; });
    if (static_cast<std::size_t>(of_it) >= options_.network_max) return false;
  }
  if (connections_.size() >= options_.connections_max) end_the_most_silent();
  return connections_.size() < options_.connections_max;
}

void StreamListener::end_the_most_silent() {
  const auto found = std::ranges::find_if_not(ranks_, &BySilence::empty);
  if (found == ranks_.end()) return;
  drop(*found->front());
  say_displaced();
}

// After each sign of life: the end of its rank, which may be another now.
void StreamListener::file_anew(StreamConnection& connection) {
  BySilence& from = ranks_[static_cast<std::size_t>(connection.filed_as_)];
  connection.filed_as_ = connection.rank();
  BySilence& to = ranks_[static_cast<std::size_t>(connection.filed_as_)];
  to.splice(to.end(), from, connection.filed_at_);
}

void StreamListener::admit(Descriptor fd) {
  const int on = 1;
  auto session = make_session_();
  if (!bound_.is_unix()) {
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SocketAddress peer;
    if (peer.of_peer(fd.get())) session->on_peer(peer.ip());
  }
  const base::IpAddress network = options_.network_max > 0 ? network_of(fd) : base::IpAddress();
  auto connection = std::make_unique<StreamConnection>(*this, std::move(fd), std::move(session),
                                                       connections_.size(), network);
  if (const base::Status watched = connection->watch(); !watched) {
    say_refused();
    return;
  }
  BySilence& unheard = ranks_[static_cast<std::size_t>(Rank::unheard)];
  connection->filed_at_ = unheard.insert(unheard.end(), connection.get());
  connections_.push_back(std::move(connection));
  ++counters_.accepted;
  ++counters_.open;
}

// A connection that waits and cannot be accepted would keep the listening socket ready and the loop
// busy: a descriptor held for this is given up, the connection taken with it and closed.
void StreamListener::accept_without_descriptors() {
  spare_.reset();
  const bool refused = Descriptor(accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC)).open();
  spare_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  say_refused();
  if (!refused || !spare_.open()) pause_accepting();  // another thread was faster
}

void StreamListener::pause_accepting() {
  loop_.change(socket_.fd(), 0, *this);
  pause_timer_ = loop_.after(accept_pause, [this] { loop_.change(socket_.fd(), EPOLLIN, *this); });
}

void StreamListener::say_refused() {
  ++counters_.refused;
  if (loop_.woke_at() - refusal_said_at_ < trouble_said_every) return;
  refusal_said_at_ = loop_.woke_at();
  base::log(base::LogLevel::warn,
            "event=connection_refused listener={} open={} limit={} refused_so_far={}",
            bound_.to_string(), connections_.size(), options_.connections_max,
            counters_.refused.load());
}

void StreamListener::say_displaced() {
  ++counters_.displaced;
  if (loop_.woke_at() - displaced_said_at_ < trouble_said_every) return;
  displaced_said_at_ = loop_.woke_at();
  base::log(base::LogLevel::warn,
            "event=connection_displaced listener={} limit={} never_asked={} idle={} busy={} "
            "displaced_so_far={}",
            bound_.to_string(), options_.connections_max, ranks_[0].size(), ranks_[1].size(),
            ranks_[2].size(), counters_.displaced.load());
}

void StreamListener::drop(StreamConnection& connection) {
  ranks_[static_cast<std::size_t>(connection.filed_as_)].erase(connection.filed_at_);
  const std::size_t place = connection.place();
  std::swap(connections_[place], connections_.back());
  connections_[place]->set_place(place);
  connections_.pop_back();
  --counters_.open;
}

void StreamListener::schedule_sweep() {
  const auto finest = std::min({options_.idle / 4, options_.half_input / 4,
                                options_.first_request / 4, std::chrono::milliseconds(500)});
  sweep_timer_ = loop_.after(std::max(finest, std::chrono::milliseconds(5)), [this] { sweep(); });
}

void StreamListener::sweep() {
  const auto now = EventLoop::Clock::now();
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (!connections_[i]->overdue(now)) continue;
    ++counters_.timed_out;
    drop(*connections_[i]);
  }
  schedule_sweep();
}

void StreamListener::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  loop_.cancel(sweep_timer_);
  loop_.cancel(pause_timer_);
  loop_.forget(socket_.fd(), *this);
  socket_.close();
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (connections_[i]->finish()) drop(*connections_[i]);
  }
}

void StreamListener::stop(std::chrono::milliseconds grace) {
  loop_.call([this] { begin_stop(); });
  const auto deadline = EventLoop::Clock::now() + grace;
  while (counters_.open > 0 && EventLoop::Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  loop_.call([this] {
    counters_.open -= connections_.size();
    for (BySilence& rank : ranks_) rank.clear();
    connections_.clear();
  });
}

}  // namespace leumund::net
