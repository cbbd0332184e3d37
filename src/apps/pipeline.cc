#include "apps/pipeline.h"

#include <utility>

#include "base/log.h"

namespace leumund::apps {
namespace {

// A local disk answers in a few milliseconds; one that does not must not stop mail. Well below the
// two seconds after which Postfix would give up on us.
constexpr std::chrono::milliseconds commit_patience{250};

}  // namespace

Pipeline::Pipeline(engine::Settings settings, DecisionWriter& writer)
    : engine_(std::move(settings)), writer_(writer) {}

void Pipeline::add_listener(Listener listener) { listeners_.push_back(std::move(listener)); }

engine::Outcome Pipeline::feed(const model::MailEvent& event, base::TimePoint now) {
  engine::Outcome outcome =
      engine_.with([&](engine::Engine& engine) { return engine.feed(event, now); });
  publish(outcome.decisions);
  return outcome;
}

void Pipeline::tick(base::TimePoint now) {
  publish(engine_.with([&](engine::Engine& engine) { return engine.tick(now); }));
}

PipelineCounters Pipeline::counters() const { return {decisions_, unwritten_answers_}; }

void Pipeline::publish(const std::vector<model::Decision>& decisions) {
  if (decisions.empty()) return;
  decisions_ += decisions.size();
  if (!writer_.write(decisions, commit_patience)) {
    unwritten_answers_ += decisions.size();
    base::log(base::LogLevel::error,
              "decisions not on disk yet count={} first={}: they hold in memory and are tried again",
              decisions.size(), decisions.front().subject.to_string());
  }
  for (const auto& listener : listeners_) listener(decisions);
}

}  // namespace leumund::apps
