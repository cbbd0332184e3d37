// Puts on disk what our own lists became, and tells the pipeline what they say of ourselves: both
// wait for the store, which no listing may.
//
// Flow:    ListDesk -> keep() -> Store; Waiter -> whoever reported.
// Time:    at once; after a failure a second later. Who asks in that second is told so.
// Limits:  `unsaved_most` rows wait for a store that fails or hangs, then the oldest are dropped
//          and counted, and whoever waits hears that it is not kept; so does the oldest of more
//          than `waiters_most`.
// Threads: `list-keep`, which alone touches the store; keep(), fails() and health() from any.
// Errors:  what the store does not take stays, in its order, and is tried again; Health says what
//          is wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/guarded.h"
#include "base/result.h"
#include "listing/list_journal.h"
#include "model/decision.h"

namespace leumund::apps {

class ListKeeper {
 public:
  using Waiter = std::promise<bool>;  // whether everything handed over before is on disk
  using Decide = std::function<void(model::Decision)>;
  static constexpr std::size_t unsaved_most = 500'000;
  static constexpr std::size_t waiters_most = 10'000;

  struct Work {
    std::vector<listing::ListSave> saves;
    std::vector<model::Decision> decisions;
    std::vector<Waiter> waiters;
  };
  struct Health {
    std::string trouble;  // "" none
    std::uint64_t failures = 0;
    std::uint64_t rows_lost = 0;
  };

  ListKeeper(listing::ListJournal& store, Decide decide);
  ~ListKeeper();

  void start();
  // Tries once more what waits.
  void stop();

  // Does not wait.
  void keep(Work work);
  // Something else of the lists failed with the store, and shows until a write succeeds.
  void fails(const std::string& trouble);
  [[nodiscard]] Health health() const;

 private:
  struct Pending {
    std::deque<listing::ListSave> saves;
    std::deque<model::Decision> decisions;
    std::deque<Waiter> waiters;
    std::size_t rows = 0;  // with those that are just being written
  };

  void run(const std::stop_token& stop);
  void work(bool last);
  [[nodiscard]] bool save(bool last);
  [[nodiscard]] base::Status write(const listing::ListSave& save);
  void note_failure(const std::string& what);
  [[nodiscard]] std::optional<listing::ListSave> take();
  void give_back(listing::ListSave save);
  void drop_some(Pending& pending);

  listing::ListJournal& store_;
  const Decide decide_;
  base::Guarded<Pending> pending_;
  base::Guarded<Health> health_;
  base::BoundedQueue<int> wake_{1, base::WhenFull::push_back};
  std::chrono::steady_clock::time_point failed_at_;  // of its thread alone
  std::jthread thread_;
};

}  // namespace leumund::apps
