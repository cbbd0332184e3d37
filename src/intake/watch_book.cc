#include "intake/watch_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/page_about.h"

namespace leumund::intake {
namespace {

using base::TimePoint;
using diagnosis::ListVerdict;
using std::chrono::seconds;
using About = WatchQuestion::About;
using net::Found;

constexpr std::uint32_t silent_targets_max = 8;  // questions in a row without an answer
constexpr std::uint8_t misses_to_close = 2;
constexpr seconds control_holds{10};
constexpr seconds again_least{1};
constexpr seconds again_most{600};
constexpr seconds trial_pause_most{4 * 3600};
constexpr std::size_t pending_max = 10'000;
constexpr std::size_t examples_max = 8;
constexpr std::size_t reason_bytes_max = 500;

}  // namespace

WatchBook::WatchBook(WatchRules rules, std::vector<diagnosis::DnsList> lists, WatchTargets targets)
    : rules_(rules),
      lists_(std::move(lists)),
      targets_(std::move(targets)),
      states_(lists_.size()),
      random_(rules.seed) {
  for (Watched& state : states_) {
    state.own.end = targets_.own_count();
    state.own_due.resize(targets_.own_count());
    state.networks.at = targets_.own_count();
    state.networks.end = targets_.count();
  }
}

seconds WatchBook::again_after(bool network) const {
  return std::clamp((network ? rules_.network_interval : rules_.interval) / 4, again_least,
                    network ? 6 * again_most : again_most);
}

// splitmix64: controls must differ, not be secret.
std::uint64_t WatchBook::random() {
  std::uint64_t z = random_ += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// --- what an answer changes ----------------------------------------------------------------------

void WatchBook::answer(const WatchQuestion& question, const WatchReply& reply, TimePoint now) {
  follow_clock(now);
  Watched& state = states_[question.list];
  --state.flying;
  if (reply.found == Found::unknown) {
    ++state.meter.unanswered;
  } else {
    state.meter.silent_in_row = 0;
    state.meter.count_time(reply.took);
  }
  switch (question.about) {
    case About::test_point: return see_trial(question, reply, now);
    case About::control: return see_control(question.list, reply, now);
    case About::target: return see_target(question, reply, now);
    case About::reason: return see_reason(question, reply);
  }
}

void WatchBook::see_trial(const WatchQuestion& question, const WatchReply& reply, TimePoint now) {
  Watched& state = states_[question.list];
  const auto answer = read_reply(lists_[question.list], reply);
  const bool second_try = !question.first_missing && !question.otherwise.empty();
  if (reply.found == Found::no && second_try) {
    WatchQuestion other = question;
    std::swap(other.name, other.otherwise);
    other.first_missing = true;
    return state.urgent.push_back(std::move(other));
  }
  const std::string& told = question.first_missing ? question.otherwise : question.name;
  const std::string wrong = wrong_at_point({told, question.listed_wanted, {}}, reply.found, answer);
  if (!state.trial.note(wrong, reply.found == Found::unknown)) return;
  const auto news = state.trial.end(now);
  if (state.trial.state() == ListState::well) {
    state.trial_pause = seconds(0);
  } else {
    const seconds first = again_after(false);
    const bool stays = state.trial.state() == ListState::faulty && !state.trial.recovers(now);
    state.trial_pause = stays ? std::min(state.trial_pause * 2, trial_pause_most) : first;
    state.trial_pause = std::max(state.trial_pause, first);
    state.trial.due = now + state.trial_pause;
  }
  tell(question.list, news, now);
}

void WatchBook::see_control(std::uint32_t list, const WatchReply& reply, TimePoint now) {
  Watched& state = states_[list];
  auto pending = std::exchange(state.pending, {});
  const auto answer = read_reply(lists_[list], reply);
  if (reply.found == Found::unknown) {
    for (const auto& [target, heard] : pending) ask_again(list, target, seconds(0), now);
  } else if (answer.verdict == ListVerdict::not_listed) {
    state.control_good_until = now + control_holds;
    for (const auto& [target, heard] : pending) see_listed(list, target, heard, now);
  } else {
    suspect_list(list,
                 answer.verdict == ListVerdict::fault
                     ? answer.trouble
                     : "lists an address that nobody sends from: it lists the world",
                 now);
  }
}

void WatchBook::see_target(const WatchQuestion& question, const WatchReply& reply, TimePoint now) {
  Watched& state = states_[question.list];
  if (reply.found == Found::unknown) {
    const auto place = open_.find({question.list, targets_.at(question.target).place});
    if (question.sure || (place != open_.end() && place->second.members.contains(question.target)))
      ask_again(question.list, question.target, seconds(0), now);
    if (++state.meter.silent_in_row < silent_targets_max) return;
    if (state.trial.state() != ListState::well) return;
    state.trial.hush("does not answer: " + reply.trouble);
    state.trial.due = now + again_after(false);
    return;
  }
  if (question.target < targets_.own_count()) {
    state.own_due[question.target] = now + std::min(reply.ttl, seconds(86'400));
  }
  const auto answer = read_reply(lists_[question.list], reply);
  switch (answer.verdict) {
    case ListVerdict::listed:
      ++state.meter.listed;
      return see_listed(question.list, question.target, reply, now);
    case ListVerdict::not_listed:
      ++state.meter.not_listed;
      return see_not_listed(question.list, question.target, reply.ttl, now);
    case ListVerdict::unknown:
      ++state.meter.unknown_codes;
      state.meter.last_unknown_code = answer.codes.empty() ? "" : answer.codes.front();
      return;
    case ListVerdict::fault: return suspect_list(question.list, answer.trouble, now);
  }
}

void WatchBook::see_listed(std::uint32_t list, std::uint32_t target, const WatchReply& reply,
                           TimePoint now) {
  Watched& state = states_[list];
  const auto open_place = open_.find({list, targets_.at(target).place});
  if (open_place != open_.end()) {
    Open& open = open_place->second;
    if (open.members.insert_or_assign(target, std::uint8_t{0}).second) note_members(open);
    const auto answer = read_reply(lists_[list], reply);
    open.facts.last_seen = now;
    open.facts.codes = answer.codes;
    open.facts.meaning = answer.meaning;
    open.facts.policy = answer.policy;
    return ask_again(list, target, seconds(0), now);
  }
  if (lists_[list].unused_space || state.control_good_until > now) {
    return open(list, target, reply, now);
  }
  if (state.pending.size() >= pending_max) return;  // the next round brings them again
  state.pending.emplace_back(target, reply);
  if (state.pending.size() > 1) return;  // the control is out already
  WatchQuestion question;
  question.about = About::control;
  question.list = list;
  question.sure = true;
  question.name = diagnosis::control_point(lists_[list], random()).name;
  hurry(std::move(question));
}

void WatchBook::open(std::uint32_t list, std::uint32_t target, const WatchReply& reply,
                     TimePoint now) {
  const WatchTarget facts = targets_.at(target);
  Open made;
  made.facts = facts_of(list, facts, now);
  const auto answer = read_reply(lists_[list], reply);
  made.facts.codes = answer.codes;
  made.facts.meaning = answer.meaning;
  made.facts.policy = answer.policy;
  made.members.emplace(target, std::uint8_t{0});
  note_members(made);
  open_.insert_or_assign({list, facts.place}, std::move(made));
  WatchQuestion question = about_target(list, target, true);
  question.about = About::reason;
  hurry(std::move(question));
  ask_again(list, target, seconds(0), now);
}

// The list's own words, if it has some: told or not, now the listing is.
void WatchBook::see_reason(const WatchQuestion& question, const WatchReply& reply) {
  const auto found = open_.find({question.list, targets_.at(question.target).place});
  if (found == open_.end() || found->second.told) return;
  Open& open = found->second;
  if (reply.found == Found::yes && !reply.texts.empty()) {
    open.facts.reason = reply.texts.front().substr(0, reason_bytes_max);
  }
  open.told = true;
  changes_.emplace_back(ListingChange{open.facts});
}

void WatchBook::see_not_listed(std::uint32_t list, std::uint32_t target, seconds ttl,
                               TimePoint now) {
  if (open_.empty()) return;
  const auto found = open_.find({list, targets_.at(target).place});
  if (found == open_.end()) return;
  Open& open = found->second;
  const auto member = open.members.find(target);
  if (member == open.members.end()) return;
  if (++member->second < misses_to_close) return ask_again(list, target, ttl, now);
  open.members.erase(member);
  if (!open.members.empty()) return note_members(open);
  open.facts.until = now;
  if (open.told) changes_.emplace_back(ListingChange{open.facts});
  open_.erase(found);
}

void WatchBook::suspect_list(std::uint32_t list, const std::string& why, TimePoint now) {
  Watched& state = states_[list];
  ++state.meter.wrong;
  state.pending.clear();
  const auto news = state.trial.strike(why, now);
  state.trial.due = now + again_after(false);
  tell(list, news, now);
}

void WatchBook::tell(std::uint32_t list, ListTrial::News news, TimePoint now) {
  Watched& state = states_[list];
  if (news == ListTrial::News::became_faulty) {
    state.fault = model::ListFault{.list = lists_[list].id,
                                   .list_name = lists_[list].name,
                                   .reason = state.trial.reason(),
                                   .since = now,
                                   .until = std::nullopt};
    changes_.emplace_back(*state.fault);
  } else if (news == ListTrial::News::became_well && state.fault) {
    state.fault->until = now;
    changes_.emplace_back(*std::exchange(state.fault, std::nullopt));
  }
}

// --- what stands ---------------------------------------------------------------------------------

model::Listing WatchBook::facts_of(std::uint32_t list, const WatchTarget& target,
                                   TimePoint now) const {
  const auto& from = lists_[list];
  model::Listing out;
  out.place = target.place;
  out.egress = target.egress;
  out.list = from.id;
  out.list_name = from.name;
  out.scope = target.address ? diagnosis::entry_scope_name(from.scope) : "domain";
  out.mender = diagnosis::mender_name(from.mender());
  out.since = now;
  out.last_seen = now;
  out.sends = target.sends;
  out.lookup_url = model::page_about(from.lookup_url, target.name);
  out.delist_url = model::page_about(from.delist_url, target.name);
  out.delist_method = from.delist_method;
  out.predatory = from.predatory;
  return out;
}

void WatchBook::note_members(Open& open) const {
  open.facts.addresses = open.members.size();
  open.facts.examples.clear();
  if (open.facts.sends) return;
  for (const auto& [target, misses] : open.members) {
    if (open.facts.examples.size() >= examples_max) break;
    open.facts.examples.push_back(targets_.at(target).name);
  }
}

bool WatchBook::restore(const model::Listing& listing, TimePoint now) {
  const auto list = std::find_if(lists_.begin(), lists_.end(),
                                 [&](const auto& one) { return one.id == listing.list; });
  if (list == lists_.end()) return false;
  const auto index = static_cast<std::uint32_t>(list - lists_.begin());
  std::set<std::uint32_t> members;
  if (const auto own = targets_.find(listing.place)) members.insert(*own);
  for (const std::string& example : listing.examples) {
    if (const auto target = targets_.find(example)) members.insert(*target);
  }
  Open made;
  made.facts = listing;
  made.told = true;
  for (const std::uint32_t target : members) {
    if (targets_.at(target).place != listing.place) continue;  // it became one of our own
    made.members.emplace(target, std::uint8_t{0});
    again_.emplace(now, std::pair(index, target));
  }
  if (made.members.empty()) return false;
  open_.insert_or_assign({index, listing.place}, std::move(made));
  return true;
}

bool WatchBook::restore(const model::ListFault& fault) {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i].id != fault.list) continue;
    states_[i].fault = fault;
    states_[i].trial.restore(fault.reason, fault.since);
    return true;
  }
  return false;
}

bool WatchBook::restore(const ListHealth& health) {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i].id != health.list) continue;
    states_[i].meter = health.meter;
    return true;
  }
  return false;
}

std::vector<model::Listing> WatchBook::listings() const {
  std::vector<model::Listing> out;
  for (const auto& [place, open] : open_) {
    if (open.told) out.push_back(open.facts);
  }
  return out;
}

std::vector<ListHealth> WatchBook::health() const {
  std::map<std::string_view, std::uint32_t> lists_of_place;
  for (const auto& [place, open] : open_) ++lists_of_place[place.second];
  std::vector<ListHealth> out(lists_.size());
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    out[i].list = lists_[i].id;
    out[i].name = lists_[i].name;
    out[i].state = states_[i].trial.state();
    out[i].reason = states_[i].trial.reason();
    out[i].since = states_[i].trial.since();
    out[i].meter = states_[i].meter;
    out[i].per_day = rules_.per_day;
  }
  for (const auto& [place, open] : open_) {
    ++out[place.first].listings;
    if (lists_of_place[place.second] > 1) ++out[place.first].shared;
  }
  return out;
}

}  // namespace leumund::intake
