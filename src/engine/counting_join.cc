// Which message an event speaks of: policy, milter, log and API name one mail in different ways.
#include "engine/counting.h"

#include <algorithm>
#include <cmath>

namespace leumund::engine {

namespace {

// Postfix asks policy before it logs, and policy's question waits for nobody.
constexpr std::chrono::seconds until_logged{60};
// What an account sends in that time may be much: the log's line is about one of the newest.
constexpr int looked_at_max = 1000;
constexpr int newer_max = 2'000;
// The log has whole seconds, as a rule.
constexpr std::chrono::seconds log_is_behind{1};

}  // namespace

Message* Counting::join_by_circumstances(const model::Submission& submission,
                                         std::uint64_t account) {
  // Postfix tells policy no queue id at the first RCPT: the log's line is joined by who, from
  // where, as whom, within a minute.
  if (account == 0 || !submission.queue.known() || !submission.envelope_sender) return nullptr;
  if (p_.messages.nameless_at() + until_logged < at_) return nullptr;
  const std::uint32_t client =
      submission.client ? client_of(*submission.client, submission.client_facts).address : 0;
  const std::uint32_t sender = hash_lower(*submission.envelope_sender);
  Message* found = nullptr;
  int looked_at = 0;
  p_.messages.of_account(account, [&](Message& message) {
    if (message.first_at + until_logged < at_ || ++looked_at > looked_at_max) return false;
    const bool same = message.queues.empty() && !message.refused && !message.taken_over &&
                      message.sender == sender && (client == 0 || message.client == client) &&
                      (submission.recipient_count == 0 ||
                       message.recipients.size() == submission.recipient_count);
    if (same) found = &message;  // the oldest that fits: the log tells in order
    return true;
  });
  return found;
}

// The log's line tells how many recipients a mail has, and that may be more than policy was asked
// about (a copy for the archive, an alias) or fewer (some were refused): then its first delivery
// tells which mail it is. Counted as two, the second would find every stranger known already.
Message& Counting::join_by_recipient(std::uint32_t recipient, Message& line) {
  if (!line.in_log || !line.id.empty() || line.restored) return line;
  if (p_.messages.nameless_at() + until_logged < line.first_at) return line;
  Message* found = nullptr;
  int looked_at = 0;
  int newer = 0;
  p_.messages.of_account(line.account, [&](Message& message) {
    if (message.first_at >= line.first_at + log_is_behind) return ++newer <= newer_max;
    if (message.first_at + until_logged < line.first_at || ++looked_at > looked_at_max)
      return false;
    const bool same = message.queues.empty() && !message.refused && !message.taken_over &&
                      message.find(recipient) != nullptr;
    if (same) found = &message;
    return true;
  });
  if (found == nullptr) return line;
  const bool left_queue = line.left_queue;
  take_over(line.number, *found);
  found->left_queue |= left_queue;
  found->recipient_count = std::max(found->recipient_count, line.recipient_count);
  evidence::Account* account = p_.ledger.touch_again(line.account, at_);
  const std::uint32_t fresh_before = found->fresh;
  const std::size_t all_before = found->recipients.size();
  for (const RecipientMark& mark : line.recipients) {  // told of before this one, and by no policy
    --p_.totals.recipients;
    if (line.announced && found->announced) ++account->recent.announced_left;
    if (!count_recipient(mark.hash(), *account, *found) || !mark.resolved()) continue;
    found->recipients.back().resolve();
    ++found->resolved;
  }
  rescore(*account, *found, fresh_before, all_before);
  p_.messages.note_queue(*found);
  return *found;
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

// What policy or log told of the mail before its headers named whose it is: deliveries, holds and
// counts belong to the one message now.
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
  before->taken_over = true;
  take_back(*before);
}

// As if it had never been counted for its account: a relay that hands in the forwards of a hundred
// rules has not written to their readers.
void Counting::take_back(Message& message) {
  if (message.restored) return;  // counted before a restart, and nothing says what
  evidence::Account* account = p_.ledger.touch_again(message.account, at_);
  if (account == nullptr) return;
  evidence::Recent& recent = account->recent;
  const base::TimePoint then = message.first_at;
  const auto less = [](float& sum, float value) { sum = std::max(0.0F, sum - value); };
  for (evidence::HourTally& hour : recent.hours) {
    if (hour.hour != evidence::bucket_number(then, 3600)) continue;
    hour.messages -= hour.messages > 0 ? 1U : 0U;
    less(hour.contacts, message.contacts);
    less(hour.scored_new, message.scored_new);
    less(hour.scored_known, message.scored_known);
    less(hour.scored_in_house, message.scored_in_house);
  }
  const auto sixteenths = static_cast<std::uint32_t>(std::lround(message.contacts * 16));
  recent.contacts.take(sixteenths, then);
  recent.sprint.take(sixteenths, then);
  recent.recipients.take(message.fresh, then);
  evidence::Trail& trail = recent.suspicion.trail(evidence::Kind::new_recipient);
  less(trail.hits, static_cast<float>(message.fresh));
  less(trail.tries, static_cast<float>(message.recipients.size()));
  recent.suspicion.take_back(evidence::Kind::new_recipient, message.applied, then, half_life());
  for (const RecipientMark& mark : message.recipients) {
    if (mark.fresh()) account->habits.recipients.remove(mark.hash());
  }
  message.applied = message.contacts = 0;
  message.scored_new = message.scored_known = message.scored_in_house = 0;
}

}  // namespace leumund::engine
