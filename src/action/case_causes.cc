// Which stopped senders a case takes for its cause: what a letter says rests on this.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "action/case_book.h"
#include "base/ascii.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using base::TimePoint;
using model::Case;
using model::CaseCause;
using model::CaseEvent;
using model::CaseState;
using model::DecisionKind;
using model::Subject;
using model::SubjectKind;

constexpr const char* by_itself = "cases";

// Beginnings of what people write, English and German, when they stop a sender for what it sent.
constexpr std::array<std::string_view, 20> spam_words = {
    "spam",   "phish",  "hack",    "crack",    "compromis", "kompromitt", "gekapert",
    "hijack", "stolen", "gestohl", "guessed",  "erraten",   "geknackt",   "malware",
    "virus",  "botnet", "trojan",  "break-in", "einbruch",  "infected"};

bool is_sender(const Subject& subject) {
  switch (subject.kind) {
    case SubjectKind::account:
    case SubjectKind::script:
    case SubjectKind::forward:
    case SubjectKind::campaign:
    case SubjectKind::client_address: return true;
    default: return false;
  }
}

bool calls_it_spam(const std::string& reason) {
  const std::string text = base::ascii_lower(reason);
  return std::any_of(spam_words.begin(), spam_words.end(),
                     [&](std::string_view word) { return text.contains(word); });
}

}  // namespace

CaseCause CaseBook::cause_of(const model::Restriction& restriction, std::uint64_t decision,
                             TimePoint at) {
  return {restriction.subject,
          decision,
          at,
          {},
          clipped(restriction.reason),
          restriction.level == model::Level::throttle};
}

bool CaseBook::is_for_spam(const model::Decision& decision) const {
  if (decision.restriction.automatic) return true;
  if (decision.restriction.level == model::Level::throttle) return false;
  const bool found =
      std::any_of(recent_findings_.begin(), recent_findings_.end(), [&](const auto& finding) {
        return finding.first == decision.subject && finding.second + cause_before >= decision.at;
      });
  return found || calls_it_spam(decision.restriction.reason);
}

bool CaseBook::prime(const model::Decision& decision) {
  if (!is_sender(decision.subject)) return false;
  if (decision.kind == DecisionKind::would_restrict && !decision.detector.empty()) {
    recent_findings_.emplace_back(decision.subject, decision.at);
    if (recent_findings_.size() > causes_max) recent_findings_.pop_front();
    return false;
  }
  if (decision.kind != DecisionKind::restricted) return false;
  if (decision.restriction.mode != model::Mode::enforce) return false;
  recent_stops_.push_back(
      {cause_of(decision.restriction, decision.number, decision.at), is_for_spam(decision)});
  if (recent_stops_.size() > causes_max) {
    // What was stopped for other reasons goes first: only a person may ask for it.
    const auto other = std::find_if(recent_stops_.begin(), recent_stops_.end(),
                                    [](const Stop& stop) { return !stop.for_spam; });
    recent_stops_.erase(other == recent_stops_.end() ? recent_stops_.begin() : other);
  }
  return true;
}

void CaseBook::take_stop(const model::Decision& decision) {
  if (!prime(decision)) return;
  const Stop stop = recent_stops_.back();
  for (auto& [number, one] : cases_) {
    if (one.state != CaseState::open) continue;
    if (stop.for_spam) {
      add_cause(one, stop.cause);
    } else {
      change_cause(one, stop.cause);
    }
  }
}

// Stopped harder or milder, while it stood: since when it was stopped stays.
void CaseBook::change_cause(Case& one, const CaseCause& cause) {
  for (CaseCause& known : one.causes) {
    if (known.subject != cause.subject || known.free_at) continue;
    const auto since = known.throttled ? cause.stopped_at : known.stopped_at;
    known = cause;
    known.stopped_at = since;
    add_line(one, {cause.stopped_at, by_itself, CaseEvent::stopped, cause.subject.to_string(),
                   cause.reason, cause.decision});
  }
}

void CaseBook::add_cause(Case& one, const CaseCause& cause) {
  const auto known = std::find_if(one.causes.begin(), one.causes.end(),
                                  [&](const auto& each) { return each.subject == cause.subject; });
  if (known != one.causes.end() && !known->free_at) return change_cause(one, cause);
  if (known != one.causes.end()) {
    *known = cause;  // once more, after it was free: that is what is to be told
  } else if (one.causes.size() < causes_max) {
    one.causes.push_back(cause);
  } else {
    ++one.more_causes;
    changed_.insert(one.number);
    return;
  }
  add_line(one, {cause.stopped_at, by_itself, CaseEvent::stopped, cause.subject.to_string(),
                 cause.reason, cause.decision});
}

void CaseBook::take_release(const model::Decision& decision) {
  const auto is_its = [&](const CaseCause& cause) { return cause.subject == decision.subject; };
  for (Stop& stop : recent_stops_) {
    if (is_its(stop.cause)) stop.cause.free_at = decision.at;
  }
  for (auto& [number, one] : cases_) {
    if (one.state == CaseState::closed) continue;
    for (CaseCause& cause : one.causes) {
      if (!is_its(cause) || cause.free_at) continue;
      cause.free_at = decision.at;
      add_line(one, {decision.at, decision.by, CaseEvent::freed, cause.subject.to_string(),
                     decision.mistake ? "it was honest" : "", decision.number});
    }
    if (decision.mistake) std::erase_if(one.causes, is_its);  // it was none
  }
  if (!decision.mistake) return;
  std::erase_if(recent_stops_, [&](const Stop& stop) { return is_its(stop.cause); });
  std::erase_if(recent_findings_, [&](const auto& one) { return one.first == decision.subject; });
}

// --- what people know better ---------------------------------------------------------------------

base::Status CaseBook::name_cause(Case& one, const CaseOrder& order, TimePoint now) {
  const std::string name = order.subject.to_string();
  std::optional<CaseCause> cause = order.standing;
  for (const Stop& stop : recent_stops_) {
    if (!order.standing && stop.cause.subject == order.subject) cause = stop.cause;
  }
  if (!is_sender(order.subject) || !cause) {
    return Error{ErrorCode::refused,
                 fmt::format("{} was not stopped: a letter could not say when it was", name)};
  }
  for (const CaseCause& known : one.causes) {
    if (known.subject != order.subject) continue;
    return Error{ErrorCode::refused,
                 fmt::format("{} is a cause of case {} already", name, one.number)};
  }
  if (one.causes.size() >= causes_max) {
    return Error{ErrorCode::refused,
                 fmt::format("case {} has {} causes, which is the most", one.number, causes_max)};
  }
  one.causes.push_back(*cause);
  add_line(one, {now, order.by, CaseEvent::cause_added, name, order.text, cause->decision});
  return {};
}

base::Status CaseBook::drop_cause(Case& one, const CaseOrder& order, TimePoint now) {
  const std::string name = order.subject.to_string();
  const auto known = std::find_if(one.causes.begin(), one.causes.end(),
                                  [&](const auto& each) { return each.subject == order.subject; });
  if (known == one.causes.end()) {
    return Error{ErrorCode::unavailable,
                 fmt::format("{} is no cause of case {}", name, one.number)};
  }
  const std::uint64_t decision = known->decision;
  one.causes.erase(known);
  add_line(one, {now, order.by, CaseEvent::cause_removed, name, order.text, decision});
  return {};
}

}  // namespace leumund::action
