// Carries decisions out: tables that Postfix reads, the file of suspended senders, queue, notices.
//
// Flow:    decisions -> submit() -> thread `act`: tables, then file -> thread `hold`: queue ->
//          Notifier: mail and webhook. Edits of the file come back through on_file_edit.
// Time:    a decision is in the tables within about 0.1 s, an edit is told within 0.5 s. What fails
//          is tried again: tables and file every two seconds, a hold with growing pauses as long as
//          the restriction stands.
// Limits:  `queue_max` batches wait; then submit() answers nothing and behind() is true until the
//          daemon has called resync() with all that stands: tables, file and queue are then as if
//          nothing had been lost; only the notices of the lost decisions are not sent, which is
//          counted.
// Threads: submit(), hold(), publish(), set_settings(), counters() from any, none of them blocks
//          for longer than it is given;
//          on_file_edit is called on `act`.
// Errors:  never the caller's: troubles() says what does not work now, for people.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "action/access_table.h"
#include "action/decision_journal.h"
#include "action/notice.h"
#include "action/queue_control.h"
#include "action/suspended_file.h"
#include "base/bounded_queue.h"
#include "base/guarded.h"
#include "base/result.h"
#include "config/postfix_files.h"
#include "model/decision.h"

namespace leumund::action {

// What a reload may change.
struct EffectsSettings {
  std::vector<std::string> helpdesk;
  std::vector<std::string> own_domains;
  NoticeOptions notices;
  QueueControlOptions queue;
};

struct EffectsOptions {
  std::string suspended_file;  // "" is off
  config::PostfixFiles tables;
  EffectsSettings settings;
  std::size_t queue_max = 10'000;       // batches
  std::size_t hold_queue_max = 10'000;  // orders to hold or tell behind them
  std::chrono::milliseconds poll_every{200};
  std::chrono::milliseconds retry_every{2'000};
};

struct EffectsPorts {
  // A person edited the file: to be made suspend and release commands with by="file". Must not
  // block for long, and may call submit().
  std::function<void(std::vector<FileCommand>)> on_file_edit;
  std::function<base::TimePoint()> now;
  SuspendedFile::DecisionsAfter decisions_after = {};  // of the journal; called at start, on `act`
  LoginNameOf login_name_of = system_login_name;
};

struct EffectsCounters {
  std::uint64_t decisions = 0;
  std::uint64_t refused_full = 0;  // batches the full queue did not take
  std::uint64_t resyncs = 0;       // times all that stands was published because of that
  std::uint64_t notices_lost = 0;  // decisions nobody was told of because of that
  std::uint64_t table_writes = 0;
  std::uint64_t file_writes = 0;
  std::uint64_t file_edits = 0;
  std::uint64_t not_expressed = 0;  // restrictions that only the daemon can enforce, now
  std::uint64_t held = 0;           // messages put on hold
  std::uint64_t hold_missing = 0;   // that had left the queue
  std::uint64_t hold_failures = 0;
  std::uint64_t holds_lost = 0;     // orders to hold that a full queue dropped, oldest first
  std::uint64_t holds_waiting = 0;  // subjects whose mail could not be held yet
  NoticeCounters notices;
};

class Effects {
 public:
  // Makes the table folder's files at once, so that Postfix never misses one; a failure of that is
  // a trouble, not an error. Errors: a table type that cannot be written.
  [[nodiscard]] static base::Result<std::unique_ptr<Effects>> open(EffectsOptions options,
                                                                   EffectsPorts ports);
  ~Effects();
  Effects(const Effects&) = delete;
  Effects& operator=(const Effects&) = delete;

  // What stands, at start: compared with the file as it was left. Call once, before submit().
  void publish(StandingRecord standing);
  // Ready when the tables say what the decisions say: whoever answers Postfix after that may be
  // killed, the stop stands without us. Nothing when the queue is full: then behind() is true.
  // Called by on_file_edit it is ready at once.
  [[nodiscard]] std::optional<std::future<void>> submit(std::vector<model::Decision> decisions);
  // Whether decisions were not taken, and since then nobody has said what stands.
  [[nodiscard]] bool behind() const;
  // What stands now replaces all that was known. The caller sees to it that no decision is made
  // meanwhile. False: still no room.
  bool resync(StandingRecord standing);
  // Mail of a restricted subject that came to light after the decision.
  void hold(model::Subject subject, std::vector<model::QueueKey> keys);
  void set_settings(EffectsSettings settings);
  void tell_customer(const std::string& to, NoticeText text) {
    notifier_.tell_customer(to, std::move(text));
  }
  void tell_over(const model::Decision& decision, std::size_t mails, std::size_t senders) {
    notifier_.tell_over(decision, mails, senders);
  }
  void digest(std::vector<model::Decision> decisions, base::TimePoint from, base::TimePoint until);

  // As the settings in force say; it may be used by any thread, and blocks.
  [[nodiscard]] QueueControl queue() const { return *queue_control_.read(); }
  [[nodiscard]] EffectsCounters counters() const;
  // Name of a part and what is wrong with it: "tables", "suspended file", "queue", "notices".
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> troubles() const;

  // Carries out what waits, at most until `deadline` has passed, and ends the threads.
  void stop(std::chrono::milliseconds deadline);

 private:
  struct Standing {
    StandingRecord record;
  };
  struct Batch {
    std::vector<model::Decision> decisions;
    std::uint64_t order = 0;  // of the first one; the others follow
    std::promise<void> published;
  };
  // What the full queue did not take.
  struct Lost {
    bool any = false;
    std::map<model::Subject, std::vector<model::QueueKey>> held;  // mail that was to be held
    std::size_t keys = 0;
    std::uint64_t decisions = 0;
  };
  struct Resync {
    StandingRecord record;
    Lost lost;
    std::uint64_t order = 0;
  };
  using ActWork = std::variant<Standing, Batch, EffectsSettings, Resync>;
  struct HoldWork {
    model::Subject subject;
    std::vector<model::QueueKey> keys;
    bool released = false;              // forget what waits for this subject
    std::uint64_t order = 0;            // when it was said, not when somebody came to it
    std::optional<NoticeCause> notice;  // told when the hold has been tried
  };
  struct PendingHold {
    std::vector<model::QueueKey> keys;
    std::uint64_t order = 0;  // of the newest
    std::chrono::steady_clock::time_point next_try;
    std::chrono::milliseconds pause;
  };
  struct Shared {
    EffectsCounters counters;
    std::map<std::string, std::string> troubles;
  };

  Effects(EffectsOptions options, EffectsPorts ports, std::unique_ptr<AccessTables> tables);
  void run_act();
  void run_hold();
  void take(ActWork work);
  void apply(model::Decision decision, std::uint64_t order);
  void replace_all(Resync resync);
  void carry_out();
  void publish_tables();
  void look_at_file();
  [[nodiscard]] std::vector<HoldWork> with_what_waits(HoldWork first);
  void work_hold(HoldWork work);
  [[nodiscard]] std::uint64_t order_of(const std::vector<model::Decision>& decisions);
  [[nodiscard]] bool let_go_since(const model::Subject& subject, std::uint64_t order) const;
  void hold_unless_let_go(const model::Subject& subject, PendingHold hold, HoldOutcome& outcome);
  void try_hold(const model::Subject& subject, PendingHold hold, HoldOutcome& outcome);
  void retry_holds();
  void set_trouble(const std::string& part, std::string trouble);

  EffectsOptions options_;
  EffectsPorts ports_;
  base::Published<QueueControl> queue_control_;
  Notifier notifier_;
  base::BoundedQueue<ActWork> act_queue_;
  base::BoundedQueue<HoldWork> hold_queue_;
  base::Guarded<Shared> shared_;
  base::Guarded<Lost> lost_;
  std::atomic<std::uint64_t> hold_orders_ = 0;
  // By subject the order of its last release, from the moment it was said until thread `hold` comes
  // to it: what was to be held before it goes its way.
  base::Guarded<std::map<model::Subject, std::uint64_t>> let_go_;

  // Of thread `act`.
  std::unique_ptr<AccessTables> tables_;
  std::optional<SuspendedFile> file_;
  std::map<model::Subject, model::Restriction> standing_;
  std::vector<HoldWork> after_tables_;
  std::vector<std::promise<void>> waiting_for_tables_;
  bool started_ = false;
  bool tables_dirty_ = true;
  std::chrono::steady_clock::time_point tables_retry_;
  std::chrono::steady_clock::time_point file_retry_;
  std::chrono::steady_clock::time_point tables_checked_;

  // Of thread `hold`.
  std::map<model::Subject, PendingHold> pending_holds_;
  std::atomic<bool> holds_abandoned_ = false;  // the end's deadline has passed

  std::jthread act_;
  std::jthread hold_;
};

}  // namespace leumund::action
