// Following one mail from queue id to queue id: through content filters, forwards and requeues.
#include <algorithm>

#include "intake/log_correlator.h"

namespace leumund::intake {
namespace {

constexpr std::size_t own_addresses_max = 64;
constexpr std::chrono::minutes expected_span{1};

}  // namespace

bool LogCorrelator::is_own_address(const base::IpAddress& address) const {
  return address.is_loopback() ||
         std::find(settings_.own_addresses.begin(), settings_.own_addresses.end(), address) !=
             settings_.own_addresses.end();
}

// True if `child` is what the server at `relay` gave back of `from`. Anybody may answer "queued as"
// with a queue id of ours that he once saw, so the client that brought the child must be this host,
// or be that server in a private network and have brought the same mail.
bool LogCorrelator::came_back(const Message& child, const Message* from,
                              const base::IpAddress& relay) {
  if (!child.account.empty() || !child.client) return false;
  if (child.from_here && is_own_address(relay)) return true;
  const bool same_mail = from != nullptr && from->message_id_hash != 0 &&
                         from->message_id_hash == child.message_id_hash &&
                         from->sender_hash == child.sender_hash;
  if (*child.client != relay || !relay.is_private() || !same_mail) return false;
  // A filter in a container next door: from now on its mail waits for the filter's answer.
  if (!is_own_address(relay) && settings_.own_addresses.size() < own_addresses_max) {
    settings_.own_addresses.push_back(relay);
  }
  return true;
}

// A delivery that only moved the mail to another queue id of ours is no delivery; true then.
bool LogCorrelator::hand_over(const wire::PostfixLogLine& line, const wire::DeliveryText& text,
                              std::uint32_t from) {
  const bool forwarded = !text.forwarded_as.empty();
  const auto relay = base::IpAddress::parse(wire::relay_address(line.relay));
  if (!forwarded && !relay) return false;
  const std::uint16_t origin = last_origin_;
  const MessageKey from_key = MessageKey::of(origin, line.queue_id);
  const std::string_view queue_id = forwarded ? text.forwarded_as : text.queued_as;
  std::uint32_t child = find_on_host(origin, queue_id);
  if (child == 0) {
    const MessageKey key = MessageKey::of(origin, queue_id);
    if (!forwarded) {
      if (is_own_address(*relay)) expect(key, from_key);
      return false;
    }
    child = make(key);
    table_.at(child).preset = true;
  }
  if (child == from || table_.at(child).key == from_key) return false;
  Message& message = table_.at(child);
  // make() may have taken the place of `from` when the table was full.
  const Message* parent = from != 0 && table_.at(from).key == from_key ? &table_.at(from) : nullptr;
  if (message.continued) {  // by the delivery to another recipient
    return message.root == (parent != nullptr ? parent->root : from_key);
  }
  if (!forwarded && !came_back(message, parent, *relay)) return false;
  const bool open =
      message.state == MessageState::collecting || message.state == MessageState::waiting;
  if (open) {
    continue_from(child, from_key);
    if (message.state == MessageState::waiting) queue(child);
  }
  return true;
}

void LogCorrelator::continue_from(std::uint32_t number, const MessageKey& from) {
  Message& message = table_.at(number);
  if (message.continued) return;
  const std::uint32_t parent = table_.find(from);
  if (parent == number || (parent != 0 && table_.at(parent).root == message.key)) return;
  message.continued = true;
  message.root = from;
  ++counters_.continuations;
  if (parent == 0) return;
  if (table_.at(parent).state == MessageState::waiting) resolve(parent);
  const Message& before = table_.at(parent);
  message.root = before.root;
  message.bounce = message.bounce || before.state == MessageState::ours;
  if (message.account.empty()) message.account = before.account;
  message.client = before.client;
  message.from_pickup = before.from_pickup;
  message.uid = before.uid;
}

void LogCorrelator::expect(const MessageKey& child, const MessageKey& from) {
  expected_[child.hash() % expected_.size()] = {child, from, now_};
}

bool LogCorrelator::was_expected(std::uint32_t number, MessageKey& from) const {
  const MessageKey& key = table_.at(number).key;
  const Expected& expected = expected_[key.hash() % expected_.size()];
  if (expected.child != key || expected.at + expected_span < now_) return false;
  from = expected.from;
  return from != key;
}

// The last resort, for filters that do not answer with the new queue id: the same message id and
// envelope sender as a mail that came from elsewhere and is or was just in the queue. A mailing
// list keeps the id but not the sender. Since anybody on this host can send a mail with a chosen
// id, such mail may not have more recipients than the one it claims to be.
bool LogCorrelator::join_by_message_id(std::uint32_t number) {
  Message& message = table_.at(number);
  const bool may_be_filtered = message.from_here || message.from_pickup;
  if (message.message_id_hash == 0 || !may_be_filtered) return false;
  const std::uint32_t first = by_message_id_[message.message_id_hash % by_message_id_.size()];
  if (first == 0 || first == number) return false;
  Message& before = table_.at(first);
  const bool told = before.state == MessageState::submitted || before.state == MessageState::gone;
  if (!before.in_use || !told || before.message_id_hash != message.message_id_hash ||
      before.sender_hash != message.sender_hash ||
      origins_[before.key.origin].host != origins_[message.key.origin].host) {
    return false;
  }
  const bool from_elsewhere = before.from_here ? false
                              : before.from_pickup
                                  ? !message.from_pickup || before.uid != message.uid
                                  : before.from_client;
  const std::uint32_t recipients = before.continued_recipients + message.recipient_count;
  if (!from_elsewhere || recipients > before.recipient_count) return false;
  before.continued_recipients = recipients;
  continue_from(number, before.key);
  if (!message.continued) return false;
  tell_submission(number);
  return true;
}

}  // namespace leumund::intake
