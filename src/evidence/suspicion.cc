#include "evidence/suspicion.h"

#include <cmath>

namespace leumund::evidence {
namespace {

float remaining(base::Micros span, std::chrono::seconds half_life) {
  if (span <= base::Micros(0)) return 1.0F;
  return std::exp2(-static_cast<float>(base::seconds_of(span)) /
                   static_cast<float>(half_life.count()));
}

}  // namespace

void Trail::remember(std::uint64_t message) {
  if (message == 0 || messages[(next + messages.size() - 1) % messages.size()] == message) return;
  messages[next] = message;
  next = static_cast<std::uint8_t>((next + 1U) % messages.size());
}

void Suspicion::decay_to(base::TimePoint at, std::chrono::seconds half_life) {
  if (at <= at_) return;
  const float keep = remaining(at - at_, half_life);
  at_ = at;
  for (Trail& trail : trails_) {
    trail.sum *= keep;
    trail.hits *= keep;
    trail.tries *= keep;
  }
}

float Suspicion::add(Kind kind, float value) {
  if (total() <= 0) {
    began_at_ = at_;
    recipients_passed_ = 0;
  }
  Trail& changed = trail(kind);
  const float before = changed.sum;
  changed.sum += value;
  if (total() < 0) clear(at_);
  return changed.sum - before;
}

void Suspicion::take_back(Kind kind, float value, base::TimePoint then,
                          std::chrono::seconds half_life) {
  trail(kind).sum -= value * remaining(at_ - then, half_life);
  if (total() < 0) clear(at_);
}

float Suspicion::total() const {
  float sum = 0;
  for (const Trail& trail : trails_) sum += trail.sum;
  return sum;
}

void Suspicion::restore(base::TimePoint at, base::TimePoint began_at,
                        std::uint32_t recipients_passed) {
  at_ = at;
  began_at_ = began_at;
  recipients_passed_ = recipients_passed;
}

void Suspicion::clear(base::TimePoint at) {
  trails_ = {};
  at_ = at;
  began_at_ = at;
  recipients_passed_ = 0;
}

}  // namespace leumund::evidence
