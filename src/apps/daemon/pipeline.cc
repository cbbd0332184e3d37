#include "apps/daemon/pipeline.h"

#include <utility>

#include "base/log.h"

namespace leumund::apps {
namespace {

// A local disk answers in a few milliseconds; one that does not must not stop mail. Well below the
// two seconds after which Postfix would give up on us.
constexpr std::chrono::milliseconds commit_patience{250};

bool all_ready(const std::vector<std::future<void>>& futures,
               std::chrono::steady_clock::time_point until) {
  bool all = true;
  for (const auto& one : futures) all &= one.wait_until(until) == std::future_status::ready;
  return all;
}

}  // namespace

Pipeline::Pipeline(engine::Settings settings, std::shared_ptr<const diagnosis::Reader> replies,
                   DecisionWriter& writer)
    : engine_(std::move(settings), std::move(replies)), writer_(writer) {}

void Pipeline::add_listener(Listener listener) { listeners_.push_back(std::move(listener)); }

engine::Outcome Pipeline::feed(const model::MailEvent& event, base::TimePoint now) {
  Told told;
  engine::Outcome outcome = engine_.with([&](engine::Engine& engine) {
    engine::Outcome made = engine.feed(event, now);
    told = tell(made.decisions);
    if (made.hold && holder_) holder_(event, made.subject);
    return made;
  });
  wait_for(told);
  return outcome;
}

void Pipeline::tick(base::TimePoint now) {
  Told told = engine_.with([&](engine::Engine& engine) { return tell(engine.tick(now)); });
  wait_for(told);
}

// So few that nobody waits for the engine: a million are looked at in a quarter of an hour.
void Pipeline::forget_silent(base::TimePoint before) {
  constexpr std::size_t looked_at = 1000;
  const auto gone =
      engine_.with([&](engine::Engine& engine) { return engine.forget_silent(before, looked_at); });
  if (gone > 0) base::log(base::LogLevel::info, "silent subjects forgotten count={}", gone);
}

void Pipeline::note(model::Decision decision) {
  static_cast<void>(command([&](engine::Engine& engine) {
    decision.number = engine.book().next_number();
    return std::pair(0, std::vector{std::move(decision)});
  }));
}

PipelineCounters Pipeline::counters() const { return {decisions_, unwritten_answers_}; }

Pipeline::Told Pipeline::tell(const std::vector<model::Decision>& decisions) {
  Told told;
  if (decisions.empty()) return told;
  decisions_ += decisions.size();
  told.decisions = decisions.size();
  told.written = writer_.write(decisions);
  for (const auto& listener : listeners_) told.published.push_back(listener(decisions));
  return told;
}

// A disk that hangs must not hold up every decision of an outbreak, only the first one.
bool Pipeline::caught_up() {
  return late_.with([](std::optional<Told>& late) {
    if (!late) return true;
    const auto now = std::chrono::steady_clock::now();
    const bool done = late->written.valid() &&
                      late->written.wait_until(now) == std::future_status::ready &&
                      all_ready(late->published, now);
    // One that failed leaves its place to the next.
    if (!done || !late->written.get()) return false;
    late.reset();
    return true;
  });
}

void Pipeline::wait_for(Told& told) {
  if (told.decisions == 0) return;
  const auto now = std::chrono::steady_clock::now();
  const auto until = caught_up() ? now + commit_patience : now;
  const bool written =
      told.written.wait_until(until) == std::future_status::ready && told.written.get();
  const bool in_time = all_ready(told.published, until) && written;
  if (!written) {
    unwritten_answers_ += told.decisions;
    base::log(base::LogLevel::error,
              "decisions not on disk yet count={}: they hold in memory and are tried again",
              told.decisions);
  }
  late_.with([&](std::optional<Told>& late) {
    if (in_time) {
      late.reset();
    } else if (!late || !late->written.valid()) {
      late = std::move(told);
    }
  });
}

}  // namespace leumund::apps
