// Answers Postfix's policy requests: at RCPT whether this recipient is taken, at end of message
// whether the mail is.
//
// Flow:    net::StreamListener -> wire::PolicyRequestParser -> MailEvent -> Handler -> answer.
// Time:    the system clock is read once per request, here, and stands in the event.
// Limits:  Options::limits for a request and Options::stream for connections. A request that breaks
//          one, or is no policy request, is answered DUNNO; then the connection is closed.
// Threads: the handler runs on the loop's thread and must not block; the rest from any thread.
// Errors:  mail goes on: a handler that throws is answered DUNNO and counted. What arrives for us
//          from outside without a login is never refused: receiving is not ours to stop.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "intake/policy_event.h"
#include "intake/rare_line.h"
#include "model/answer.h"
#include "model/mail_event.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/stream_listener.h"
#include "wire/policy_request.h"

namespace leumund::intake {

// Upper ends in microseconds; what took longer is counted in one more bucket at the end.
inline constexpr std::array<std::uint32_t, 11> policy_latency_bounds = {
    10, 25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 25'000, 100'000};

struct PolicyCounters {
  std::uint64_t requests = 0;
  std::array<std::uint64_t, 5> answers{};  // by model::Disposition
  std::uint64_t not_judged = 0;            // other stages than RCPT and end of message
  std::uint64_t malformed = 0;
  std::uint64_t oversized = 0;
  std::uint64_t handler_failed = 0;
  std::uint64_t without_login = 0;    // outside client, no account: incoming mail
  std::uint64_t incoming_spared = 0;  // of these, that the handler would have stopped
  // From the moment the loop woke for the request to its answer, waiting for others included.
  std::array<std::uint64_t, policy_latency_bounds.size() + 1> latency{};
  std::uint64_t latency_microseconds = 0;  // sum
  net::StreamCounters connections;
};

class PolicyService {
 public:
  using Handler = std::function<model::Answer(const model::MailEvent&)>;

  struct Options {
    net::Endpoint listen;
    net::StreamOptions stream = {};
    wire::PolicyLimits limits = {};
    PolicyNaming naming = {};
    // Clients that send for us without a login, beside loopback and private addresses (mynetworks).
    std::vector<base::IpPrefix> own_networks = {};
    // What the events are dated with; replaced where a recorded day is played.
    std::function<base::TimePoint()> clock = base::system_now;
  };

  [[nodiscard]] static base::Result<std::unique_ptr<PolicyService>> open(net::EventLoop& loop,
                                                                         Options options,
                                                                         Handler handler);
  ~PolicyService();

  // From the next request on; any thread.
  void set_own_networks(std::vector<base::IpPrefix> networks);

  // As StreamListener::stop.
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] const net::Endpoint& bound() const { return listener_->bound(); }
  [[nodiscard]] PolicyCounters counters() const;

 private:
  class Session;
  struct LiveCounters {
    std::atomic<std::uint64_t> requests, not_judged, malformed, oversized, handler_failed;
    std::atomic<std::uint64_t> without_login, incoming_spared, latency_microseconds;
    std::array<std::atomic<std::uint64_t>, 5> answers;
    std::array<std::atomic<std::uint64_t>, policy_latency_bounds.size() + 1> latency;
  };

  PolicyService(net::EventLoop& loop, Options options);
  void answer(const wire::PolicyRequest& request, std::string& out);
  void refuse(const base::Error& error, std::string& out);
  [[nodiscard]] model::Answer ask_handler();
  void count_latency();

  net::EventLoop& loop_;
  const Options options_;
  base::Published<std::vector<base::IpPrefix>> own_networks_;
  Handler handler_;
  model::MailEvent event_;  // used again for every request, so that its strings keep their memory
  LiveCounters counters_{};
  RareLine rare_line_{"policy"};
  std::unique_ptr<net::StreamListener> listener_;
};

}  // namespace leumund::intake
