#include "intake/policy_service.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <variant>

#include "base/log.h"
#include "intake/incoming.h"

namespace leumund::intake {
namespace {}  // namespace

class PolicyService::Session final : public net::StreamSession {
 public:
  explicit Session(PolicyService& service) : service_(service), parser_(service.options_.limits) {}

  Step on_bytes(std::string_view waiting, std::string& out) override {
    using State = wire::PolicyRequestParser::State;
    switch (parser_.feed(waiting)) {
      case State::incomplete: return {};
      case State::complete:
        service_.answer(parser_.request(), out);
        return {.consumed = parser_.consumed(), .next = Next::keep};
      case State::failed: break;
    }
    service_.refuse(parser_.error(), out);
    return {.consumed = waiting.size(), .next = Next::close};
  }

 private:
  PolicyService& service_;
  wire::PolicyRequestParser parser_;
};

base::Result<std::unique_ptr<PolicyService>> PolicyService::open(net::EventLoop& loop,
                                                                 Options options, Handler handler) {
  std::unique_ptr<PolicyService> out(new PolicyService(loop, std::move(options)));
  out->handler_ = std::move(handler);
  net::StreamOptions stream = out->options_.stream;
  // The parser must see a request that is too long as a whole, to say so instead of just closing.
  stream.input_max = std::max(stream.input_max, 2 * out->options_.limits.request_bytes);
  auto listener = net::StreamListener::open(
      loop, out->options_.listen, std::move(stream),
      [service = out.get()] { return std::make_unique<Session>(*service); });
  if (!listener) return listener.error();
  out->listener_ = std::move(listener).value();
  return out;
}

PolicyService::PolicyService(net::EventLoop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      own_networks_(std::make_shared<const std::vector<base::IpPrefix>>(options_.own_networks)) {}

PolicyService::~PolicyService() = default;

void PolicyService::stop(std::chrono::milliseconds grace) { listener_->stop(grace); }

void PolicyService::answer(const wire::PolicyRequest& request, std::string& out) {
  ++counters_.requests;
  model::Answer answer;
  if (fill_policy_event(request, options_.naming, options_.clock(), event_)) {
    answer = ask_handler();
  } else {
    ++counters_.not_judged;
  }
  ++counters_.answers[static_cast<std::size_t>(answer.disposition)];
  wire::append_policy_answer(answer, out);
  count_latency();
}

model::Answer PolicyService::ask_handler() {
  model::Answer answer;
  try {
    answer = handler_(event_);
  } catch (const std::exception& error) {
    ++counters_.handler_failed;
    if (rare_line_.may_be_written(loop_.woke_at())) {
      base::log(base::LogLevel::error, "event=policy_handler_failed answer=DUNNO what=\"{}\"",
                error.what());
    }
    return {};
  } catch (...) {
    ++counters_.handler_failed;
    return {};
  }
  const auto& submission = std::get<model::Submission>(event_.what);
  if (!is_incoming(submission, *own_networks_.read())) return answer;
  ++counters_.without_login;
  if (answer.disposition <= model::Disposition::warn) return answer;
  ++counters_.incoming_spared;
  return {};
}

void PolicyService::set_own_networks(std::vector<base::IpPrefix> networks) {
  own_networks_.publish(std::make_shared<const std::vector<base::IpPrefix>>(std::move(networks)));
}

void PolicyService::refuse(const base::Error& error, std::string& out) {
  ++(error.code == base::ErrorCode::too_large ? counters_.oversized : counters_.malformed);
  if (rare_line_.may_be_written(loop_.woke_at())) {
    base::log(base::LogLevel::warn, "event=policy_request_refused listener={} answer=DUNNO why={}",
              bound().to_string(), error.message);
  }
  wire::append_policy_answer({}, out);
}

void PolicyService::count_latency() {
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      net::EventLoop::Clock::now() - loop_.woke_at());
  const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
  const auto bucket = static_cast<std::size_t>(
      std::lower_bound(policy_latency_bounds.begin(), policy_latency_bounds.end(), microseconds) -
      policy_latency_bounds.begin());
  ++counters_.latency[bucket];
  counters_.latency_microseconds += microseconds;
}

PolicyCounters PolicyService::counters() const {
  PolicyCounters out{.requests = counters_.requests,
                     .answers = {},
                     .not_judged = counters_.not_judged,
                     .malformed = counters_.malformed,
                     .oversized = counters_.oversized,
                     .handler_failed = counters_.handler_failed,
                     .without_login = counters_.without_login,
                     .incoming_spared = counters_.incoming_spared,
                     .latency = {},
                     .latency_microseconds = counters_.latency_microseconds,
                     .connections = listener_->counters()};
  std::copy(counters_.answers.begin(), counters_.answers.end(), out.answers.begin());
  std::copy(counters_.latency.begin(), counters_.latency.end(), out.latency.begin());
  return out;
}

}  // namespace leumund::intake
