#include "net/http_arrivals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <thread>
#include <utility>

#include "base/ascii.h"
#include "base/log.h"
#include "net/socket_address.h"

namespace leumund::net {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds stop_check_every{100};
constexpr int accepts_per_turn = 32;
constexpr std::size_t leaving_bytes = 1 << 20;
constexpr milliseconds leaving_time{500};
constexpr std::chrono::seconds displaced_said_every{60};
constexpr std::string_view header_end = "\n\r\n";  // httplib also ends one after a bare line feed

std::optional<std::size_t> length_of(std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
  std::size_t out = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, out);
  if (error != std::errc{} || stop != end || out > http_waited_body_max) return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::size_t> foretold_body(std::string_view header) {
  std::optional<std::size_t> length;
  while (!header.empty()) {
    const std::string_view line = header.substr(0, header.find('\n'));
    header.remove_prefix(std::min(line.size() + 1, header.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string name = base::ascii_lower(line.substr(0, colon));
    if (name == "transfer-encoding" || name == "expect") return std::nullopt;
    if (name != "content-length") continue;
    const auto said = length_of(line.substr(colon + 1));
    if (length || !said) return std::nullopt;
    length = said;
  }
  return length.value_or(0);
}

HttpArrivals::HttpArrivals(const HttpOptions& options, const Endpoint& bound, int listening,
                           Deliver deliver)
    : options_(options),
      bound_(bound),
      listening_(listening),
      deliver_(std::move(deliver)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      displaced_said_at_(std::chrono::steady_clock::now() - displaced_said_every),
      scratch_(64 * 1024, '\0') {}

void HttpArrivals::leave(Descriptor fd) {
  shutdown(fd.get(), SHUT_WR);
  leaving_.with([&](auto& leaving) { leaving.push_back(std::move(fd)); });
  const std::uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
}

void HttpArrivals::run(const std::atomic<bool>& stopping) {
  std::vector<pollfd> polled;
  while (!stopping) {
    polled.assign({{.fd = listening_, .events = POLLIN, .revents = 0},
                   {.fd = wake_.get(), .events = POLLIN, .revents = 0}});
    for (const Guest& guest : guests_) {
      polled.push_back({.fd = guest.fd.get(), .events = POLLIN, .revents = 0});
    }
    if (poll(polled.data(), polled.size(), static_cast<int>(stop_check_every.count())) < 0) {
      continue;
    }
    const Time now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < guests_.size(); ++i) {
      Guest& guest = guests_[i];
      if (polled[i + 2].revents != 0) guest.leaving ? discard(guest) : read(guest);
      if (guest.fd.open() && now >= guest.deadline) guest.fd.reset();
    }
    if (polled[1].revents != 0) take_leaving();
    if (polled[0].revents != 0) accept_some();
    std::erase_if(guests_, [](const Guest& guest) { return !guest.fd.open(); });
  }
}

// Lets the client read the answer although it may still be sending: closing now would reset it.
void HttpArrivals::take_leaving() {
  std::uint64_t ignored = 0;
  (void)!::read(wake_.get(), &ignored, sizeof ignored);
  const Time now = std::chrono::steady_clock::now();
  for (Descriptor& fd : leaving_.with([](auto& leaving) { return std::exchange(leaving, {}); })) {
    make_room({});
    guests_.push_back(
        {.fd = std::move(fd), .came_at = now, .deadline = now + leaving_time, .leaving = true});
  }
}

void HttpArrivals::accept_some() {
  for (int i = 0; i < accepts_per_turn; ++i) {
    if (!accept_one()) return;
  }
}

bool HttpArrivals::accept_one() {
  Descriptor fd(accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.open()) {
    if (errno == ECONNABORTED) return true;
    // Out of descriptors or memory: the connection keeps waiting, and so do we for a moment.
    if (errno != EAGAIN) std::this_thread::sleep_for(stop_check_every);
    return false;
  }
  std::optional<base::IpAddress> from;
  SocketAddress peer;
  if (!bound_.is_unix() && peer.of_peer(fd.get()) && !peer.ip().is_loopback()) {
    from = peer.ip().masked(32, 64);
  }
  make_room(from);
  const Time now = std::chrono::steady_clock::now();
  guests_.push_back({.fd = std::move(fd),
                     .from = from,
                     .came_at = now,
                     .deadline = now + std::min(options_.header_time, options_.request_time)});
  read(guests_.back());  // mostly the request is there already
  if (!guests_.back().fd.open()) guests_.pop_back();
  return true;
}

void HttpArrivals::make_room(const std::optional<base::IpAddress>& from) {
  const auto of_it = [&](const Guest& guest) {
    return guest.fd.open() && !guest.leaving && guest.from == from;
  };
  if (from && static_cast<std::size_t>(std::ranges::count_if(guests_, of_it)) >=
                  options_.of_one_address_max) {
    displace(*std::ranges::find_if(guests_, of_it));
  }
  const auto open = [](const Guest& guest) { return guest.fd.open(); };
  if (static_cast<std::size_t>(std::ranges::count_if(guests_, open)) < options_.arriving_max) {
    return;
  }
  const auto leaves = std::ranges::find_if(
      guests_, [&](const Guest& guest) { return open(guest) && guest.leaving; });
  if (leaves != guests_.end()) return leaves->fd.reset();
  displace(*std::ranges::find_if(guests_, open));
}

void HttpArrivals::displace(Guest& guest) {
  guest.fd.reset();
  ++displaced_;
  const Time now = std::chrono::steady_clock::now();
  if (now - displaced_said_at_ < displaced_said_every) return;
  displaced_said_at_ = now;
  base::log(
      base::LogLevel::warn,
      "event=http_displaced listener={} connections={} displaced_so_far={} why=\"many connections "
      "without a whole request\"",
      bound_.to_string(), guests_.size(), displaced_);
}

void HttpArrivals::discard(Guest& guest) {
  const ssize_t got = recv(guest.fd.get(), scratch_.data(), scratch_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got > 0) guest.discarded += static_cast<std::size_t>(got);
  if (got <= 0 || guest.discarded > leaving_bytes) guest.fd.reset();
}

void HttpArrivals::read(Guest& guest) {
  // Of the header no more than its limit, or what is over it would count as body.
  const std::size_t most = guest.wanted ? *guest.wanted - guest.bytes.size()
                                        : http_header_bytes_max - guest.bytes.size();
  const ssize_t got = recv(guest.fd.get(), scratch_.data(), std::min(most, scratch_.size()), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0 || (got == 0 && guest.bytes.empty())) return guest.fd.reset();
  if (got == 0) return deliver(guest, true);
  const std::size_t searched = guest.bytes.size();
  guest.bytes.append(scratch_, 0, static_cast<std::size_t>(got));
  take(guest, searched);
}

void HttpArrivals::take(Guest& guest, std::size_t searched) {
  if (!guest.wanted) {
    const std::size_t from = searched - std::min(searched, header_end.size() - 1);
    const std::size_t end = guest.bytes.find(header_end, from);
    if (end == std::string::npos) {
      if (guest.bytes.size() >= http_header_bytes_max) deliver(guest, true);
      return;
    }
    const std::size_t header_bytes = end + header_end.size();
    const auto body = foretold_body(std::string_view(guest.bytes).substr(0, header_bytes));
    if (!body) return deliver(guest, false);
    guest.wanted = header_bytes + *body;
    guest.deadline = guest.came_at + options_.request_time;
  }
  if (guest.bytes.size() >= *guest.wanted) deliver(guest, true);
}

void HttpArrivals::deliver(Guest& guest, bool whole) {
  deliver_({.fd = std::move(guest.fd), .bytes = std::move(guest.bytes), .whole = whole});
}

}  // namespace leumund::net
