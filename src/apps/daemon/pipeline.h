// The one place where every event, command and tick of the running daemon meets the engine.
//
// Flow:    intake or face -> Pipeline -> Engine::feed -> decisions -> journal (bounded wait)
//          -> effects and listeners -> answer to whoever asked.
// Time:    every call takes `now`; the callers are edges and read the clock.
// Limits:  an answer that carries a decision waits at most `commit_patience` for journal and
//          tables; after that it goes out, and nobody waits again until what was late is done.
// Threads: any. The engine has one lock; nothing is written under it.
// Errors:  a journal that fails is counted and said in the log; mail goes on.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "action/decision_journal.h"
#include "base/guarded.h"
#include "engine/engine.h"
#include "model/decision.h"
#include "model/mail_event.h"

namespace leumund::apps {

// What writes decisions; the keeper thread implements it, so that nobody else waits for a disk.
class DecisionWriter {
 public:
  virtual ~DecisionWriter() = default;
  // Queues the decisions without waiting; the future says whether they are on disk. What fails
  // stays queued and is tried again.
  virtual std::future<bool> write(std::vector<model::Decision> decisions) = 0;
};

struct PipelineCounters {
  std::uint64_t decisions = 0;
  std::uint64_t unwritten_answers = 0;  // answers that went out before their decision was on disk
};

class Pipeline {
 public:
  // Queues what follows from decisions; the future is ready when the tables say it.
  using Listener = std::function<std::future<void>(const std::vector<model::Decision>&)>;
  // Mail of a restricted subject that came to light after the decision.
  using Holder = std::function<void(const model::MailEvent& event, const model::Subject& subject)>;
  using EngineWork = std::function<void(engine::Engine&)>;

  Pipeline(engine::Settings settings, std::shared_ptr<const diagnosis::Reader> replies,
           DecisionWriter& writer);

  // Called with every batch of decisions under the engine's lock, so that everybody hears of them
  // in the order in which they were made; must neither block nor call the pipeline. Set before the
  // first event.
  void add_listener(Listener listener);
  // Called as the listeners are: a release that is decided later is told later, so that it is not
  // overtaken. Set before the first event.
  void set_holder(Holder holder) { holder_ = std::move(holder); }

  engine::Outcome feed(const model::MailEvent& event, base::TimePoint now);
  void tick(base::TimePoint now);
  // Forgets the counts of subjects silent since `before`, a few a call.
  void forget_silent(base::TimePoint before);

  // Runs a command under the engine's lock; it returns the decisions it made, which are then
  // written and published like any other.
  template <typename Command>
  auto command(Command&& work) {
    Told told;
    auto result = engine_.with([&](engine::Engine& engine) {
      auto made = work(engine);
      told = tell(made.second);
      return made;
    });
    wait_for(told);
    return std::move(result.first);
  }

  // What a desk found out itself: numbered, written and told like any other.
  void note(model::Decision decision);

  // Runs read-only or persistence work under the engine's lock. Keep it short.
  template <typename Work>
  decltype(auto) with_engine(Work&& work) {
    return engine_.with(std::forward<Work>(work));
  }

  [[nodiscard]] PipelineCounters counters() const;

 private:
  // What was queued for one batch of decisions.
  struct Told {
    std::size_t decisions = 0;
    std::future<bool> written;
    std::vector<std::future<void>> published;
  };
  [[nodiscard]] Told tell(const std::vector<model::Decision>& decisions);
  [[nodiscard]] bool caught_up();
  void wait_for(Told& told);

  base::Guarded<engine::Engine> engine_;
  DecisionWriter& writer_;
  std::vector<Listener> listeners_;
  Holder holder_;
  // What was late the last time: until it is done nobody waits again. Without futures: it failed.
  base::Guarded<std::optional<Told>> late_;
  std::atomic<std::uint64_t> decisions_ = 0;
  std::atomic<std::uint64_t> unwritten_answers_ = 0;
};

}  // namespace leumund::apps
