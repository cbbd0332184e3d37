#include "bench/policy_load.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <random>

#include "net/socket.h"

namespace leumund::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t instance_digits = 12;

std::string request_text(std::string_view state, const std::string& account,
                         const std::string& client, const std::string& recipient, std::size_t count,
                         std::string_view queue_id) {
  return fmt::format(
      "request=smtpd_access_policy\nprotocol_state={}\nprotocol_name=ESMTP\nclient_address={}\n"
      "client_name=unknown\nclient_port=50122\nreverse_client_name=unknown\n"
      "server_address=192.0.2.25\nserver_port=587\nhelo_name=pc\nsender={}\nrecipient={}\n"
      "recipient_count={}\nqueue_id={}\ninstance=000000000000\nsize=1834\netrn_domain=\nstress=\n"
      "sasl_method=PLAIN\nsasl_username={}\nsasl_sender=\nccert_subject=\nccert_issuer=\n"
      "ccert_fingerprint=\nccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\n"
      "encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\npolicy_context=\n\n",
      state, client, account, recipient, count, queue_id, account);
}

struct Connection {
  net::Descriptor fd;
  RequestSource::Cursor cursor;
  std::size_t expected = 0;  // bytes of the echo
  std::size_t received = 0;
  bool waiting = false;
  Clock::time_point due;
  char last = 0;
};

// One run: its connections, its schedule, what it measured.
class Crowd {
 public:
  Crowd(const Load& load, RequestSource& source) : load_(load), source_(source) {}

  base::Result<Measured> run() {
    prctl(PR_SET_TIMERSLACK, 1UL);
    if (auto ready = connect_all(); !ready) return ready.error();
    begin_ = Clock::now();
    measure_from_ = begin_ + load_.warm_up;
    const Clock::time_point end = measure_from_ + load_.span;
    next_due_ = begin_;
    while (Clock::now() < end) {
      ask_those_due();
      if (!collect()) {
        return base::Error{base::ErrorCode::unavailable, "the server closed a connection"};
      }
    }
    measured_.seconds = std::chrono::duration<double>(Clock::now() - measure_from_).count();
    std::sort(measured_.latencies.begin(), measured_.latencies.end());
    return std::move(measured_);
  }

 private:
  base::Status connect_all() {
    epoll_ = net::Descriptor(epoll_create1(EPOLL_CLOEXEC));
    connections_.resize(load_.connections);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      auto fd = net::connect_to(load_.server, Clock::now() + std::chrono::seconds(5));
      if (!fd) return fd.error();
      connections_[i].fd = std::move(*fd);
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connections_[i].fd.get(), &event);
      idle_.push_back(i);
    }
    return {};
  }

  void ask_those_due() {
    const bool closed_loop = load_.requests_per_second <= 0;
    const auto now = Clock::now();
    while (!idle_.empty() && (closed_loop || next_due_ <= now)) {
      Connection& connection = connections_[idle_.front()];
      idle_.pop_front();
      const std::string_view text = source_.next(connection.cursor);
      connection.due = closed_loop ? now : next_due_;
      connection.expected = text.size();
      connection.received = 0;
      connection.waiting = true;
      if (!closed_loop) {
        next_due_ +=
            std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / load_.requests_per_second));
      }
      // One small request on an idle connection always fits into the kernel's buffer.
      (void)!send(connection.fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
  }

  bool collect() {
    std::array<epoll_event, 64> events{};
    const timespec patience = time_to_next_due();
    const int ready = epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   &patience, nullptr);
    for (int i = 0; i < ready; ++i) {
      const std::size_t index = events[static_cast<std::size_t>(i)].data.u64;
      Connection& connection = connections_[index];
      const ssize_t got = recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return errno == EAGAIN && got < 0;
      if (is_answered(connection, {buffer_.data(), static_cast<std::size_t>(got)})) {
        note(connection);
        idle_.push_back(index);
      }
    }
    return true;
  }

  // In the open loop sleeps until a request is due: a client that spins would be what the
  // scheduler holds back when both it and the server have a real-time priority.
  [[nodiscard]] timespec time_to_next_due() const {
    if (load_.requests_per_second <= 0) return {};
    const auto left =
        std::chrono::duration_cast<std::chrono::nanoseconds>(next_due_ - Clock::now());
    const bool none_idle = idle_.empty();
    return {.tv_sec = 0,
            .tv_nsec = none_idle ? 1'000'000 : std::max<std::int64_t>(left.count(), 0)};
  }

  bool is_answered(Connection& connection, std::string_view got) const {
    connection.received += got.size();
    const char before = got.size() > 1 ? got[got.size() - 2] : connection.last;
    connection.last = got.back();
    return load_.reply == Reply::echo ? connection.received >= connection.expected
                                      : got.back() == '\n' && before == '\n';
  }

  void note(Connection& connection) {
    connection.waiting = false;
    const auto now = Clock::now();
    if (connection.due < measure_from_) return;
    ++measured_.requests;
    measured_.latencies.push_back(
        std::chrono::duration<double, std::micro>(now - connection.due).count());
  }

  const Load& load_;
  RequestSource& source_;
  net::Descriptor epoll_;
  std::vector<Connection> connections_;
  std::deque<std::size_t> idle_;
  Clock::time_point begin_, measure_from_, next_due_;
  Measured measured_;
  std::array<char, 64 * 1024> buffer_{};
};

}  // namespace

RequestSource::RequestSource(const Shape& shape) {
  std::mt19937_64 random(shape.seed);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  for (std::size_t i = 0; i < shape.messages; ++i) {
    const std::size_t number = below(shape.accounts);
    const std::string account = fmt::format("user{}@verein{}.example", number, number % 500);
    const std::string client = fmt::format("198.51.{}.{}", number / 250 % 250, number % 250 + 1);
    // Most mail has one recipient, and goes to the few with whom one writes.
    const std::size_t recipients = below(10) < 8 ? 1 : 2 + below(6);
    std::vector<Request> message;
    for (std::size_t r = 0; r < recipients; ++r) {
      const std::size_t contact = below(4) == 0 ? below(100'000'000) : number * 20 + below(12);
      const std::string recipient = fmt::format("friend{}@mail{}.example", contact, contact % 97);
      message.push_back({request_text("RCPT", account, client, recipient, 0, "")});
      if (r + 1 == recipients) {
        message.push_back(
            {request_text("END-OF-MESSAGE", account, client, recipients == 1 ? recipient : "",
                          recipients, "4XyZ1k0Qzzz")});
      }
    }
    for (Request& request : message) {
      request.instance_at = request.text.find("instance=") + 9;
    }
    messages_.push_back(std::move(message));
  }
}

std::string_view RequestSource::next(Cursor& cursor) {
  if (cursor.step == 0) {
    cursor.message = next_message_;
    next_message_ = (next_message_ + 1) % messages_.size();
    cursor.instance = ++instances_;
  }
  Request& request = messages_[cursor.message][cursor.step];
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < instance_digits; ++i) {
    request.text[request.instance_at + i] =
        digits[(cursor.instance >> (4 * (instance_digits - 1 - i))) & 15U];
  }
  cursor.step = (cursor.step + 1) % messages_[cursor.message].size();
  return request.text;
}

double Measured::percentile(double part) const {
  if (latencies.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies.size()));
  return latencies[std::min(at, latencies.size() - 1)];
}

base::Result<Measured> run_load(const Load& load, RequestSource& source) {
  return Crowd(load, source).run();
}

}  // namespace leumund::bench
