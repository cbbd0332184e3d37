// What the log correlator tells: deliveries, removals, logins, and the filling of events.
#include <algorithm>
#include <charconv>

#include "intake/log_correlator.h"

namespace leumund::intake {
namespace {

using wire::PostfixLogLine;

constexpr std::size_t waiting_deliveries_max = 10'000;

void set_uid_name(std::uint32_t uid, std::string& out) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, uid).ptr;
  out.assign("uid");
  out.append(digits, end);
}

// smtpd's service names are the operator's; those for submission mean one thing.
std::string_view login_service(std::string_view service) {
  if (service.empty()) return "smtp";
  const bool submission = service.find("submission") != std::string_view::npos ||
                          service.find("smtps") != std::string_view::npos;
  return submission ? std::string_view("submission") : service;
}

}  // namespace

void LogCorrelator::fill_key(const MessageKey& key, model::QueueKey& out) const {
  const Origin& origin = origins_[key.origin];
  out.host = origin.host;
  out.instance = origin.instance;
  out.queue_id = key.queue_id();
}

// At once, while the mail itself is told when it is queued: the milter waits for this.
void LogCorrelator::tell_local_sender(const Message& message) const {
  if (settings_.local_senders == nullptr || !message.from_pickup) return;
  model::QueueKey queue;
  fill_key(message.key, queue);
  std::string script;
  set_uid_name(message.uid, script);
  settings_.local_senders->add(queue, std::move(script));
}

void LogCorrelator::emit(model::MailEvent& event, base::TimePoint occurred_at) {
  event.occurred_at = occurred_at;
  event.received_at = received_at_;
  sink_(event);
}

void LogCorrelator::tell_submission(std::uint32_t number) {
  Message& message = table_.at(number);
  auto& out = std::get<model::Submission>(submission_.what);
  fill_key(message.key, out.queue);
  out.source = model::Source::log;
  out.stage = model::SubmissionStage::accepted;
  out.account = message.account;
  out.script.clear();
  if (message.from_pickup && message.account.empty()) set_uid_name(message.uid, out.script);
  out.client = message.client;
  out.envelope_sender.has_value() ? out.envelope_sender->assign(message.sender)
                                  : out.envelope_sender.emplace(message.sender);
  out.size_bytes = message.size_bytes;
  out.recipient_count = message.continued ? 0 : message.recipient_count;
  if (message.continued) {
    if (!out.continues) out.continues.emplace();
    fill_key(message.root, *out.continues);
  } else {
    out.continues.reset();
    ++counters_.submissions;
  }
  message.state = MessageState::submitted;
  emit(submission_, message.queued_at);
  (void)end_deliveries(number, true);
}

std::uint32_t LogCorrelator::end_deliveries(std::uint32_t number, bool told) {
  Message& message = table_.at(number);
  std::uint32_t count = 0;
  for (std::uint32_t at = message.first_delivery; at != 0; ++count) {
    const std::uint32_t next = waiting_deliveries_[at].next;
    if (told) {
      ++counters_.deliveries;
      model::MailEvent& event = waiting_deliveries_[at].event;
      emit(event, event.occurred_at);
    }
    free_deliveries_.push_back(at);
    at = next;
  }
  message.first_delivery = message.last_delivery = 0;
  return count;
}

void LogCorrelator::keep_delivery(const model::MailEvent& event, std::uint32_t number) {
  std::uint32_t at = 0;
  if (!free_deliveries_.empty()) {
    at = free_deliveries_.back();
    free_deliveries_.pop_back();
  } else if (waiting_deliveries_.size() <= waiting_deliveries_max) {
    at = static_cast<std::uint32_t>(waiting_deliveries_.size());
    waiting_deliveries_.emplace_back();
  } else {
    ++counters_.deliveries;  // before its submission rather than not at all
    return emit(delivery_, line_at_);
  }
  waiting_deliveries_[at].event = event;
  waiting_deliveries_[at].event.occurred_at = line_at_;
  waiting_deliveries_[at].next = 0;
  Message& message = table_.at(number);
  if (message.last_delivery != 0) {
    waiting_deliveries_[message.last_delivery].next = at;
  } else {
    message.first_delivery = at;
  }
  message.last_delivery = at;
}

void LogCorrelator::fill_delivery(const PostfixLogLine& line, const wire::DeliveryText& text,
                                  const MessageKey& key, model::MailEvent& event) const {
  auto& out = std::get<model::Delivery>(event.what);
  fill_key(key, out.queue);
  out.source = model::Source::log;
  // As the sender wrote it: what policy saw, before aliases.
  out.recipient = line.orig_recipient.empty() ? line.recipient : line.orig_recipient;
  out.to = line.orig_recipient.empty() ? "" : line.recipient;
  out.egress = line.service;
  out.remote = line.relay.find('[') != std::string_view::npos ? wire::relay_without_port(line.relay)
                                                              : text.remote;
  const bool agent = line.program == wire::LogProgram::delivery_agent;
  out.transport = agent ? line.program_name : std::string_view();
  out.status = line.status;
  out.stage = text.stage;
  out.reply = text.reply;
}

void LogCorrelator::take_delivery(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!origin_of(line, origin)) return;
  const MessageKey key = MessageKey::of(origin, line.queue_id);
  std::uint32_t number = table_.find(key);
  const wire::DeliveryText text = wire::read_delivery_text(line.text, line.status);
  if (!text.queued_as.empty() || !text.forwarded_as.empty()) {
    if (hand_over(line, text, number)) return;
    number = table_.find(key);
  }
  if (number != 0 && table_.at(number).state == MessageState::ours) return;
  fill_delivery(line, text, key, delivery_);
  if (number == 0) {  // its first lines may still come
    number = make(key);
    wait_for(number);
  }
  const bool early = table_.at(number).state == MessageState::collecting ||
                     table_.at(number).state == MessageState::waiting;
  if (early) return keep_delivery(delivery_, number);
  ++counters_.deliveries;
  emit(delivery_, line_at_);
}

// To ourselves (a content filter, a local LMTP server) is no way out.
void LogCorrelator::take_encrypted(const PostfixLogLine& line) {
  constexpr std::size_t services_max = 64;
  const auto other = base::IpAddress::parse(wire::relay_address(line.relay));
  if (!other || other->is_loopback()) return;
  auto& counts = counters_.encrypted;
  const auto known = std::find_if(counts.begin(), counts.end(),
                                  [&](const auto& count) { return count.first == line.service; });
  if (known != counts.end()) {
    ++known->second;
  } else if (counts.size() < services_max) {
    counts.emplace_back(line.service, 1);
  }
}

// qmgr does not say for whom; every recipient that is left has been deferred before.
void LogCorrelator::take_expired(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!origin_of(line, origin)) return;
  const MessageKey key = MessageKey::of(origin, line.queue_id);
  const std::uint32_t number = table_.find(key);
  if (number != 0 && table_.at(number).state == MessageState::ours) return;
  fill_delivery(line, {}, key, delivery_);
  std::get<model::Delivery>(delivery_.what).status = model::DeliveryStatus::expired;
  ++counters_.deliveries;
  emit(delivery_, line_at_);
}

void LogCorrelator::take_removed(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!origin_of(line, origin)) return;
  const MessageKey key = MessageKey::of(origin, line.queue_id);
  const std::uint32_t number = table_.find(key);
  if (number == 0) return tell_removal(key, line_at_);
  Message& message = table_.at(number);
  if (message.removed) return;
  message.removed = true;
  message.removed_at = line_at_;
  if (message.state == MessageState::waiting) return;  // resolve() goes on from here
  if (message.state == MessageState::submitted || message.state == MessageState::silent) {
    message.state = MessageState::gone;
  }
  wait_for(number);
}

// A mail refused as a whole never reaches the queue: Postfix writes no "removed" for it.
void LogCorrelator::take_refused(const PostfixLogLine& line) {
  if (line.queue_id.empty()) return;
  const bool discarded = line.verb == "discard" || line.verb == "milter-discard";
  const bool rejected = line.verb == "reject" || line.verb == "milter-reject";
  const bool whole = line.kind == wire::LineKind::header_check ||
                     line.stage.starts_with("END-OF-") || line.stage == "DATA";
  std::uint16_t origin = 0;
  if (!(discarded || (rejected && whole)) || !origin_of(line, origin)) return;
  const std::uint32_t number = table_.find(MessageKey::of(origin, line.queue_id));
  if (number == 0 || table_.at(number).state != MessageState::collecting) return;
  table_.at(number).removed = true;
  table_.at(number).removed_at = line_at_;
  finish(number, true);
}

void LogCorrelator::take_bounce_notice(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!wire::is_queue_id(line.other_queue_id) || !origin_of(line, origin)) return;
  const std::uint32_t number = table_.find(MessageKey::of(origin, line.other_queue_id));
  if (number == 0) return;
  Message& message = table_.at(number);
  if (message.from_client || message.from_pickup) return;
  message.bounce = true;
  if (message.state == MessageState::waiting) resolve(number);
}

// A filter before the queue: the client's own session never gets the queue id, the filter does.
void LogCorrelator::take_proxy_accepted(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (line.other_queue_id.empty() || !origin_of(line, origin)) return;
  const Session& session = session_of(origin, line.pid);
  if (!session.proxied) return;
  std::uint32_t number = find_on_host(origin, line.other_queue_id);
  if (number == 0) number = make(MessageKey::of(origin, line.other_queue_id));
  Message& message = table_.at(number);
  const bool open =
      message.state == MessageState::collecting || message.state == MessageState::waiting;
  if (!open || (message.from_client && !message.from_here)) return;
  message.preset = true;
  message.from_here = false;
  message.account = session.account;
  message.client = session.client;
  if (message.state == MessageState::waiting) queue(number);
}

void LogCorrelator::take_certificate(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!settings_.certificate_accounts || !line.verified || line.account.empty() ||
      !origin_of(line, origin)) {
    return;
  }
  Session& session = session_of(origin, line.pid);
  session.account = "cert:";
  session.account += line.account.substr(0, 315);
  session.client = base::IpAddress::parse(line.client_address);
}

void LogCorrelator::tell_removal(const MessageKey& key, base::TimePoint at) {
  fill_key(key, std::get<model::QueueRemoval>(removal_.what).queue);
  ++counters_.removals;
  emit(removal_, at);
}

void LogCorrelator::take_login(const PostfixLogLine& line) {
  tell_login(line.account.substr(0, 320), base::IpAddress::parse(line.client_address), line.service,
             line.kind == wire::LineKind::login_ok);
}

void LogCorrelator::tell_login(std::string_view account,
                               const std::optional<base::IpAddress>& client,
                               std::string_view service, bool ok) {
  auto& out = std::get<model::Login>(login_.what);
  out.account = account;
  out.client = client;
  out.service = login_service(service);
  out.ok = ok;
  ++counters_.logins;
  emit(login_, line_at_);
}

}  // namespace leumund::intake
