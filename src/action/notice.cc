#include "action/notice.h"

#include <fmt/core.h>
#include <pthread.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "action/mime_mail.h"
#include "action/one_line.h"
#include "action/run_command.h"
#include "base/log.h"
#include "net/http_client.h"
#include "net/smtp_client.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using base::LogLevel;
using base::TimePoint;
using model::DecisionKind;
using nlohmann::json;

constexpr auto idle_pause = std::chrono::milliseconds(200);

json restriction_json(const std::optional<model::Restriction>& restriction) {
  if (!restriction) return nullptr;
  json out = {{"level", model::level_name(restriction->level)},
              {"mode", model::mode_name(restriction->mode)},
              {"reason", restriction->reason},
              {"by", restriction->by},
              {"since", base::format_rfc3339(restriction->since)},
              {"until", nullptr},
              {"decision", restriction->decision},
              {"automatic", restriction->automatic}};
  if (restriction->until) out["until"] = base::format_rfc3339(*restriction->until);
  return out;
}

base::Status send_mail(const NoticeOptions& options, const Outgoing& outgoing, TimePoint now) {
  const std::string from = options.from.empty() ? options.admin : options.from;
  const std::string text = mime_mail(
      {.from = from,
       .to = outgoing.to,
       .subject = outgoing.text.subject,
       .body = outgoing.text.body,
       // The same at every try, so that a receiver can drop a mail that came twice.
       .message_id = fmt::format("leumund.{}.{}@{}", outgoing.made_at.time_since_epoch().count(),
                                 outgoing.ticket, options.host),
       .date = now,
       .about = outgoing.about});
  if (!options.command.empty()) {
    const auto done = run_command({.arguments = options.command, .input = text});
    if (!done.ok()) return done.error();
    if (done->exit_status == 0) return {};
    return Error{ErrorCode::unavailable,
                 fmt::format("{} ended with status {}: {}", options.command[0], done->exit_status,
                             one_line(done->complaints, 200))};
  }
  if (!options.smtp) return Error{ErrorCode::refused, "no way for notices is configured"};
  const net::SmtpServer server{.where = *options.smtp, .lmtp = options.lmtp, .helo = options.host};
  const auto done =
      net::smtp_send(server, {.envelope_sender = from, .recipients = {outgoing.to}, .text = text});
  return done.ok() ? base::Status() : done.error();
}

base::Status call_webhook(const NoticeOptions& options, const Outgoing& outgoing) {
  const auto url = net::split_url(options.webhook);
  if (!url.ok()) return url.error();
  net::HttpCall call;
  call.server = url->first;
  call.method = "POST";
  call.target = url->second;
  call.body = outgoing.payload;
  call.total = std::chrono::seconds(20);
  const auto reply = net::http_call(call);
  if (!reply.ok()) return reply.error();
  if (reply->status >= 200 && reply->status < 300) return {};
  return Error{ErrorCode::unavailable, fmt::format("the webhook answered {}", reply->status)};
}

// A listing, a block or a detour: what the world does to our mail, and what is done about it.
NoticeText surroundings_notice(const model::Decision& decision, Language language) {
  if (decision.block) return block_notice(decision, language);
  if (decision.detour) return detour_notice(decision, language);
  if (decision.case_news) return case_notice(decision, language);
  return listing_notice(decision, language);
}

}  // namespace

std::string webhook_json(const NoticeCause& cause) {
  const auto& decision = cause.decision;
  json out = {{"event", model::decision_kind_name(decision.kind)},
              {"number", decision.number},
              {"at", base::format_rfc3339(decision.at)},
              {"subject", decision.subject.name.empty() ? "" : decision.subject.to_string()},
              {"by", decision.by},
              {"detector", decision.detector},
              {"score", decision.score},
              {"reason", decision.restriction.reason},
              {"before", restriction_json(cause.before)},
              {"now", restriction_json(cause.now)},
              {"recipients_before", decision.recipients_before},
              {"held", cause.outcome.held},
              {"unattended", decision.unattended},
              {"terms", json::array()}};
  if (!cause.outcome.trouble.empty()) out["trouble"] = cause.outcome.trouble;
  if (decision.undoes > 0) out["undoes"] = decision.undoes;
  for (const auto& term : decision.terms) {
    out["terms"].push_back({{"name", term.name}, {"value", term.value}, {"text", term.text}});
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Notifier::Notifier(NoticeOptions options, Clock clock)
    : clock_(std::move(clock)), state_(options.rates) {
  state_.with([&](State& state) { state.options = std::move(options); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "tell");
}

Notifier::~Notifier() { stop(std::chrono::milliseconds(0)); }

void Notifier::queue_mail(State& state, const std::string& to, NoticeText text, std::string about,
                          TimePoint now) {
  const bool way = state.options.smtp || !state.options.command.empty();
  if (!way || !is_plain_address(to)) return;
  state.queue.add({.ticket = 0,
                   .way = NoticeWay::mail,
                   .to = to,
                   .text = std::move(text),
                   .payload = {},
                   .about = std::move(about),
                   .made_at = now},
                  now);
}

void Notifier::tell(NoticeCause cause) {
  const auto now = clock_();
  state_.with([&](State& state) {
    const auto& options = state.options;
    const auto& decision = cause.decision;
    const std::string about = std::to_string(decision.number);
    if (!options.webhook.empty()) {
      state.queue.add({.ticket = 0,
                       .way = NoticeWay::webhook,
                       .to = {},
                       .text = {},
                       .payload = webhook_json(cause),
                       .about = about,
                       .made_at = now},
                      now);
    }
    // Who released or suspended by hand knows it; that goes to the webhook only.
    const bool automatic = decision.restriction.automatic && decision.undoes == 0;
    if (decision.about_surroundings()) {
      // What opens and closes a case has its own notice: the listing's, the provider's. One that
      // tells what helped the last time is worth a mail more.
      const bool helps = decision.kind == DecisionKind::case_opened && !decision.terms.empty();
      const bool told = decision.case_news && decision.kind != DecisionKind::case_due && !helps;
      if (!told && !options.admin.empty() && state.queue.own_mail(decision, now)) {
        queue_mail(state, options.admin, surroundings_notice(decision, options.language), about,
                   now);
      }
    } else if (decision.kind == DecisionKind::alarm) {
      queue_mail(state, options.admin, alarm_notice(decision, options.language), about, now);
    } else if (decision.kind == DecisionKind::restricted && automatic) {
      if (!options.admin.empty() && state.queue.own_mail(decision, now)) {
        queue_mail(state, options.admin,
                   restricted_notice(decision, cause.outcome, options.language), about, now);
      }
      if (options.owner && decision.subject.kind == model::SubjectKind::account) {
        queue_mail(state, decision.subject.name,
                   owner_notice(decision, options.contact, options.language), about, now);
      }
    } else if (decision.kind == DecisionKind::would_restrict && !options.admin.empty() &&
               state.queue.own_mail(decision, now)) {
      queue_mail(state, options.admin, observed_notice(decision, options.language), about, now);
    }
  });
}

void Notifier::tell_over(const model::Decision& decision, std::size_t mails, std::size_t senders) {
  const auto now = clock_();
  state_.with([&](State& state) {
    // Many restrictions may end at once.
    const bool campaign = decision.subject.kind == model::SubjectKind::campaign;
    if (!campaign && (state.options.admin.empty() || !state.queue.own_mail(decision, now))) return;
    queue_mail(state, state.options.admin,
               over_notice(decision, mails, senders, state.options.language),
               std::to_string(decision.number), now);
  });
}

void Notifier::tell_customer(const std::string& to, NoticeText text) {
  const auto now = clock_();
  state_.with([&](State& state) { queue_mail(state, to, std::move(text), "", now); });
}

void Notifier::digest(std::span<const model::Decision> decisions, TimePoint from, TimePoint until) {
  const auto now = clock_();
  state_.with([&](State& state) {
    queue_mail(state, state.options.admin,
               digest_notice(decisions, from, until, state.options.language), "", now);
  });
}

void Notifier::set_options(NoticeOptions options) {
  state_.with([&](State& state) { state.options = std::move(options); });
}

NoticeCounters Notifier::counters() const {
  return state_.with([](const State& state) {
    NoticeCounters counters = state.counters;
    counters.dropped = state.queue.dropped();
    counters.waiting = state.queue.waiting() + state.queue.collecting();
    counters.collecting = state.queue.collecting();
    counters.collected_at = state.queue.collected_at();
    return counters;
  });
}

void Notifier::queue_collected(State& state, const std::vector<model::Decision>& collected,
                               TimePoint now) {
  const NoticeOptions& options = state.options;
  if (collected.size() == 1 && collected[0].kind == DecisionKind::would_restrict) {
    queue_mail(state, options.admin, observed_notice(collected[0], options.language),
               std::to_string(collected[0].number), now);
  } else if (!collected.empty()) {
    queue_mail(state, options.admin, collected_notice(collected, options.language), "", now);
  }
}

bool Notifier::send_one() {
  const auto now = clock_();
  std::optional<Outgoing> outgoing;
  NoticeOptions options;
  state_.with([&](State& state) {
    options = state.options;
    queue_collected(state, state.queue.collected(now), now);
    outgoing = state.queue.due(now);
  });
  if (!outgoing) return false;
  const auto status = outgoing->way == NoticeWay::mail ? send_mail(options, *outgoing, now)
                                                       : call_webhook(options, *outgoing);
  const auto after = clock_();
  state_.with([&](State& state) {
    if (status.ok()) {
      state.queue.sent(outgoing->ticket);
      ++(outgoing->way == NoticeWay::mail ? state.counters.mails_sent
                                          : state.counters.webhooks_sent);
      state.counters.last_error.clear();
      return;
    }
    ++state.counters.failures;
    const bool given_up = state.queue.failed(outgoing->ticket, after);
    if (given_up || state.counters.last_error != status.error().message) {
      base::log(given_up ? LogLevel::error : LogLevel::warn,
                "notice decision={} way={} given_up={} error=\"{}\"", outgoing->about,
                outgoing->way == NoticeWay::mail ? "mail" : "webhook", given_up,
                status.error().message);
    }
    state.counters.last_error = status.error().message;
  });
  return true;
}

void Notifier::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    bool busy = false;
    try {
      busy = send_one();
    } catch (const std::exception& error) {
      base::log(LogLevel::error, "notice thread=tell exception=\"{}\"", error.what());
    }
    if (!busy) std::this_thread::sleep_for(idle_pause);
  }
}

void Notifier::stop(std::chrono::milliseconds deadline) {
  if (!thread_.joinable()) return;
  // Nobody would tell of them after the next start.
  state_.with(
      [this](State& state) { queue_collected(state, state.queue.take_collected(), clock_()); });
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (std::chrono::steady_clock::now() < end &&
         state_.with([this](State& state) { return state.queue.due(clock_()).has_value(); })) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  thread_.request_stop();
  thread_.join();
}

}  // namespace leumund::action
