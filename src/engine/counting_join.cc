// Which message an event speaks of: policy, milter, log and API name one mail in different ways.
#include "engine/counting.h"

namespace leumund::engine {

Message* Counting::join_by_circumstances(const model::Submission& submission,
                                         std::uint64_t account) {
  // Postfix tells policy no queue id at the first RCPT: the log's line is joined by who, from
  // where, as whom, within a minute.
  if (account == 0 || !submission.queue.known() || !submission.envelope_sender) return nullptr;
  const std::uint32_t client =
      submission.client ? client_of(*submission.client, submission.client_facts).address : 0;
  const std::uint32_t sender = hash_lower(*submission.envelope_sender);
  Message* found = nullptr;
  p_.messages.of_account(account, [&](Message& message) {
    if (message.first_at + std::chrono::seconds(60) < at_) return false;
    const bool same = message.queues.empty() && !message.refused && message.sender == sender &&
                      (client == 0 || message.client == client) &&
                      (submission.recipient_count == 0 ||
                       message.recipients.size() == submission.recipient_count);
    if (same) found = &message;  // the oldest that fits: the log tells in order
    return true;
  });
  return found;
}

Message* Counting::find_message(const model::Submission& submission, std::uint64_t account) {
  if (submission.continues) {
    if (Message* message = p_.messages.by_queue(*submission.continues)) return message;
  }
  if (Message* message = p_.messages.by_id(submission.id)) return message;
  Message* message = p_.messages.by_queue(submission.queue);
  // A queue id used again after its message left is a new message, whatever the old one was.
  if (message != nullptr && !message->left_queue &&
      (account == 0 || message->belongs_to(account))) {
    return message;
  }
  // The message that has no queue id yet; the milter sees it under its id before the log tells.
  const bool first_named =
      submission.source == model::Source::log || submission.source == model::Source::milter;
  if (!first_named) return nullptr;
  message = join_by_bare_queue_id(submission, account);
  return message != nullptr ? message : join_by_circumstances(submission, account);
}

// Policy and milter do not tell which Postfix instance asks: their queue id stands for the default
// one until the log names another. Two instances may use an id at the same time, so the account has
// to be the same too; the message then stands under its full name alone, lest a hold hits the other
// instance's mail.
Message* Counting::join_by_bare_queue_id(const model::Submission& submission,
                                         std::uint64_t account) {
  if (account == 0 || submission.queue.instance.empty()) return nullptr;
  model::QueueKey bare = submission.queue;
  bare.instance.clear();
  Message* message = p_.messages.by_queue(bare);
  if (message == nullptr || message->left_queue || message->refused ||
      !message->belongs_to(account) || message->in_log) {
    return nullptr;
  }
  p_.messages.remove_queue(*message, bare);
  return message;
}

// What policy or log told of the mail before its headers named whose it is: deliveries and holds
// belong to the one message now. What was counted for the other stays: it did hand it in.
void Counting::take_over(std::uint64_t number, Message& message) {
  Message* before = number == 0 ? nullptr : p_.messages.by_number(number);
  if (before == nullptr || before == &message) return;
  const std::vector<model::QueueKey> queues = before->queues;
  for (const model::QueueKey& queue : queues) {
    p_.messages.remove_queue(*before, queue);
    p_.messages.add_queue(message, queue);
  }
  message.in_log = before->in_log;
  before->left_queue = true;
}

}  // namespace leumund::engine
