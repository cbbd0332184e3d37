// Joins the lines of a mail log by queue id into mail events: one submission for one mail, however
// many queue ids it passes through, its deliveries, its removal, and logins.
//
// Flow:    PostfixLogLine -> LogCorrelator -> MailEvent -> engine.
// Time:    the stamps of the lines are the clock. What cannot be told yet (a queued message whose
//          first line has not come, one that a content filter may have given back) waits `wait` of
//          that time; a clock that steps back by more than a minute ends all waiting.
// Limits:  `messages_max` open messages, the oldest is forgotten and counted; 4,096 pairs of host
//          and instance, lines of further ones are counted and dropped; 10,000 deliveries that
//          wait for their submission; account and sender are cut at 320 bytes.
// Threads: none of its own and no lock; one caller.
// Owner:   the event given to the sink is reused and ends with the call.
// Errors:  none; any line is taken, and what it was is counted.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/ip_address.h"
#include "base/time.h"
#include "intake/local_senders.h"
#include "intake/log_message_table.h"
#include "model/mail_event.h"
#include "wire/postfix_log_line.h"

namespace leumund::intake {

struct CorrelatorSettings {
  std::size_t messages_max = 200'000;
  std::chrono::seconds wait{2};
  // Names of this host in the log; their queue keys carry the host "". "*": every name is ours.
  std::vector<std::string> own_hosts;
  // Addresses of this host besides loopback, from which a content filter may give mail back.
  std::vector<base::IpAddress> own_addresses;
  // Whether a verified client certificate names an account ("cert:" and its subject), as policy
  // requests have it.
  bool certificate_accounts = false;
  LocalSenders* local_senders = nullptr;  // told of every pickup; outlives the correlator
  base::HashKey key;                      // so that a chosen message id cannot collide with another
};

struct CorrelatorCounters {
  std::array<std::uint64_t, wire::line_kind_count> lines{};  // by LineKind
  std::uint64_t submissions = 0;
  std::uint64_t continuations = 0;  // messages joined to the one they continue
  std::uint64_t deliveries = 0;
  std::uint64_t removals = 0;
  std::uint64_t logins = 0;
  std::uint64_t own_notices = 0;      // bounces of ours: seen and not told
  std::uint64_t reused_ids = 0;       // a queue id came again before its removal was seen
  std::uint64_t unknown_origin = 0;   // queued messages whose first line we never saw
  std::uint64_t forgotten = 0;        // open messages given up because the table was full
  std::uint64_t origins_refused = 0;  // lines of a host or instance beyond the limit
  std::uint64_t clock_steps = 0;
  std::uint64_t open_messages = 0;
  // Encrypted connections to other hosts by the service that made them ("out1"), 64 of them.
  std::vector<std::pair<std::string, std::uint64_t>> encrypted;
};

class LogCorrelator {
 public:
  using Sink = std::function<void(const model::MailEvent&)>;

  LogCorrelator(CorrelatorSettings settings, Sink sink);

  // Takes the next line, whose stamp means `at`.
  void feed(const wire::PostfixLogLine& line, base::TimePoint at, base::TimePoint received_at);

  // Tells all that waits: nothing more will come, or nothing has come for longer than the wait.
  void settle(base::TimePoint received_at);

  // True while settle() would have something to tell.
  [[nodiscard]] bool waiting() const { return due_head_ < due_.size(); }

  [[nodiscard]] CorrelatorCounters counters() const;

 private:
  struct Origin {
    std::string host;  // "" for this host
    std::string instance;
  };
  // What one smtpd process does now. Slots are shared by number; a clash costs a login told twice.
  struct Session {
    std::uint32_t pid = 0xffffffff;  // nobody
    std::uint16_t origin = 0;
    bool proxied = false;          // its mail goes to a filter before it is queued
    std::uint64_t login_hash = 0;  // of the account whose login was told
    std::string account;           // of a proxied mail, or of a verified certificate
    std::optional<base::IpAddress> client;
  };
  struct Due {
    base::TimePoint at;
    std::uint32_t number;
    std::uint32_t generation;
  };
  // A filter's answer that came before the first line of the message it names.
  struct Expected {
    MessageKey child;
    MessageKey from;
    base::TimePoint at;
  };
  struct WaitingDelivery {
    model::MailEvent event;
    std::uint32_t next = 0;
  };

  void take_line(const wire::PostfixLogLine& line);
  void take_client(const wire::PostfixLogLine& line);
  void take_pickup(const wire::PostfixLogLine& line);
  void tell_local_sender(const Message& message) const;
  void take_message_id(const wire::PostfixLogLine& line);
  void take_queued(const wire::PostfixLogLine& line);
  void take_delivery(const wire::PostfixLogLine& line);
  void take_expired(const wire::PostfixLogLine& line);
  void take_removed(const wire::PostfixLogLine& line);
  void take_refused(const wire::PostfixLogLine& line);
  void take_encrypted(const wire::PostfixLogLine& line);
  void take_bounce_notice(const wire::PostfixLogLine& line);
  void take_proxy_accepted(const wire::PostfixLogLine& line);
  void take_certificate(const wire::PostfixLogLine& line);
  void take_login(const wire::PostfixLogLine& line);

  // Following a message from one queue id to the next.
  [[nodiscard]] bool hand_over(const wire::PostfixLogLine& line, const wire::DeliveryText& text,
                               std::uint32_t from);
  [[nodiscard]] bool join_by_message_id(std::uint32_t number);
  void continue_from(std::uint32_t number, const MessageKey& from);
  void expect(const MessageKey& child, const MessageKey& from);
  [[nodiscard]] bool was_expected(std::uint32_t number, MessageKey& from) const;
  [[nodiscard]] bool is_own_address(const base::IpAddress& address) const;
  [[nodiscard]] bool came_back(const Message& child, const Message* from,
                               const base::IpAddress& relay);

  // The life of a message.
  void queue(std::uint32_t number);
  [[nodiscard]] bool origin_of(const wire::PostfixLogLine& line, std::uint16_t& origin);
  [[nodiscard]] std::uint32_t find_on_host(std::uint16_t origin, std::string_view queue_id) const;
  [[nodiscard]] std::uint32_t make(const MessageKey& key);
  [[nodiscard]] std::uint32_t begin(const wire::PostfixLogLine& line, std::uint16_t origin);
  void wait_for(std::uint32_t number);
  void resolve(std::uint32_t number);
  void finish(std::uint32_t number, bool left_queue);
  void run_due(bool all);

  // Telling.
  void tell_submission(std::uint32_t number);
  // Tells, or drops, the deliveries that waited; returns how many there were.
  std::uint32_t end_deliveries(std::uint32_t number, bool told);
  void tell_removal(const MessageKey& key, base::TimePoint at);
  void tell_login(std::string_view account, const std::optional<base::IpAddress>& client,
                  std::string_view service, bool ok);
  void fill_delivery(const wire::PostfixLogLine& line, const wire::DeliveryText& text,
                     const MessageKey& key, model::MailEvent& event) const;
  void keep_delivery(const model::MailEvent& event, std::uint32_t number);
  void fill_key(const MessageKey& key, model::QueueKey& out) const;
  void emit(model::MailEvent& event, base::TimePoint occurred_at);

  [[nodiscard]] Session& session_of(std::uint16_t origin, std::uint32_t pid);
  [[nodiscard]] std::uint64_t hash(std::string_view text) const;

  CorrelatorSettings settings_;
  Sink sink_;
  CorrelatorCounters counters_;
  MessageTable table_;
  std::vector<Origin> origins_;
  std::unordered_map<std::string, std::uint16_t> origin_numbers_;
  std::string last_host_;
  std::string last_instance_;
  std::uint16_t last_origin_ = 0;
  bool last_origin_known_ = false;
  std::vector<Session> sessions_;
  std::vector<Expected> expected_;
  std::vector<std::uint32_t> by_message_id_;  // hash -> number; the first of its id while it lives
  std::vector<Due> due_;                      // a queue: the wait is the same for all
  std::size_t due_head_ = 0;
  std::vector<WaitingDelivery> waiting_deliveries_;
  std::vector<std::uint32_t> free_deliveries_;
  base::TimePoint now_;      // the latest stamp: what the waits are measured by
  base::TimePoint line_at_;  // that of the line at hand
  base::TimePoint received_at_;
  model::MailEvent submission_;
  model::MailEvent delivery_;
  model::MailEvent login_;
  model::MailEvent removal_;
};

}  // namespace leumund::intake
