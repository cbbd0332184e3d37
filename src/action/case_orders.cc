// What people do with a case, and what the cases so far say of somebody.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "action/case_book.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using base::TimePoint;
using model::Case;
using model::CaseAttempt;
using model::CaseEvent;
using model::CaseNews;
using model::CaseOutcome;
using model::CaseParty;
using model::CaseState;
using model::CaseStep;

constexpr std::size_t worked_max = 20;

// Reply makes no sense where nobody has answered.
CaseStep above(CaseStep step, CaseOutcome outcome) {
  if (step == CaseStep::form && outcome != CaseOutcome::refused) return CaseStep::postmaster;
  return step == CaseStep::given_up ? step
                                    : static_cast<CaseStep>(static_cast<std::uint8_t>(step) + 1);
}

std::string names_of(const Case& one) {
  std::string names;
  for (const CaseParty& party : one.parties) names += (names.empty() ? "" : ", ") + party.id;
  return names;
}

struct Past {
  PartyFigures figures;
  std::vector<std::chrono::seconds> spans;
};

void add_to(Past& past, const Case& one, const CaseParty& party) {
  past.figures.party = party.id;
  past.figures.title = party.title;
  past.figures.times += party.times;
  std::vector<CaseAttempt> done;
  for (const CaseAttempt& attempt : one.attempts) {
    if (attempt.party != party.id) continue;
    ++past.figures.attempts;
    past.figures.accepted += attempt.outcome == CaseOutcome::accepted ? 1 : 0;
    done.push_back(attempt);
  }
  if (!party.until) {
    ++past.figures.standing;
    return;
  }
  past.spans.push_back(
      std::chrono::duration_cast<std::chrono::seconds>(*party.until - party.since));
  past.figures.last_case = one.number;  // cases come by number: the newest stays
  if (done.empty()) return;
  if (done.size() > worked_max) done.erase(done.begin(), done.end() - worked_max);
  past.figures.worked = std::move(done);
}

}  // namespace

std::optional<CaseStep> next_step(const Case& one, const CaseParty& party) {
  if (party.until || party.predatory || party.mender == "time") return std::nullopt;
  const CaseAttempt* last = nullptr;
  for (const CaseAttempt& attempt : one.attempts) {
    if (attempt.party == party.id) last = &attempt;
  }
  if (last == nullptr) {
    if (party.mender == "network_operator") return CaseStep::upstream;
    return party.id.starts_with("list:") || !party.url.empty() ? CaseStep::form
                                                               : CaseStep::postmaster;
  }
  if (last->outcome == CaseOutcome::waiting || last->step == CaseStep::given_up) {
    return std::nullopt;
  }
  // Granted, and yet it stands: the answer is the place to say so.
  if (last->outcome == CaseOutcome::accepted) return CaseStep::reply;
  return above(last->step, last->outcome);
}

base::Result<Case> CaseBook::order(const CaseOrder& order, TimePoint now) {
  const auto found = cases_.find(order.number);
  if (found == cases_.end()) {
    return Error{ErrorCode::unavailable, fmt::format("there is no case {}", order.number)};
  }
  if (order.text.size() > text_bytes_max) {
    return Error{ErrorCode::too_large, fmt::format("text is over {} bytes long", text_bytes_max)};
  }
  if (const auto done = work(found->second, order, now); !done) return done.error();
  changed_.insert(order.number);
  return found->second;
}

base::Status CaseBook::work(Case& one, const CaseOrder& order, TimePoint now) {
  switch (order.work) {
    case CaseWork::note:
      if (order.text.empty()) return Error{ErrorCode::malformed, "text is missing"};
      add_line(one, {now, order.by, CaseEvent::note, "", order.text, 0});
      return {};
    case CaseWork::review:
      add_line(one, {now, order.by, CaseEvent::review, "", order.text, 0});
      return {};
    case CaseWork::attempt: return write_attempt(one, order, now);
    case CaseWork::answer: return write_answer(one, order, now);
    case CaseWork::add_cause: return name_cause(one, order, now);
    case CaseWork::remove_cause: return drop_cause(one, order, now);
    case CaseWork::close:
      if (one.state == CaseState::closed) {
        return Error{ErrorCode::refused, fmt::format("case {} is closed already", one.number)};
      }
      if (one.state == CaseState::open && order.text.empty()) {
        return Error{ErrorCode::malformed,
                     "text is missing: somebody is still against us, say why it is closed"};
      }
      close(one, order.by, order.text, now);
      return {};
    case CaseWork::reopen: break;
  }
  if (one.state != CaseState::closed) {
    return Error{ErrorCode::refused, fmt::format("case {} is not closed", one.number)};
  }
  for (const auto& [number, other] : cases_) {
    if (number == one.number || other.subject != one.subject || other.state == CaseState::closed) {
      continue;
    }
    return Error{ErrorCode::refused,
                 fmt::format("case {} about {} is open already", number, one.subject.to_string())};
  }
  const bool standing = std::any_of(one.parties.begin(), one.parties.end(), model::stands);
  one.state = standing ? CaseState::open : CaseState::quiet;
  one.quiet_since = standing ? std::nullopt : std::optional(now);
  one.closed_at.reset();
  one.reviews.clear();
  add_line(one, {now, order.by, CaseEvent::reopened, "", order.text, 0});
  tell(one, CaseNews::What::reopened, nullptr);
  return {};
}

base::Status CaseBook::write_attempt(Case& one, const CaseOrder& order, TimePoint now) {
  std::vector<CaseParty*> fitting;
  for (CaseParty& party : one.parties) {
    if (order.party.empty() ? stands(party) : party.id == order.party) fitting.push_back(&party);
  }
  if (fitting.size() != 1) {
    return Error{order.party.empty() ? ErrorCode::malformed : ErrorCode::unavailable,
                 fmt::format("say who was asked, one of: {}", names_of(one))};
  }
  if (one.attempts.size() >= attempts_max) {
    return Error{ErrorCode::refused, fmt::format("case {} has {} attempts, which is the most",
                                                 one.number, attempts_max)};
  }
  CaseParty& party = *fitting.front();
  CaseAttempt attempt;
  attempt.number = one.attempts.empty() ? 1 : one.attempts.back().number + 1;
  attempt.party = party.id;
  attempt.at = now;
  attempt.by = order.by;
  attempt.step = order.step.value_or(next_step(one, party).value_or(CaseStep::reply));
  attempt.to = order.to.empty() ? party.url : order.to;
  attempt.text = order.text;
  if (stands(party)) {
    party.remind_at = attempt.step == CaseStep::given_up
                          ? std::nullopt
                          : std::optional(now + settings_.remind_after);
  }
  const std::uint32_t number = attempt.number;
  const CaseStep step = attempt.step;
  one.attempts.push_back(std::move(attempt));
  add_line(one, {now, order.by, CaseEvent::attempt, party.id,
                 std::string(model::case_step_name(step)), number});
  return {};
}

base::Status CaseBook::write_answer(Case& one, const CaseOrder& order, TimePoint now) {
  if (order.outcome == CaseOutcome::waiting || order.outcome == CaseOutcome::ended) {
    return Error{ErrorCode::malformed, "outcome is none of accepted, refused, unanswered"};
  }
  CaseAttempt* found = nullptr;
  for (CaseAttempt& attempt : one.attempts) {
    const bool asked = order.attempt == 0 ? attempt.outcome == CaseOutcome::waiting
                                          : attempt.number == order.attempt;
    if (asked) found = &attempt;
  }
  if (found == nullptr) {
    return Error{ErrorCode::unavailable,
                 order.attempt == 0
                     ? fmt::format("case {} has no attempt that waits", one.number)
                     : fmt::format("case {} has no attempt {}", one.number, order.attempt)};
  }
  found->outcome = order.outcome;
  found->answered_at = now;
  found->answer = order.text;
  for (CaseParty& party : one.parties) {
    if (party.id != found->party || !stands(party)) continue;
    const bool granted = order.outcome == CaseOutcome::accepted;
    party.remind_at = now + (granted ? settings_.remind_after : settings_.ask_after);
  }
  add_line(one, {now, order.by, CaseEvent::answer, found->party,
                 std::string(model::case_outcome_name(order.outcome)), found->number});
  return {};
}

std::vector<PartyFigures> CaseBook::figures() const {
  std::map<std::string, Past> all;
  for (const auto& [number, one] : cases_) {
    for (const CaseParty& party : one.parties) add_to(all[party.id], one, party);
  }
  std::vector<PartyFigures> out;
  for (auto& [id, past] : all) {
    if (!past.spans.empty()) {
      const auto middle = past.spans.begin() + static_cast<std::ptrdiff_t>(past.spans.size() / 2);
      std::nth_element(past.spans.begin(), middle, past.spans.end());
      past.figures.median = *middle;
    }
    out.push_back(std::move(past.figures));
  }
  return out;
}

}  // namespace leumund::action
