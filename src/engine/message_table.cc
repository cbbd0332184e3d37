#include "engine/message_table.h"

#include <algorithm>
#include <utility>

namespace leumund::engine {

RecipientMark* Message::find(std::uint32_t hash) {
  hash &= RecipientMark::hash_mask;
  const auto at = std::find_if(recipients.begin(), recipients.end(),
                               [hash](const RecipientMark& mark) { return mark.hash() == hash; });
  return at == recipients.end() ? nullptr : &*at;
}

std::uint64_t MessageTable::hash_of(const model::QueueKey& queue) const {
  std::uint64_t hash = base::keyed_hash(key_, queue.queue_id);
  if (!queue.host.empty()) hash = base::combine_hashes(hash, base::keyed_hash(key_, queue.host));
  if (!queue.instance.empty()) {
    hash = base::combine_hashes(hash, ~base::keyed_hash(key_, queue.instance));
  }
  return hash;
}

Message* MessageTable::by_number(std::uint64_t number) {
  if (number == 0 || number > newest_) return nullptr;
  Message& message = messages_[(number - 1) % messages_max_];
  return message.number == number ? &message : nullptr;
}

const Message* MessageTable::by_number(std::uint64_t number) const {
  if (number == 0 || number > newest_) return nullptr;
  const Message& message = messages_[(number - 1) % messages_max_];
  return message.number == number ? &message : nullptr;
}

Message* MessageTable::by_id(std::string_view id) {
  return id.empty() ? nullptr : by_number(ids_.find(base::keyed_hash(key_, id)));
}

Message* MessageTable::by_queue(const model::QueueKey& queue) {
  return queue.known() ? by_number(queues_.find(hash_of(queue))) : nullptr;
}

Message& MessageTable::create(std::string_view id, std::uint64_t account, base::TimePoint at) {
  ++newest_;
  const std::size_t slot = (newest_ - 1) % messages_max_;
  if (slot < messages_.size()) {
    forget(messages_[slot]);
  } else {
    messages_.emplace_back();
  }
  Message& message = messages_[slot];
  message.number = newest_;
  message.account = account;
  message.first_at = at;
  message.previous_of_account = newest_of_account_.find(account);
  newest_of_account_.set(account, newest_);
  if (!id.empty()) {
    message.id = id;
    message.id_hash = base::keyed_hash(key_, id);
    ids_.set(message.id_hash, newest_);
  }
  return message;
}

void MessageTable::forget(Message& message) {
  ++forgotten_;
  const auto erase_own = [&message](FlatIndex& index, std::uint64_t key) {
    if (index.find(key) == message.number) index.erase(key);
  };
  if (message.id_hash != 0) erase_own(ids_, message.id_hash);
  // An id that was used again is another's.
  std::erase_if(message.queues, [this, &message](const model::QueueKey& queue) {
    return queues_.find(hash_of(queue)) != message.number;
  });
  const bool waits = message.in_queue();
  for (const model::QueueKey& queue : message.queues) {
    if (!waits) drop_kept(message, queue);
    erase_own(queues_, hash_of(queue));
  }
  erase_own(newest_of_account_, message.account);
  outlived_ = outlived_ || (waits && (message.queue_kept || message.queue_noted));
  if (waits && message.queue_noted && leaving_.size() < messages_max_)
    leaving_.push_back(std::move(message));
  message = Message{};
}

void MessageTable::left_unknown(const model::QueueKey& queue) {
  if (queue_watched_ && outlived_ && queue.known()) unknown_gone_.push_back(queue);
}

void MessageTable::add_queue(Message& message, const model::QueueKey& queue) {
  if (!queue.known()) return;
  if (std::find(message.queues.begin(), message.queues.end(), queue) == message.queues.end()) {
    if (message.queues.size() >= Message::queues_max) {
      drop_kept(message, message.queues.front());
      message.queues.erase(message.queues.begin());
    }
    message.queues.push_back(queue);
    note_queue(message);
  }
  queues_.set(hash_of(queue), message.number);
}

void MessageTable::remove_queue(Message& message, const model::QueueKey& queue) {
  if (std::erase(message.queues, queue) == 0) return;
  drop_kept(message, queue);
  const std::uint64_t hash = hash_of(queue);
  if (queues_.find(hash) == message.number) queues_.erase(hash);
}

// An id that Postfix has used again is a newer message's, and stays.
void MessageTable::drop_kept(const Message& message, const model::QueueKey& queue) {
  if (!message.queue_kept || queues_.find(hash_of(queue)) != message.number) return;
  queue_gone_.push_back(queue);
}

void MessageTable::note_queue(Message& message) {
  if (!queue_watched_ || message.queue_noted || message.queues.empty()) return;
  message.queue_noted = true;
  noted_.push_back(message.number);
}

void MessageTable::tell_queued(Message& message, std::string subject, std::string campaign,
                               std::vector<model::QueuedMail>& out) const {
  const auto known = static_cast<std::uint32_t>(message.recipients.size());
  const std::uint32_t uncounted =
      message.recipient_count > known ? message.recipient_count - known : 0;
  message.campaign_kept = !campaign.empty();
  for (const model::QueueKey& queue : message.queues) {
    const std::uint64_t owner = queues_.find(hash_of(queue));
    if (owner != message.number && owner != 0) continue;
    out.push_back({queue, subject, message.first_at, uncounted, message.let_through, campaign,
                   message.mail_class});
  }
}

std::vector<model::QueuedMail> MessageTable::drain_queue(
    const std::function<std::string(std::uint64_t)>& subject_of,
    const std::function<std::string(const Message&)>& campaign_of) {
  std::vector<model::QueuedMail> out;
  const auto tell_gone = [&out](std::vector<model::QueueKey>& keys) {
    for (model::QueueKey& queue : std::exchange(keys, {}))
      out.push_back({.queue = std::move(queue), .subject = {}, .since = {}});
  };
  // Gone first: a key that a forgotten message had may be a newer one's by now.
  tell_gone(queue_gone_);
  for (Message& message : std::exchange(leaving_, {})) {
    std::string subject = subject_of(message.account);
    if (!subject.empty()) tell_queued(message, std::move(subject), campaign_of(message), out);
  }
  tell_gone(unknown_gone_);
  for (const std::uint64_t number : std::exchange(noted_, {})) {
    Message* message = by_number(number);
    if (message == nullptr) continue;  // forgotten meanwhile
    message->queue_noted = false;
    std::string subject = message->in_queue() ? subject_of(message->account) : std::string();
    if (subject.empty() && !message->queue_kept) continue;
    message->queue_kept = !subject.empty();
    tell_queued(*message, std::move(subject), campaign_of(*message), out);
  }
  return out;
}

Message& MessageTable::restore_queued(const model::QueuedMail& mail, std::uint64_t account) {
  Message& message = create({}, account, mail.since);
  message.restored = true;
  message.queue_kept = true;
  outlived_ = true;  // more may be on disk than was handed in
  message.let_through = mail.let_through;
  message.mail_class = mail.mail_class;
  message.recipient_count =
      std::min<std::uint32_t>(mail.uncounted, static_cast<std::uint32_t>(Message::recipients_max));
  const bool watched = std::exchange(queue_watched_, false);
  add_queue(message, mail.queue);
  queue_watched_ = watched;
  return message;
}

void MessageTable::of_account(std::uint64_t account, const std::function<bool(Message&)>& visit) {
  for (std::uint64_t number = newest_of_account_.find(account); number != 0;) {
    Message* message = by_number(number);
    if (message == nullptr || !visit(*message)) return;
    number = message->previous_of_account;
  }
}

void MessageTable::of_account(std::uint64_t account,
                              const std::function<bool(const Message&)>& visit) const {
  for (std::uint64_t number = newest_of_account_.find(account); number != 0;) {
    const Message* message = by_number(number);
    if (message == nullptr || !visit(*message)) return;
    number = message->previous_of_account;
  }
}

}  // namespace leumund::engine
