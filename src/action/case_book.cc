#include "action/case_book.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace leumund::action {
namespace {

using base::TimePoint;
using model::Case;
using model::CaseEvent;
using model::CaseLine;
using model::CaseNews;
using model::CaseParty;
using model::CaseState;
using model::CaseStep;
using model::DecisionKind;
using model::Subject;
using model::SubjectKind;

constexpr std::size_t lines_kept_first = 100;  // how it began is never dropped
constexpr const char* by_itself = "cases";

CaseParty* find_party(Case& one, const std::string& id) {
  const auto found = std::find_if(one.parties.begin(), one.parties.end(),
                                  [&](const CaseParty& party) { return party.id == id; });
  return found == one.parties.end() ? nullptr : &*found;
}

// Addresses that never send are one trouble for each list: one removal mends them all.
Subject subject_of(const model::Listing& listing) {
  if (!listing.egress.empty()) return {SubjectKind::egress, listing.egress};
  if (!listing.sends) return {SubjectKind::list, listing.list};
  if (listing.place.contains('/')) return {SubjectKind::network, listing.place};
  return {base::IpAddress::parse(listing.place) ? SubjectKind::address : SubjectKind::domain,
          listing.place};
}

std::string words_of(const model::BlockFacts& facts) {
  return facts.examples.empty() ? "" : facts.examples.front().reply;
}

}  // namespace

// What turned against us, whoever told it.
struct CaseBook::Trouble {
  Subject subject;
  CaseParty party;
  std::string place;
  std::uint64_t decision = 0;
};

std::string CaseBook::clipped(std::string text) {
  if (text.size() > text_bytes_max) text.resize(text_bytes_max);
  return text;
}

void CaseBook::restore(CaseRecord record) {
  for (Case& one : record.cases) cases_[one.number] = std::move(one);
  progress_ = record.progress;
  if (!cases_.empty()) {
    progress_.last_case = std::max(progress_.last_case, cases_.rbegin()->first);
  }
}

const Case* CaseBook::find(std::uint64_t number) const {
  const auto found = cases_.find(number);
  return found == cases_.end() ? nullptr : &found->second;
}

// --- the timeline --------------------------------------------------------------------------------

void CaseBook::add_line(Case& one, CaseLine line) {
  line.text = clipped(std::move(line.text));
  one.lines.push_back(std::move(line));
  if (one.lines.size() > lines_max) {
    one.lines.erase(one.lines.begin() + lines_kept_first);
    ++one.dropped_lines;
  }
  changed_.insert(one.number);
}

void CaseBook::tell(const Case& one, CaseNews::What what, const CaseParty* party,
                    std::optional<CaseStep> step) {
  CaseNews news;
  news.what = what;
  news.number = one.number;
  if (!one.lines.empty()) news.line = one.lines.back();
  news.step = step;
  if (party != nullptr) {
    news.title = party->title;
    news.url = party->url;
    news.predatory = party->predatory;
  }
  news_.push_back(std::move(news));
}

// --- decisions -----------------------------------------------------------------------------------

void CaseBook::take(const model::Decision& decision) {
  progress_.last_decision = std::max(progress_.last_decision, decision.number);
  moved_ = true;
  Trouble trouble;
  trouble.decision = decision.number;
  trouble.party.since = decision.at;
  if (decision.listing) {
    const model::Listing& listing = *decision.listing;
    trouble.subject = subject_of(listing);
    trouble.place = listing.place;
    trouble.party.id = Subject{SubjectKind::list, listing.list}.to_string();
    trouble.party.title = listing.list_name;
    trouble.party.words = clipped(listing.reason);
    trouble.party.codes = listing.codes;
    trouble.party.meaning = clipped(listing.meaning);
    trouble.party.mender = listing.mender;
    trouble.party.url = listing.delist_url.empty() ? listing.lookup_url : listing.delist_url;
    trouble.party.method = listing.delist_method;
    trouble.party.predatory = listing.predatory;
    if (decision.kind == DecisionKind::delisted) {
      end(trouble.party.id, trouble.place, decision.at, decision.number, "");
    } else if (listing.sends || !listing.policy) {
      begin(trouble);  // that a network without mail servers should send no mail is no trouble
    }
  } else if (decision.block) {
    const model::BlockFacts& facts = decision.block->facts;
    trouble.subject = {SubjectKind::egress, facts.egress};
    trouble.place = facts.egress;
    trouble.party.id = Subject{SubjectKind::provider, facts.provider}.to_string();
    trouble.party.title = facts.provider;
    trouble.party.words = clipped(words_of(facts));
    trouble.party.mender = "unknown";
    trouble.party.impact = {facts.mails, facts.recipients, facts.sender_domains, facts.accounts,
                            facts.classes};
    if (decision.kind == DecisionKind::provider_accepts) {
      end(trouble.party.id, trouble.place, decision.at, decision.number, "");
    } else {
      begin(trouble);
    }
  } else if (decision.detour) {
    take_detour(decision);
  } else if (decision.kind == DecisionKind::restricted ||
             decision.kind == DecisionKind::would_restrict) {
    take_stop(decision);
  } else if (decision.kind == DecisionKind::released || decision.kind == DecisionKind::ended) {
    take_release(decision);
  }
}

Case& CaseBook::open_case(const Subject& subject, const Trouble& trouble) {
  std::uint64_t before = 0;
  for (auto& [number, one] : cases_) {
    if (one.subject != subject) continue;
    if (one.state != CaseState::closed) return one;
    before = number;
  }
  Case& one = cases_[++progress_.last_case];
  one.number = progress_.last_case;
  one.subject = subject;
  one.opened_at = trouble.party.since;
  one.recurs_of = before;
  const TimePoint from = one.opened_at - cause_before;
  for (const Stop& stop : recent_stops_) {
    // What was decided before this one belongs to it, also where the trouble is dated back to its
    // first refusal.
    if (stop.for_spam && stop.cause.stopped_at >= from) add_cause(one, stop.cause);
  }
  return one;
}

void CaseBook::begin(const Trouble& trouble) {
  const std::uint64_t last = progress_.last_case;
  Case& one = open_case(trouble.subject, trouble);
  const TimePoint at = trouble.party.since;
  CaseParty* party = find_party(one, trouble.party.id);
  if (party == nullptr) {
    if (one.parties.size() >= parties_max) return;
    one.parties.push_back(trouble.party);
    party = &one.parties.back();
    party->times = 0;
    party->until = at;  // begins below, as one that returns
  }
  const bool known =
      std::find(party->places.begin(), party->places.end(), trouble.place) != party->places.end();
  if (known && stands(*party)) return;  // told twice, as after a kill
  if (!known && party->places.size() < places_max) party->places.push_back(trouble.place);
  const bool anew = !stands(*party);
  if (anew) {
    CaseParty now = trouble.party;
    now.times = party->times + 1;
    now.places = {trouble.place};
    now.remind_at = at + settings_.ask_after;
    *party = std::move(now);
  }
  one.state = CaseState::open;
  one.quiet_since.reset();
  add_line(one, {at, by_itself, anew ? CaseEvent::began : CaseEvent::joined, party->id,
                 trouble.place, trouble.decision});
  if (progress_.last_case != last) tell(one, CaseNews::What::opened, party);
}

void CaseBook::end(const std::string& party, const std::string& place, TimePoint at,
                   std::uint64_t decision, const std::string& words) {
  for (auto& [number, one] : cases_) {
    CaseParty* found = find_party(one, party);
    if (found != nullptr && stands(*found)) end_place(one, *found, place, at, decision, words);
  }
}

void CaseBook::end_place(Case& one, CaseParty& party, const std::string& place, TimePoint at,
                         std::uint64_t decision, const std::string& words) {
  if (std::erase(party.places, place) == 0) return;
  changed_.insert(one.number);
  if (!party.places.empty()) return;
  party.until = at;
  party.remind_at.reset();
  for (auto& attempt : one.attempts) {
    if (attempt.party != party.id || attempt.outcome != model::CaseOutcome::waiting) continue;
    attempt.outcome = model::CaseOutcome::ended;
    attempt.answered_at = at;
  }
  add_line(one, {at, by_itself, CaseEvent::ended, party.id, words, decision});
  if (one.state != CaseState::closed) rest(one, at);
}

// Quiet once nobody is against us any more.
void CaseBook::rest(Case& one, TimePoint at) {
  if (std::any_of(one.parties.begin(), one.parties.end(), model::stands)) return;
  one.state = CaseState::quiet;
  one.quiet_since = at;
  add_line(one, {at, by_itself, CaseEvent::quiet, "", "", 0});
}

void CaseBook::take_detour(const model::Decision& decision) {
  const model::Detour& detour = *decision.detour;
  if (detour.planned) return;
  const std::string party = Subject{SubjectKind::provider, detour.provider}.to_string();
  for (auto& [number, one] : cases_) {
    if (one.state == CaseState::closed || find_party(one, party) == nullptr) continue;
    std::string text(model::is_on_trial(detour) ? "trial" : model::detour_phase_name(detour.phase));
    if (!detour.via.empty()) text += " " + detour.via;
    if (!detour.pool.empty()) text += fmt::format(" ({})", detour.pool);
    add_line(one, {decision.at, decision.by, CaseEvent::detour, party, text, decision.number});
  }
}

// --- the world as it is now ----------------------------------------------------------------------

void CaseBook::note_impact(std::span<const model::BlockFacts> cells) {
  for (auto& [number, one] : cases_) {
    if (one.state != CaseState::open || one.subject.kind != SubjectKind::egress) continue;
    for (const model::BlockFacts& facts : cells) {
      if (facts.egress != one.subject.name) continue;
      const auto id = Subject{SubjectKind::provider, facts.provider}.to_string();
      CaseParty* party = find_party(one, id);
      if (party == nullptr || !stands(*party)) continue;
      const model::CaseImpact before = party->impact;
      party->impact.mails = std::max(before.mails, facts.mails);
      party->impact.recipients = std::max(before.recipients, facts.recipients);
      party->impact.sender_domains = std::max(before.sender_domains, facts.sender_domains);
      party->impact.accounts = std::max(before.accounts, facts.accounts);
      for (std::size_t i = 0; i < facts.classes.size(); ++i) {
        party->impact.classes[i] = std::max(before.classes[i], facts.classes[i]);
      }
      if (party->words.empty()) party->words = clipped(words_of(facts));
      if (party->impact != before) changed_.insert(number);
    }
  }
}

void CaseBook::end_unknown(const StandingTrouble& standing, bool lists_known, TimePoint now) {
  StandingTrouble missing;
  for (const auto& [number, one] : cases_) {
    for (const CaseParty& party : one.parties) {
      if (!stands(party) || (!lists_known && party.id.starts_with("list:"))) continue;
      for (const std::string& place : party.places) {
        if (!standing.contains({party.id, place})) missing.emplace(party.id, place);
      }
    }
  }
  for (const auto& [party, place] : missing) {
    if (!missing_.contains({party, place})) continue;
    const bool provider = party.starts_with("provider:");
    end(party, place, now, 0,
        provider ? "nothing was sent there for long, or the egress has another name"
                 : "no longer watched");
  }
  missing_ = std::move(missing);
}

// --- what falls due ------------------------------------------------------------------------------

void CaseBook::tick(TimePoint now) {
  for (auto& [number, one] : cases_) {
    if (one.state == CaseState::open) remind(one, now);
    if (one.state == CaseState::quiet && one.quiet_since &&
        now >= *one.quiet_since + settings_.close_after) {
      close(one, by_itself, "", now);
    }
    if (one.state != CaseState::closed || one.reviews.empty() || one.reviews.front() > now) {
      continue;
    }
    one.reviews.erase(one.reviews.begin());
    add_line(one, {now, by_itself, CaseEvent::review, "", "", 0});
    tell(one, CaseNews::What::due, nullptr);
  }
  forget_old(now);
}

void CaseBook::remind(Case& one, TimePoint now) {
  for (CaseParty& party : one.parties) {
    if (!stands(party) || !party.remind_at || now < *party.remind_at) continue;
    party.remind_at = now + settings_.remind_after;
    changed_.insert(one.number);
    for (auto& attempt : one.attempts) {
      if (attempt.party == party.id && attempt.outcome == model::CaseOutcome::waiting) {
        attempt.outcome = model::CaseOutcome::unanswered;
      }
    }
    const auto step = next_step(one, party);
    if (!step) continue;  // it ends by itself, or all was tried
    add_line(one, {now, by_itself, CaseEvent::reminder, party.id,
                   std::string(model::case_step_name(*step)), 0});
    tell(one, CaseNews::What::due, &party, step);
  }
}

void CaseBook::close(Case& one, const std::string& by, const std::string& text, TimePoint now) {
  one.state = CaseState::closed;
  one.closed_at = now;
  one.reviews.clear();
  const TimePoint from = one.quiet_since.value_or(now);
  for (const auto after : settings_.reviews) {
    if (from + after > now) one.reviews.push_back(from + after);
  }
  std::sort(one.reviews.begin(), one.reviews.end());
  add_line(one, {now, by, CaseEvent::closed, "", text, 0});
  tell(one, CaseNews::What::closed, nullptr);
}

void CaseBook::forget_old(TimePoint now) {
  const auto forget = [&](auto at) {
    forgotten_.push_back(at->first);
    changed_.erase(at->first);
    moved_ = true;
    return cases_.erase(at);
  };
  for (auto at = cases_.begin(); at != cases_.end();) {
    const Case& one = at->second;
    const bool old = one.state == CaseState::closed && one.reviews.empty() && one.closed_at &&
                     now >= *one.closed_at + settings_.keep;
    at = old ? forget(at) : std::next(at);
  }
  for (auto at = cases_.begin(); at != cases_.end() && cases_.size() > cases_max;) {
    at = at->second.state == CaseState::closed ? forget(at) : std::next(at);
  }
}

CaseBook::Changes CaseBook::drain() {
  Changes out;
  for (const std::uint64_t number : std::exchange(changed_, {})) {
    out.cases.push_back(cases_.at(number));
  }
  out.forgotten = std::exchange(forgotten_, {});
  out.progress = progress_;
  out.moved = std::exchange(moved_, false) || !out.cases.empty() || !out.forgotten.empty();
  return out;
}

std::vector<CaseNews> CaseBook::take_news() { return std::exchange(news_, {}); }

void CaseBook::put_back(const Changes& changes) {
  for (const Case& one : changes.cases) {
    if (cases_.contains(one.number)) changed_.insert(one.number);
  }
  forgotten_.insert(forgotten_.end(), changes.forgotten.begin(), changes.forgotten.end());
  moved_ = true;
}

}  // namespace leumund::action
