// The commands of people to the RestrictionBook: suspend, release, undo, exempt.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "action/one_line.h"
#include "action/restriction_book.h"
#include "action/stopping.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using base::TimePoint;
using model::Decision;
using model::DecisionKind;
using model::Mode;
using model::Restriction;
using model::Subject;
using model::SubjectKind;

constexpr std::size_t reason_bytes_max = 400;
constexpr std::size_t by_bytes_max = 200;

constexpr std::array<std::string_view, 5> recovery_items = {"password", "sessions", "forwards",
                                                            "filters", "script"};

}  // namespace

Decision RestrictionBook::suspend(const Restriction& restriction, TimePoint now) {
  const bool observe = restriction.mode == Mode::observe;
  Decision decision =
      decide(observe ? DecisionKind::would_restrict : DecisionKind::restricted, restriction.subject,
             restriction.by.empty() ? "admin" : restriction.by, now);
  decision.restriction = restriction;
  decision.restriction.by = decision.by;
  decision.restriction.reason = one_line(restriction.reason, reason_bytes_max);
  decision.restriction.since = now;
  decision.restriction.decision = decision.number;
  decision.restriction.automatic = false;
  if (observe) return decision;
  Entry entry{.restriction = decision.restriction, .beneath = {}, .attempts = {}, .throttle = {}};
  const auto it = entries_.find(restriction.subject);
  if (it != entries_.end()) {
    entry.attempts = it->second.attempts;
    entry.attempts_dirty = it->second.attempts_dirty;
    remove(it);
  }
  put(restriction.subject, std::move(entry));
  return decision;
}

std::vector<std::string> RestrictionBook::checklist(const Subject& subject) const {
  switch (subject.kind) {
    case SubjectKind::account: return settings_.release_requires;
    case SubjectKind::script: return {"script"};
    case SubjectKind::forward: return {"forwards"};
    default: return {};
  }
}

base::Result<Decision> RestrictionBook::release(const Subject& subject, const Recovery& recovery,
                                                const std::string& by, TimePoint now) {
  const auto it = entries_.find(subject);
  if (it == entries_.end()) {
    const Restriction* above = stopping(*this, subject);
    return Error{ErrorCode::unavailable,
                 above == nullptr ? fmt::format("{} is not restricted", subject.to_string())
                                  : fmt::format("{} is not restricted itself: {} is",
                                                subject.to_string(), above->subject.to_string())};
  }
  const auto& required = settings_.release_requires;
  for (const auto& [item, who] : recovery.done) {
    if (std::find(recovery_items.begin(), recovery_items.end(), item) == recovery_items.end() &&
        std::find(required.begin(), required.end(), item) == required.end()) {
      return Error{ErrorCode::malformed,
                   fmt::format("recovery item \"{}\" is not known (known: password, sessions, "
                               "forwards, filters, script)",
                               one_line(item, 40))};
    }
  }
  std::string missing;
  for (const auto& item : checklist(subject)) {
    const auto done = recovery.done.find(item);
    if (done != recovery.done.end() && !done->second.empty()) continue;
    missing += (missing.empty() ? "" : ", ") + item;
  }
  if (!missing.empty() && !recovery.without_checklist) {
    return Error{ErrorCode::refused,
                 fmt::format("{} is not released, the recovery checklist lacks: {}",
                             subject.to_string(), missing)};
  }
  Decision decision = decide(DecisionKind::released, subject, by, now);
  decision.restriction = it->second.restriction;
  decision.without_checklist = !missing.empty();
  for (const auto& [item, who] : recovery.done) {
    decision.recovery.emplace_back(item, one_line(who, by_bytes_max));
  }
  remove(it);
  observed_.erase(subject);
  return decision;
}

Decision RestrictionBook::release_over(const Subject& subject, const std::string& by,
                                       TimePoint now) {
  return decide(DecisionKind::released, subject, by, now);
}

base::Result<Decision> RestrictionBook::undo(std::uint64_t number, const std::string& by,
                                             TimePoint now) {
  const auto known = automatic_.find(number);
  const auto it = known == automatic_.end() ? entries_.end() : entries_.find(known->second);
  if (it == entries_.end()) {
    return Error{ErrorCode::unavailable,
                 fmt::format("decision {} is not an automatic restriction that stands", number)};
  }
  Entry& entry = it->second;
  if (entry.restriction.decision != number) {
    return Error{ErrorCode::refused, fmt::format("decision {} was made harder by decision {}; undo "
                                                 "that first",
                                                 number, entry.restriction.decision)};
  }
  const Subject subject = known->second;
  const auto below = next_beneath(entry, now);
  Decision decision =
      decide(below ? DecisionKind::restricted : DecisionKind::released, subject, by, now);
  decision.undoes = number;
  decision.mistake = !below;
  if (below) {
    automatic_.erase(number);
    entry.restriction = *below;
    if (below->until) ends_.emplace(*below->until, subject);
    decision.restriction = *below;
    decision.beneath = entry.beneath;
  } else {
    decision.restriction = entry.restriction;
    remove(it);
  }
  return decision;
}

std::vector<Decision> RestrictionBook::exempt(const Subject& subject, bool on,
                                              const std::string& by, TimePoint now) {
  std::vector<Decision> decisions;
  if (!on) {
    if (exempt_.erase(subject) > 0) {
      decisions.push_back(decide(DecisionKind::exemption_ended, subject, by, now));
    }
    return decisions;
  }
  if (!exempt_.insert(subject).second) return decisions;
  decisions.push_back(decide(DecisionKind::exempted, subject, by, now));
  const auto it = entries_.find(subject);
  if (it != entries_.end()) {
    Decision released = decide(DecisionKind::released, subject, by, now);
    released.restriction = it->second.restriction;
    released.without_checklist = true;  // whoever exempts takes the responsibility
    released.mistake = true;
    remove(it);
    decisions.push_back(std::move(released));
  }
  observed_.erase(subject);
  return decisions;
}

}  // namespace leumund::action
