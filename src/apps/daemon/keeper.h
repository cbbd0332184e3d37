// The thread `keep`: writes decisions at once and counts once a second, so that nobody else waits
// for a disk.
//
// Flow:    Pipeline -> write() -> journal; once a second Engine::drain_dirty -> checkpoint together
//          with the log positions.
// Time:    the engine's time is the Clock's; the second between checkpoints is the steady clock's.
// Limits:  KeeperLimits. Decisions that a store does not take wait in memory, the newest
//          `decisions_max` of them; older ones are missing in the history then, which is counted
//          and said. What stands is never lost: when the store writes again, all of it is written
//          anew. A checkpoint takes the engine's lock for `slice` subjects at a time.
// Threads: write() from any; the rest from the owner.
// Errors:  a failed write is tried again every second; `trouble` says what is wrong.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apps/daemon/number_reserve.h"
#include "apps/daemon/pipeline.h"
#include "base/bounded_queue.h"
#include "base/gate.h"
#include "base/guarded.h"
#include "storage/store.h"

namespace leumund::apps {

struct KeeperStatus {
  std::uint64_t checkpoints = 0;
  std::uint64_t subjects_written = 0;
  std::uint64_t failures = 0;
  std::uint64_t decisions_waiting = 0;
  std::uint64_t decisions_dropped = 0;  // that the history will not have
  std::chrono::milliseconds last_checkpoint{0};
  std::string trouble;  // "" when all is written
};

struct KeeperLimits {
  std::size_t batches_max = 4096;       // handed over and not yet looked at
  std::size_t decisions_max = 100'000;  // that wait for a store that is down
  std::size_t unsaved_max = 1'000'000;  // subjects and queue changes of checkpoints that failed
};

class Keeper final : public DecisionWriter {
 public:
  // Keeps the log readers from feeding events while counts and marks are taken, so that both speak
  // of the same moment and a crash neither loses nor doubles a line. Nothing: one is busy just now.
  using Pause = std::function<std::optional<std::vector<base::Gate::Pass>>()>;
  // What is saved in the same transaction as the counts.
  using Marks = std::function<std::vector<storage::Mark>()>;

  // `numbers` may be nothing: then nobody reserves decision numbers.
  explicit Keeper(storage::Store& store, NumberReserve* numbers = nullptr,
                  KeeperLimits limits = {});
  ~Keeper() override;

  void start(Pipeline& pipeline, Pause pause, Marks marks);
  // Writes what is left and ends the thread.
  void stop();

  std::future<bool> write(std::vector<model::Decision> decisions) override;

  [[nodiscard]] KeeperStatus status() const;

 private:
  struct Job {
    std::vector<model::Decision> decisions;
    std::promise<bool> written;
  };

  void run();
  void take(Job job);
  void commit_waiting();
  void write_what_stands();
  void reserve_numbers(bool last);
  void checkpoint(bool last);
  [[nodiscard]] std::vector<evidence::SubjectRecord> take_counts();
  void save_attempts();
  void failed(const base::Error& error, const char* what);
  void succeeded();

  storage::Store& store_;
  NumberReserve* const numbers_;
  const KeeperLimits limits_;
  Pipeline* pipeline_ = nullptr;  // from start() on
  Pause pause_;
  Marks marks_;
  int put_off_ = 0;  // checkpoints in a row that a busy reader put off
  base::BoundedQueue<Job> jobs_;
  std::atomic<std::uint64_t> refused_ = 0;  // decisions whose batch was not even handed over
  // The keeper's thread only.
  std::deque<model::Decision> waiting_;
  bool standing_lost_ = false;  // decisions were dropped: write all that stands
  std::uint64_t refused_seen_ = 0;
  std::vector<evidence::SubjectRecord> unsaved_;  // of a checkpoint that failed
  std::vector<model::QueuedMail> unsaved_queue_;
  base::Guarded<KeeperStatus> status_;
  std::thread thread_;
};

}  // namespace leumund::apps
