// From an event to what is counted: which message it belongs to, whose it is, and what it adds.
//
// Flow:    Engine::feed() -> Counting::count() -> MessageTable, Ledger, Suspicion -> Counted.
// Time:    passed in, already brought between the past and now.
// Threads: none of its own and no lock.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/ip_address.h"
#include "base/time.h"
#include "diagnosis/refusal.h"
#include "engine/message_table.h"
#include "engine/own_listing.h"
#include "engine/shared_clients.h"
#include "evidence/ledger.h"
#include "model/mail_event.h"
#include "model/subject.h"
#include "verdict/settings.h"

namespace leumund::engine {

// Whom an event was counted for. Pointers end with the next event.
struct Counted {
  evidence::Account* account = nullptr;  // nothing: it says nothing about anybody
  Message* message = nullptr;
  bool judged = false;                   // may lead to a finding
  std::uint32_t recipients_counted = 0;  // for the first time, by this event
};

struct CountingTotals {
  std::uint64_t recipients = 0;
  std::uint64_t duplicates = 0;
};

// The hash under which a recipient stands in the message table; the same in any case (ASCII).
[[nodiscard]] std::uint32_t hash_of_address(const base::HashKey& key, std::string_view text);

class Counting {
 public:
  struct Parts {
    const verdict::Settings& detection;
    const std::vector<base::IpPrefix>& relay_clients;
    const base::HashKey& key;
    evidence::Ledger& ledger;
    MessageTable& messages;
    OwnListing& own_listing;
    SharedClients& shared_clients;
    const diagnosis::Refusal& refusal;  // of a delivery that was not sent
    CountingTotals& totals;
  };

  Counting(Parts parts, base::TimePoint at) : p_(parts), at_(at) {}

  Counted operator()(const model::Submission& submission);
  Counted operator()(const model::Delivery& delivery);
  Counted operator()(const model::Complaint& complaint);
  Counted operator()(const model::TrapHit& trap);
  Counted operator()(const model::Login& login);
  Counted operator()(const model::Announcement& announcement);
  Counted operator()(const model::QueueRemoval& removal);
  Counted operator()(const model::Retraction& retraction);

  // Who sends; nothing for mail that comes in from outside or whose sender has no valid name.
  [[nodiscard]] static std::optional<model::Subject> sender_of(
      const model::Submission& submission, const std::vector<base::IpPrefix>& relay_clients);

 private:
  struct Client {
    std::uint32_t address = 0;
    std::uint32_t network = 0;  // 0: loopback, which is no origin
  };

  Message* find_message(const model::Submission& submission, std::uint64_t account);
  Message* join_by_bare_queue_id(const model::Submission& submission, std::uint64_t account);
  Message* join_by_circumstances(const model::Submission& submission, std::uint64_t account);
  Message& join_by_recipient(std::uint32_t recipient, Message& line);
  void take_over(std::uint64_t number, Message& message);
  void take_back(Message& message);
  void begin_message(const model::Submission& submission, evidence::Account& account,
                     Message& message);
  void see_headers(const model::Submission& submission, evidence::Account& account);
  void see_house(std::uint32_t recipient, const evidence::Account& account, Message& message);
  bool count_recipient(std::string_view recipient, evidence::Account& account, Message& message);
  bool count_recipient(std::uint32_t hash, evidence::Account& account, Message& message);
  void rescore(evidence::Account& account, Message& message, std::uint32_t fresh_before,
               std::size_t all_before);
  float weigh_contacts(evidence::Account& account, const Message& message);
  void resolve(const model::Delivery& delivery, evidence::Account& account, Message& message,
               RecipientMark& mark);
  Counted object(std::string_view id, const std::string& account_name);
  evidence::ClientSeen& see_client(evidence::Account& account, const base::IpAddress& address,
                                   const model::ClientFacts& facts);
  [[nodiscard]] Client client_of(const base::IpAddress& address,
                                 const model::ClientFacts& facts) const;
  [[nodiscard]] std::uint32_t hash_lower(std::string_view text) const;
  [[nodiscard]] std::chrono::seconds half_life() const;

  Parts p_;
  base::TimePoint at_;
};

}  // namespace leumund::engine
