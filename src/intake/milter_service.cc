#include "intake/milter_service.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "intake/incoming.h"
#include "intake/milter_session.h"

namespace leumund::intake {

base::Result<std::unique_ptr<MilterService>> MilterService::open(net::EventLoop& loop,
                                                                 Options options, Handler handler) {
  std::unique_ptr<MilterService> out(new MilterService(loop, std::move(options)));
  out->handler_ = std::move(handler);
  net::StreamOptions stream = out->options_.stream;
  // The session must see how long a packet claims to be, to say so instead of just closing.
  stream.input_max = std::max(stream.input_max, out->options_.limits.packet_bytes + 64);
  auto listener = net::StreamListener::open(
      loop, out->options_.listen, std::move(stream),
      [service = out.get()] { return std::make_unique<Session>(*service); });
  if (!listener) return listener.error();
  out->listener_ = std::move(listener).value();
  return out;
}

MilterService::MilterService(net::EventLoop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      own_networks_(std::make_shared<const std::vector<base::IpPrefix>>(options_.own_networks)),
      prints_(options_.prints, options_.key, options_.limits.body_bytes),
      attribution_(options_.key) {}

MilterService::~MilterService() = default;

void MilterService::stop(std::chrono::milliseconds grace) { listener_->stop(grace); }

void MilterService::set_own_networks(std::vector<base::IpPrefix> networks) {
  own_networks_.publish(std::make_shared<const std::vector<base::IpPrefix>>(std::move(networks)));
}

model::Answer MilterService::judge(const model::MailEvent& event) {
  model::Answer answer = ask_handler(event);
  if (is_incoming(std::get<model::Submission>(event.what), *own_networks_.read())) {
    ++counters_.incoming;
    if (answer.disposition > model::Disposition::warn) ++counters_.incoming_spared;
    answer = {};
  }
  ++counters_.answers[static_cast<std::size_t>(answer.disposition)];
  return answer;
}

// Connection boundary: mail goes on whatever the handler throws.
model::Answer MilterService::ask_handler(const model::MailEvent& event) {
  try {
    return handler_(event);
  } catch (const std::exception& error) {
    ++counters_.handler_failed;
    base::log(base::LogLevel::error, "event=milter_handler_failed answer=pass what=\"{}\"",
              error.what());
    return {};
  }
}

void MilterService::refuse(const base::Error& error) {
  ++counters_.malformed;
  if (!rare_line_.may_be_written(loop_.woke_at())) return;
  base::log(base::LogLevel::warn, "event=milter_connection_closed listener={} why={}",
            bound().to_string(), error.message);
}

MilterCounters MilterService::counters() const {
  MilterCounters out{.messages = counters_.messages,
                     .answers = {},
                     .bytes = counters_.bytes,
                     .cut = counters_.cut,
                     .malformed = counters_.malformed,
                     .handler_failed = counters_.handler_failed,
                     .incoming = counters_.incoming,
                     .incoming_spared = counters_.incoming_spared,
                     .waited = counters_.waited,
                     .waited_in_vain = counters_.waited_in_vain,
                     .screened = counters_.screened,
                     .screen_forged = counters_.screen_forged,
                     .classes = {},
                     .names_refused = counters_.names_refused,
                     .connections = listener_->counters()};
  std::ranges::copy(counters_.answers, out.answers.begin());
  std::ranges::copy(counters_.classes, out.classes.begin());
  return out;
}

}  // namespace leumund::intake
