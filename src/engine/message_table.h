// Every message seen of late, so that its sightings by policy, log, milter and API are one message,
// and so that deliveries, complaints and queue ids lead back to the account that sent it.
//
// Limits:  `messages_max`; beyond it the oldest message is forgotten and counted. What is on disk
//          of its place in the queue stays, as it may be on hold, until it is told to have left. A
//          message keeps at most 10,000 recipients and 16 queue ids.
// Threads: none of its own and no lock.
// Owner:   pointers to messages end with the next create().
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "engine/flat_index.h"
#include "model/mail_event.h"
#include "model/queued_mail.h"

namespace leumund::engine {

// One recipient of one message: 30 bits of keyed hash and what became of it.
class RecipientMark {
 public:
  static constexpr std::uint32_t hash_mask = 0x3fffffffU;

  RecipientMark(std::uint32_t hash, bool fresh)
      : bits_((hash & hash_mask) | (fresh ? fresh_bit : 0)) {}
  [[nodiscard]] std::uint32_t hash() const { return bits_ & hash_mask; }
  [[nodiscard]] bool fresh() const { return (bits_ & fresh_bit) != 0; }  // never written to before
  [[nodiscard]] bool resolved() const {
    return (bits_ & resolved_bit) != 0;
  }  // delivered or refused
  void resolve() { bits_ |= resolved_bit; }

 private:
  static constexpr std::uint32_t fresh_bit = 0x80000000U;
  static constexpr std::uint32_t resolved_bit = 0x40000000U;
  std::uint32_t bits_;
};

struct Message {
  static constexpr std::size_t recipients_max = 10'000;
  static constexpr std::size_t queues_max = 16;

  std::uint64_t number = 0;
  std::uint64_t account = 0;              // hash of its subject in the ledger
  std::uint64_t previous_of_account = 0;  // number
  std::uint64_t handed_in_by = 0;         // hash of the subject that policy and log take it for
  base::TimePoint first_at;
  std::string id;
  std::uint64_t id_hash = 0;
  std::vector<model::QueueKey> queues;  // the newest last
  std::vector<RecipientMark> recipients;
  std::uint32_t recipient_count = 0;  // as claimed; may be more than are known
  std::uint32_t fresh = 0;
  std::uint32_t in_house = 0;  // of the fresh ones
  std::uint32_t resolved = 0;
  std::uint32_t client = 0;  // keyed hashes, for joining with the log
  std::uint32_t sender = 0;
  std::uint32_t sender_domain = 0;
  float applied = 0;     // what its recipients added to the suspicion
  float scored_new = 0;  // ... to the hour's tally
  float scored_known = 0;
  float scored_in_house = 0;
  float contacts = 0;
  std::uint8_t content_refusals = 0;                        // counted ones
  model::MailClass mail_class = model::MailClass::unknown;  // as the milter saw it
  std::uint64_t cluster = 0;                                // of detector B; 0: alone
  bool placed = false;                                      // detector B has seen it
  bool placed_whole = false;                                // ... with what it says
  bool in_character = false;  // ... and it was its account's own: held by no campaign
  bool announced = false;
  bool automatic = false;  // null sender: an automatic answer
  bool left_queue = false;
  bool refused = false;          // was not let in
  bool asked_at_rcpt = false;    // by policy, recipient by recipient
  bool passed_stranger = false;  // ... and one was let through that is no helpdesk address
  bool passed_external = false;  // ... or that is neither internal nor helpdesk
  bool throttled = false;        // somebody was put off: asking again for him is not free
  bool restored = false;         // from before a restart: its recipients are counted already
  bool queue_noted = false;      // its place in the queue may have changed since the last drain
  bool queue_kept = false;       // somebody keeps its queue ids on disk
  bool campaign_kept = false;    // ... and that it is of its cluster's campaign
  bool in_log = false;           // the log has told of it, and so its queue id's full name
  bool taken_over = false;       // its headers named another sender: his message goes on
  bool let_through = false;      // although its account is restricted: goes on its way

  [[nodiscard]] RecipientMark* find(std::uint32_t hash);
  [[nodiscard]] bool belongs_to(std::uint64_t subject) const {
    return account == subject || (handed_in_by != 0 && handed_in_by == subject);
  }
  [[nodiscard]] bool in_queue() const { return !queues.empty() && !left_queue && !refused; }
  // In the queue and to be held when its sender is stopped.
  [[nodiscard]] bool queued() const { return in_queue() && !let_through; }
};

class MessageTable {
 public:
  MessageTable(std::size_t messages_max, base::HashKey key)
      : messages_max_(messages_max), key_(key) {}

  [[nodiscard]] Message* by_id(std::string_view id);
  [[nodiscard]] Message* by_queue(const model::QueueKey& queue);
  [[nodiscard]] Message* by_number(std::uint64_t number);
  [[nodiscard]] const Message* by_number(std::uint64_t number) const;

  Message& create(std::string_view id, std::uint64_t account, base::TimePoint at);
  // Gives a message one more queue id. A queue id that is used again belongs to the newest.
  void add_queue(Message& message, const model::QueueKey& queue);
  void remove_queue(Message& message, const model::QueueKey& queue);
  // When a message without a queue id was seen last: without any nobody need look for one.
  void note_nameless(base::TimePoint at) { nameless_at_ = std::max(nameless_at_, at); }
  [[nodiscard]] base::TimePoint nameless_at() const { return nameless_at_; }

  // From now on remembers whose place in the queue has changed, until drain_queue() is called. Off
  // at first, so that a replay does not collect what nobody asks for.
  void watch_queue() { queue_watched_ = true; }
  // To be called after every change of what Message::in_queue() or its recipients depend on.
  void note_queue(Message& message);
  // The changes since the last call; `subject_of` names the owner of an account's hash,
  // `campaign_of` the campaign that a message is of.
  [[nodiscard]] std::vector<model::QueuedMail> drain_queue(
      const std::function<std::string(std::uint64_t)>& subject_of,
      const std::function<std::string(const Message&)>& campaign_of);
  // The log tells that this has left the queue, and no message remembered has it.
  void left_unknown(const model::QueueKey& queue);
  // Takes back what drain_queue() told in an earlier run.
  Message& restore_queued(const model::QueuedMail& mail, std::uint64_t account);

  // Visits the messages of an account, newest first, until `visit` says no.
  void of_account(std::uint64_t account, const std::function<bool(Message&)>& visit);
  void of_account(std::uint64_t account, const std::function<bool(const Message&)>& visit) const;

  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

 private:
  [[nodiscard]] std::uint64_t hash_of(const model::QueueKey& queue) const;
  void forget(Message& message);
  void drop_kept(const Message& message, const model::QueueKey& queue);
  void tell_queued(Message& message, std::string subject, std::string campaign,
                   std::vector<model::QueuedMail>& out) const;

  std::size_t messages_max_;
  base::HashKey key_;
  std::vector<Message> messages_;  // message n lies at (n - 1) % messages_max
  std::uint64_t newest_ = 0;
  std::uint64_t forgotten_ = 0;
  FlatIndex ids_;
  FlatIndex queues_;
  FlatIndex newest_of_account_;
  base::TimePoint nameless_at_;
  bool queue_watched_ = false;
  std::vector<std::uint64_t> noted_;         // numbers of messages
  std::vector<model::QueueKey> queue_gone_;  // kept ones of messages that left the queue
  bool outlived_ = false;         // what is on disk is of more messages than are remembered
  std::vector<Message> leaving_;  // forgotten, with their last change
  std::vector<model::QueueKey> unknown_gone_;
};

}  // namespace leumund::engine
