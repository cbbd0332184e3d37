// Looks after mail on hold that nobody thinks of: of campaigns and restrictions that are over while
// a person has not decided, and records of mail that left the queue unseen.
//
// Flow:    an `ended` decision -> note() -> thread `held`: the queue's list and the store's records
//          -> notice; the same every hour for the status and to drop what is gone.
// Limits:  `records_max` records; beyond it the oldest is forgotten, counted and said. A record is
//          dropped when two looks in a row did not find its mail.
// Threads: one of its own, `held`; the rest from any, without blocking.
// Errors:  a queue or store that cannot be asked is asked again at the next look.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "action/queue_control.h"
#include "apps/clock.h"
#include "apps/daemon/held_mail.h"
#include "apps/daemon/pipeline.h"
#include "base/bounded_queue.h"
#include "base/guarded.h"
#include "face/control.h"
#include "face/metrics.h"
#include "storage/store.h"

namespace leumund::apps {

class HeldDesk {
 public:
  static constexpr std::uint64_t records_max = 1'000'000;

  struct Around {
    Pipeline& pipeline;
    storage::Store& store;
    const Clock& clock;
    std::function<action::QueueControl()> queue;
    // A campaign, or a sender's restriction, is over: so many mails are on hold, so many senders
    // are stopped because of it.
    std::function<void(model::Decision, std::size_t mails, std::size_t senders)> tell_over;
    std::uint64_t keep_records = records_max;
    std::chrono::milliseconds look_every = std::chrono::hours(1);
  };
  explicit HeldDesk(Around around);
  ~HeldDesk();
  void stop();
  HeldDesk(const HeldDesk&) = delete;
  HeldDesk& operator=(const HeldDesk&) = delete;

  void note(const std::vector<model::Decision>& decisions);
  // Somebody let mail go.
  void look_soon();

  [[nodiscard]] std::optional<face::PartStatus> part() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  struct Over {
    std::uint64_t mails = 0;
    std::uint64_t senders = 0;
  };
  struct Seen {
    std::uint64_t records = 0;
    std::uint64_t forgotten = 0;
    std::map<model::Subject, Over> over;  // campaigns, and senders whose restriction ended
  };
  void run();
  void look(const std::vector<model::Decision>& ended, bool sweep);
  [[nodiscard]] std::map<model::Subject, Over> undecided(const storage::QueueRecords& records);
  void drop_gone(const HeldMail& queue);
  void keep_bounded(storage::QueueRecords& records);

  Around around_;
  base::Guarded<Seen> seen_;
  std::set<model::QueueKey> missing_;          // at the last sweep; of thread `held`
  base::BoundedQueue<model::Decision> ended_;  // one without a subject: look soon
  std::jthread thread_;
};

}  // namespace leumund::apps
