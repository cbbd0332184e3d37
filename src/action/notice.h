// Tells people and programs of decisions, over a path that needs no blocked egress.
//
// Flow:    decision -> tell() -> NoticeQueue -> thread `tell` -> SMTP, LMTP or a command, and a
//          webhook.
// Time:    a slow receiver holds up other notices, never a decision.
// Limits:  of NoticeQueue; tell() never blocks.
// Threads: any for tell(), digest(), set_options(), counters(); one of its own, `tell`.
// Errors:  tried again with growing pauses, seen in counters(); each one logged once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "action/notice_queue.h"
#include "action/notice_text.h"
#include "base/guarded.h"
#include "base/result.h"
#include "net/endpoint.h"

namespace leumund::action {

struct NoticeOptions {
  Language language = Language::en;
  std::string admin;  // "" is off
  std::string from;   // "" takes the admin's
  std::optional<net::Endpoint> smtp;
  bool lmtp = false;
  std::vector<std::string> command;  // instead of SMTP, e.g. {"/usr/sbin/sendmail", "-t", "-i"}
  std::string webhook;               // "" is off
  bool owner = false;                // tell the restricted account as well
  std::string contact;               // in the owner's notice
  std::string host = "localhost";    // in EHLO and Message-ID
  NoticeRates rates = {};
};

// A decision and what it changed, as the webhook tells it.
struct NoticeCause {
  model::Decision decision;
  std::optional<model::Restriction> before;
  std::optional<model::Restriction> now;
  HoldOutcome outcome;
};

struct NoticeCounters {
  std::uint64_t mails_sent = 0;
  std::uint64_t webhooks_sent = 0;
  std::uint64_t failures = 0;
  std::uint64_t dropped = 0;  // given up, or pushed out of a full queue
  std::uint64_t waiting = 0;
  std::uint64_t collecting = 0;                 // decisions for one mail to the admin ...
  std::optional<base::TimePoint> collected_at;  // ... that goes out then
  std::string last_error;                       // "" when the last try went well
};

class Notifier {
 public:
  using Clock = std::function<base::TimePoint()>;

  Notifier(NoticeOptions options, Clock clock);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void tell(NoticeCause cause);
  // To the admin.
  void tell_over(const model::Decision& decision, std::size_t mails, std::size_t senders);
  // Something for a customer, as it is; nothing where no mail can be sent to that address.
  void tell_customer(const std::string& to, NoticeText text);
  // The decisions of the unattended time, with the undo for each.
  void digest(std::span<const model::Decision> decisions, base::TimePoint from,
              base::TimePoint until);
  // Rates are taken at construction only.
  void set_options(NoticeOptions options);
  [[nodiscard]] NoticeCounters counters() const;

  // Sends what waits and has not failed before, until `deadline` has passed, then ends the thread.
  void stop(std::chrono::milliseconds deadline);

 private:
  struct State {
    explicit State(const NoticeRates& rates) : queue(rates) {}
    NoticeQueue queue;
    NoticeOptions options;
    NoticeCounters counters;
  };
  void run(const std::stop_token& stop);
  bool send_one();
  void queue_mail(State& state, const std::string& to, NoticeText text, std::string about,
                  base::TimePoint now);
  void queue_collected(State& state, const std::vector<model::Decision>& collected,
                       base::TimePoint now);

  Clock clock_;
  base::Guarded<State> state_;
  std::jthread thread_;
};

// The webhook's body:
// {"event":"restricted","subject":...,"before":...,"now":...,"terms":[...],...}.
[[nodiscard]] std::string webhook_json(const NoticeCause& cause);

}  // namespace leumund::action
