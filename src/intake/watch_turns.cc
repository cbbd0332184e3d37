// Which question of the watch comes next, and whether a list's budget has room for it.
#include <algorithm>

#include "intake/watch_book.h"

namespace leumund::intake {
namespace {

using base::TimePoint;
using std::chrono::seconds;
using About = WatchQuestion::About;

constexpr seconds ttl_waited_max{3600};
constexpr seconds day{86'400};
constexpr std::uint64_t trials_share = 4;  // of the budget, one part goes to trials
constexpr std::uint64_t kept_back = 2;     // for a control and for the reason of a listing
constexpr seconds clock_slack{1};          // threads read it one after the other

}  // namespace

// A clock that ran ahead and was set right must not put anything off for as long.
void WatchBook::follow_clock(TimePoint now) {
  const auto back = last_now_ - now;
  if (back <= clock_slack) {
    last_now_ = std::max(last_now_, now);
    return;
  }
  last_now_ = now;
  for (Watched& state : states_) {
    state.trial.set_back(back);
    state.control_good_until -= back;
    for (Sweep* sweep : {&state.own, &state.networks}) {
      sweep->began -= back;
      sweep->next_begin -= back;
    }
    for (TimePoint& due : state.own_due) due -= back;
  }
  for (auto& [at, question] : std::exchange(again_, {})) again_.emplace(at - back, question);
}

std::optional<WatchQuestion> WatchBook::next(TimePoint now) {
  follow_clock(now);
  if (auto question = next_urgent(now)) return question;
  for (const bool network : {false, true}) {
    for (std::uint32_t i = 0; i < states_.size(); ++i) {
      const std::uint32_t list = (turn_ + i) % static_cast<std::uint32_t>(states_.size());
      if (auto question = next_of_sweep(list, network, now)) {
        turn_ = list + 1;
        return question;
      }
    }
  }
  return std::nullopt;
}

bool WatchBook::has_room(const Watched& state, Share share, TimePoint now) const {
  if (rules_.per_day == 0) return true;
  const auto today = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  const std::uint64_t used = state.meter.today == today ? state.meter.asked_today : 0;
  switch (share) {
    case Share::networks: return used < rules_.per_day / 5 * 4;
    case Share::own: return used < rules_.per_day - std::min(kept_back, rules_.per_day / 2);
    case Share::all: break;
  }
  return used < rules_.per_day;
}

bool WatchBook::usable(const Watched& state, bool network, TimePoint now) const {
  if (state.trial.state() != ListState::well) return false;
  if (state.flying >= rules_.in_flight_per_list) return false;
  return has_room(state, network ? Share::networks : Share::own, now);
}

seconds WatchBook::trial_every(std::size_t points) const {
  if (rules_.per_day == 0) return rules_.interval;
  const auto spread = static_cast<std::uint64_t>(day.count()) * points * trials_share;
  return std::max(rules_.interval, seconds(spread / rules_.per_day));
}

void WatchBook::begin_trial(std::uint32_t list, TimePoint now) {
  Watched& state = states_[list];
  const auto points = diagnosis::test_points(lists_[list], random());
  for (const auto& point : points) {
    WatchQuestion question;
    question.about = About::test_point;
    question.list = list;
    question.listed_wanted = point.listed;
    question.sure = true;
    question.name = point.name;
    question.otherwise = point.otherwise;
    state.urgent.push_back(std::move(question));
  }
  state.trial.begin(static_cast<std::uint32_t>(points.size()));
  state.trial.due = now + trial_every(points.size());
  if (points.empty()) tell(list, state.trial.end(now), now);
}

// Before the test points, which may have to wait for the next day.
void WatchBook::hurry(WatchQuestion question) {
  auto& urgent = states_[question.list].urgent;
  const auto first = std::find_if(urgent.begin(), urgent.end(),
                                  [](const auto& one) { return one.about == About::test_point; });
  urgent.insert(first, std::move(question));
}

std::optional<WatchQuestion> WatchBook::next_urgent_of(std::uint32_t list, TimePoint now) {
  Watched& state = states_[list];
  while (!state.urgent.empty()) {
    const auto about = state.urgent.front().about;
    const bool room = has_room(state, about == About::test_point ? Share::own : Share::all, now);
    if (!room && about == About::test_point) return std::nullopt;  // it waits for the next day
    const WatchQuestion question = std::move(state.urgent.front());
    state.urgent.pop_front();
    if (room) return ask(question, now);
    // Not asked: as if nobody had answered.
    about == About::control ? see_control(list, {}, now) : see_reason(question, {});
  }
  return std::nullopt;
}

std::optional<WatchQuestion> WatchBook::next_urgent(TimePoint now) {
  for (std::uint32_t list = 0; list < states_.size(); ++list) {
    const Watched& state = states_[list];
    const bool due = !state.trial.running() && state.trial.due <= now;
    if (due && has_room(state, Share::own, now)) begin_trial(list, now);
    if (auto question = next_urgent_of(list, now)) return question;
  }
  while (!again_.empty() && again_.begin()->first <= now) {
    const auto [list, target] = again_.begin()->second;
    again_.erase(again_.begin());
    const bool network = target >= targets_.own_count();
    if (usable(states_[list], network, now)) return ask(about_target(list, target, true), now);
    again_.emplace(now + again_after(network), std::pair(list, target));
  }
  return std::nullopt;
}

std::optional<WatchQuestion> WatchBook::next_of_sweep(std::uint32_t list, bool network,
                                                      TimePoint now) {
  Watched& state = states_[list];
  Sweep& sweep = network ? state.networks : state.own;
  if (!sweep.running) {
    const std::uint32_t first = network ? targets_.own_count() : 0;
    if (first == sweep.end || sweep.next_begin > now) return std::nullopt;
    sweep.running = true;
    sweep.at = first;
    sweep.began = now;
    sweep.next_begin = now + (network ? rules_.network_interval : rules_.interval);
  }
  if (!usable(state, network, now)) return std::nullopt;
  const auto target = advance(list, sweep, network, now);
  if (!target) return std::nullopt;
  return ask(about_target(list, *target, false), now);
}

bool WatchBook::fits(std::uint32_t list, const WatchTarget& target) const {
  return target.address ? lists_[list].asks(*target.address) : lists_[list].of_domains;
}

std::optional<std::uint32_t> WatchBook::advance(std::uint32_t list, Sweep& sweep, bool network,
                                                TimePoint now) {
  Watched& state = states_[list];
  while (sweep.at < sweep.end) {
    const std::uint32_t target = sweep.at++;
    if (!network && state.own_due[target] > now) continue;
    const WatchTarget facts = targets_.at(target);
    if (!fits(list, facts)) continue;
    if (network && targets_.find(facts.name) != target) continue;  // asked as one of our own
    return target;
  }
  sweep.running = false;
  state.meter.last_round = std::chrono::ceil<seconds>(now - sweep.began);
  state.meter.last_round_at = now;
  return std::nullopt;
}

WatchQuestion WatchBook::about_target(std::uint32_t list, std::uint32_t target, bool sure) const {
  WatchQuestion question;
  question.list = list;
  question.target = target;
  question.sure = sure;
  question.name = targets_.at(target).name;
  return question;
}

WatchQuestion WatchBook::ask(WatchQuestion question, TimePoint now) {
  Watched& state = states_[question.list];
  ++state.flying;
  state.meter.count_question(now);
  return question;
}

void WatchBook::ask_again(std::uint32_t list, std::uint32_t target, seconds ttl, TimePoint now) {
  const seconds wait = again_after(target >= targets_.own_count());
  again_.emplace(now + std::max(wait, std::min(ttl, ttl_waited_max)), std::pair(list, target));
}

}  // namespace leumund::intake
