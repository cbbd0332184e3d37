#include "intake/log_correlator.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace leumund::intake {
namespace {

using wire::LineKind;
using wire::PostfixLogLine;

constexpr std::size_t origins_max = 4096;
constexpr std::size_t sessions_max = 4096;
constexpr std::uint32_t no_pid = 0xffffffff;
constexpr std::size_t message_ids_max = std::size_t{1} << 18;
constexpr std::size_t expected_max = 1024;
constexpr std::chrono::minutes clock_step_min{1};
constexpr std::size_t name_bytes_max = 320;  // RFC 5321: local part 64, @, domain 255

// Twice as many places as messages, so that few clash; a power of two: process ids spread evenly.
std::size_t table_room(std::size_t messages, std::size_t most) {
  return std::min(std::bit_ceil(std::min(messages, most) * 2 + 1), most);
}

std::string_view cut(std::string_view text) { return text.substr(0, name_bytes_max); }

}  // namespace

LogCorrelator::LogCorrelator(CorrelatorSettings settings, Sink sink)
    : settings_(std::move(settings)),
      sink_(std::move(sink)),
      table_(settings_.messages_max),
      sessions_(table_room(settings_.messages_max, sessions_max)),
      expected_(table_room(settings_.messages_max, expected_max)),
      by_message_id_(table_room(settings_.messages_max, message_ids_max), 0),
      waiting_deliveries_(1) {
  submission_.what.emplace<model::Submission>();
  delivery_.what.emplace<model::Delivery>();
  login_.what.emplace<model::Login>();
  removal_.what.emplace<model::QueueRemoval>();
}

void LogCorrelator::feed(const PostfixLogLine& line, base::TimePoint at,
                         base::TimePoint received_at) {
  ++counters_.lines[static_cast<std::size_t>(line.kind)];
  received_at_ = received_at;
  line_at_ = at;
  if (line.stamp.month == 0 && line.kind <= LineKind::no_stamp) return;
  if (at < now_ - clock_step_min) {
    ++counters_.clock_steps;
    settle(received_at);
    now_ = at;
  } else if (at > now_) {
    now_ = at;
    if (due_head_ < due_.size()) run_due(false);
  }
  take_line(line);
}

void LogCorrelator::take_line(const PostfixLogLine& line) {
  switch (line.kind) {
    case LineKind::connect:
    case LineKind::disconnect: {
      std::uint16_t origin = 0;
      if (origin_of(line, origin)) session_of(origin, line.pid).pid = no_pid;
      return;
    }
    case LineKind::client: return take_client(line);
    case LineKind::certificate: return take_certificate(line);
    case LineKind::proxy_accepted: return take_proxy_accepted(line);
    case LineKind::login_ok:
    case LineKind::login_failed: return take_login(line);
    case LineKind::pickup: return take_pickup(line);
    case LineKind::message_id: return take_message_id(line);
    case LineKind::queued: return take_queued(line);
    case LineKind::delivery: return take_delivery(line);
    case LineKind::expired: return take_expired(line);
    case LineKind::removed: return take_removed(line);
    case LineKind::refused:
    case LineKind::header_check: return take_refused(line);
    case LineKind::bounce_notice: return take_bounce_notice(line);
    case LineKind::encrypted: return take_encrypted(line);
    case LineKind::empty:
    case LineKind::no_stamp:
    case LineKind::foreign:
    case LineKind::unknown:
    case LineKind::irrelevant:
    case LineKind::skipped:
    case LineKind::note:
    case LineKind::postscreen:
    case LineKind::postsuper: return;
  }
}

bool LogCorrelator::origin_of(const PostfixLogLine& line, std::uint16_t& origin) {
  // Nearly every line has the origin of the line before.
  if (last_origin_known_ && line.host == last_host_ && line.instance == last_instance_) {
    origin = last_origin_;
    return true;
  }
  const auto ours = [&](const std::string& name) { return name == "*" || name == line.host; };
  const bool own = std::any_of(settings_.own_hosts.begin(), settings_.own_hosts.end(), ours);
  Origin wanted{own ? std::string() : std::string(line.host), std::string(line.instance)};
  const auto [at, is_new] = origin_numbers_.try_emplace(
      wanted.host + '/' + wanted.instance, static_cast<std::uint16_t>(origins_.size()));
  if (is_new) {
    if (origins_.size() >= origins_max) {
      origin_numbers_.erase(at);
      ++counters_.origins_refused;
      return false;
    }
    origins_.push_back(std::move(wanted));
  }
  last_host_ = line.host;
  last_instance_ = line.instance;
  last_origin_ = origin = at->second;
  last_origin_known_ = true;
  return true;
}

std::uint32_t LogCorrelator::find_on_host(std::uint16_t origin, std::string_view queue_id) const {
  if (const std::uint32_t number = table_.find(MessageKey::of(origin, queue_id))) return number;
  for (std::size_t other = 0; other < origins_.size(); ++other) {
    if (other == origin || origins_[other].host != origins_[origin].host) continue;
    const auto key = MessageKey::of(static_cast<std::uint16_t>(other), queue_id);
    if (const std::uint32_t number = table_.find(key)) return number;
  }
  return 0;
}

std::uint32_t LogCorrelator::make(const MessageKey& key) {
  if (table_.full()) {
    ++counters_.forgotten;
    finish(table_.oldest(), false);
  }
  return table_.make(key);
}

// The message whose first line this is.
std::uint32_t LogCorrelator::begin(const PostfixLogLine& line, std::uint16_t origin) {
  const MessageKey key = MessageKey::of(origin, line.queue_id);
  const std::uint32_t number = table_.find(key);
  if (number == 0) return make(key);
  const Message& message = table_.at(number);
  const bool open =
      message.state == MessageState::collecting || message.state == MessageState::waiting;
  if (open && (message.preset || (!message.from_client && !message.from_pickup))) return number;
  if (!message.removed) ++counters_.reused_ids;
  finish(number, true);
  return make(key);
}

void LogCorrelator::take_client(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!origin_of(line, origin)) return;
  Session& session = session_of(origin, line.pid);
  const auto client = base::IpAddress::parse(line.client_address);
  std::string_view account = cut(line.account);
  if (!account.empty()) {
    const std::uint64_t name = hash(account);
    if (session.login_hash != name) {
      session.login_hash = name;
      tell_login(account, client, line.service, true);
    }
  } else if (!session.proxied && session.client == client) {
    account = session.account;  // of the certificate it showed
  }
  if (line.queue_id.empty()) {
    session.proxied = true;
    session.account = account;
    session.client = client;
    return;
  }
  const std::uint32_t number = begin(line, origin);
  Message& message = table_.at(number);
  message.from_client = true;
  if (!message.preset) {
    message.account = account;
    message.client = client;
    message.from_here = account.empty() && client && is_own_address(*client);
    MessageKey from;
    if (!line.orig_queue_id.empty()) {
      const std::uint32_t original = find_on_host(origin, line.orig_queue_id);
      from = original != 0 ? table_.at(original).key : MessageKey::of(origin, line.orig_queue_id);
      if (from != message.key) continue_from(number, from);
    } else if (message.from_here && was_expected(number, from)) {
      continue_from(number, from);
    }
  }
  if (message.state == MessageState::waiting) queue(number);
}

void LogCorrelator::take_pickup(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!origin_of(line, origin)) return;
  const std::uint32_t number = begin(line, origin);
  Message& message = table_.at(number);
  if (!message.preset) {
    message.from_pickup = true;
    message.uid = line.uid;
  }
  tell_local_sender(message);
  if (wire::is_queue_id(line.other_queue_id)) {
    const MessageKey from = MessageKey::of(origin, line.other_queue_id);
    if (from != message.key) {
      continue_from(number, from);
      if (const std::uint32_t before = table_.find(from)) finish(before, true);
    }
  }
  if (message.state == MessageState::waiting) queue(number);
}

void LogCorrelator::take_message_id(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!origin_of(line, origin)) return;
  const std::uint64_t id_hash = line.message_id.empty() ? 0 : hash(line.message_id) | 1;
  const MessageKey key = MessageKey::of(origin, line.queue_id);
  std::uint32_t number = table_.find(key);
  if (number != 0) {
    const Message& message = table_.at(number);
    // A message is given its id once: another one is that of the next mail under this queue id.
    const bool another = message.message_id_hash != 0 && message.message_id_hash != id_hash;
    if (another && (message.removed || message.state != MessageState::collecting)) {
      if (!message.removed) ++counters_.reused_ids;
      finish(number, true);
      number = 0;
    }
  }
  if (number == 0) number = make(key);
  table_.at(number).message_id_hash = id_hash;
  if (id_hash == 0) return;
  std::uint32_t& slot = by_message_id_[id_hash % by_message_id_.size()];
  // The first message of an id stays: those that go on from it are found through it.
  if (slot != 0 && table_.at(slot).in_use && table_.at(slot).message_id_hash == id_hash) return;
  slot = number;
}

void LogCorrelator::take_queued(const PostfixLogLine& line) {
  std::uint16_t origin = 0;
  if (!origin_of(line, origin)) return;
  const MessageKey key = MessageKey::of(origin, line.queue_id);
  std::uint32_t number = table_.find(key);
  if (number != 0 && table_.at(number).state == MessageState::gone) {
    finish(number, true);
    number = 0;
  }
  if (number == 0) number = make(key);
  Message& message = table_.at(number);
  if (message.state != MessageState::collecting) return;  // another try of a deferred mail
  message.state = MessageState::waiting;
  message.sender = cut(line.sender);
  message.sender_hash = hash(line.sender);
  message.size_bytes = line.size_bytes;
  message.recipient_count = line.recipient_count;
  message.queued_at = line_at_;
  queue(number);
}

// A queued message: told at once if it is clear where it came from, else it waits.
void LogCorrelator::queue(std::uint32_t number) {
  Message& message = table_.at(number);
  const bool known = message.continued || message.preset || message.from_pickup ||
                     (message.from_client && !message.from_here);
  if (message.bounce || known) return resolve(number);
  wait_for(number);
}

void LogCorrelator::wait_for(std::uint32_t number) {
  if (due_head_ > 1024 && due_head_ * 2 > due_.size()) {
    due_.erase(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(due_head_));
    due_head_ = 0;
  }
  due_.push_back({now_ + settings_.wait, number, table_.at(number).generation});
}

void LogCorrelator::run_due(bool all) {
  while (due_head_ < due_.size() && (all || due_[due_head_].at < now_)) {
    const Due due = due_[due_head_++];
    const Message& message = table_.at(due.number);
    if (!message.in_use || message.generation != due.generation) continue;
    const bool unknown = message.state == MessageState::collecting && !message.from_client &&
                         !message.from_pickup && !message.preset && message.message_id_hash == 0;
    if (message.state == MessageState::waiting) {
      resolve(due.number);
    } else if (message.removed) {
      finish(due.number, true);
    } else if (unknown) {  // only a delivery was seen
      finish(due.number, false);
    }
  }
  if (due_head_ == due_.size()) {
    due_.clear();
    due_head_ = 0;
  }
}

void LogCorrelator::settle(base::TimePoint received_at) {
  received_at_ = received_at;
  run_due(true);
}

// Says of a queued message what is known of it now.
void LogCorrelator::resolve(std::uint32_t number) {
  Message& message = table_.at(number);
  const bool of_unknown_origin =
      !message.continued && !message.preset && !message.from_client && !message.from_pickup;
  if (message.bounce || (of_unknown_origin && message.sender.empty())) {
    message.state = MessageState::ours;
    ++counters_.own_notices;
    (void)end_deliveries(number, false);
  } else if (of_unknown_origin) {
    message.state = MessageState::silent;
    ++counters_.unknown_origin;
    (void)end_deliveries(number, true);
  } else if (message.continued || !join_by_message_id(number)) {
    tell_submission(number);
  }
  if (!message.removed) return;
  if (message.state != MessageState::ours) message.state = MessageState::gone;
  wait_for(number);
}

// Ends a message; with `left_queue` its removal is told too.
void LogCorrelator::finish(std::uint32_t number, bool left_queue) {
  Message& message = table_.at(number);
  if (message.state == MessageState::waiting) resolve(number);
  const bool of_known_origin = message.from_client || message.from_pickup || message.preset;
  if (message.state == MessageState::collecting && message.first_delivery != 0 && of_known_origin) {
    // Its qmgr line never came, but it was delivered.
    message.recipient_count = 1;
    for (std::uint32_t at = message.first_delivery; waiting_deliveries_[at].next != 0;
         at = waiting_deliveries_[at].next) {
      ++message.recipient_count;
    }
    message.queued_at = line_at_;
    message.state = MessageState::waiting;
    resolve(number);
  }
  const bool told = message.state != MessageState::ours &&
                    (message.state != MessageState::collecting || message.removed);
  const MessageKey key = message.key;
  const base::TimePoint removed_at = message.removed ? message.removed_at : line_at_;
  (void)end_deliveries(number, message.state != MessageState::ours);
  table_.release(number);
  if (left_queue && told) tell_removal(key, removed_at);
}

LogCorrelator::Session& LogCorrelator::session_of(std::uint16_t origin, std::uint32_t pid) {
  Session& session = sessions_[(pid + origin * 257U) % sessions_.size()];
  if (session.pid != pid || session.origin != origin) {
    session.pid = pid;
    session.origin = origin;
    session.proxied = false;
    session.login_hash = 0;
    session.account.clear();
    session.client.reset();
  }
  return session;
}

std::uint64_t LogCorrelator::hash(std::string_view text) const {
  return base::keyed_hash(settings_.key, text);
}

CorrelatorCounters LogCorrelator::counters() const {
  CorrelatorCounters out = counters_;
  out.open_messages = table_.size();
  return out;
}

}  // namespace leumund::intake
