// The thread of our own lists: ends what is over, publishes what changed, hands it on to be kept.
#include <algorithm>
#include <utility>

#include "apps/daemon/list_desk.h"
#include "base/log.h"

namespace leumund::apps {
namespace {

using base::LogLevel;
using base::TimePoint;
using listing::ListMove;
using listing::ServedList;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{500};
constexpr std::chrono::milliseconds look_every_of_fast_clock{5};
constexpr std::chrono::seconds ask_questions_every{5};
constexpr std::chrono::seconds keep_traffic_every{10};

}  // namespace

void ListDesk::run(const std::stop_token& stop) {
  try {
    load();
  } catch (const std::exception& error) {
    loading_ = false;
    note_load(error.what());
  }
  while (!stop.stop_requested()) {
    try {
      step();
    } catch (const std::exception& error) {
      base::log(LogLevel::error, "event=list_step_failed what=\"{}\"", error.what());
      std::this_thread::sleep_for(look_every);
    }
    static_cast<void>(wake_.pop(patience()));
  }
  step();
}

std::chrono::milliseconds ListDesk::patience() const {
  if (!around_.clock.is_system()) return look_every_of_fast_clock;
  std::optional<TimePoint> due;
  state_.with([&](const State& state) {
    for (const auto& list : state.lists) {
      const auto of_this = list->next_due();
      if (of_this) due = due ? std::min(*due, *of_this) : of_this;
    }
    for (const auto& list : state.names) {
      const auto of_this = list->next_due();
      if (of_this) due = due ? std::min(*due, *of_this) : of_this;
    }
  });
  if (!due) return look_every;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - around_.clock.now());
  return std::clamp(left, std::chrono::milliseconds(0), look_every);
}

void ListDesk::take_traffic(State& state, TimePoint now, bool questions) {
  const auto mails = mails_.with([](auto& waiting) { return std::exchange(waiting, {}); });
  const auto rules = rules_.read();
  for (const auto& [client, count] : mails) {
    const bool own = rules->is_own(client);
    for (auto& list : state.lists) {
      if (own || !list->zone().is_root()) list->mails(client, count, now);
    }
  }
  if (!questions || !server_) return;
  // Zones are in the order of the lists; those of names follow. Who asks several lists about a mail
  // tells each of them of one; ourselves he tells by the first.
  const auto asked = server_->take_addresses();
  for (std::size_t zone = 0; zone < std::min(asked.size(), state.lists.size()); ++zone) {
    for (const listing::TopCount& one : asked[zone]) {
      if (one.address.is_private()) continue;  // test points
      // What it may be too high by would be honest mail that nobody sent.
      const auto count = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(one.queries - std::min(one.error, one.queries), UINT32_MAX));
      if (count == 0) continue;
      if (!state.lists[zone]->zone().is_root()) state.lists[zone]->queries(one.address, count, now);
      if (zone == 0 && rules->is_own(one.address)) {
        state.lists.back()->queries(one.address, count, now);
      }
    }
  }
}

void ListDesk::step() {
  const auto begun = SteadyClock::now();
  const TimePoint now = around_.clock.now();
  const bool questions = begun >= traffic_at_ + ask_questions_every;
  if (questions) traffic_at_ = begun;
  const bool keep_traffic = begun >= traffic_saved_at_ + keep_traffic_every;
  if (keep_traffic) traffic_saved_at_ = begun;
  ListKeeper::Work work;
  std::vector<std::pair<std::string, std::vector<listing::ListEvent>>> told;
  bool changed = false;
  state_.with([&](State& state) {
    take_early(state, now);
    take_traffic(state, now, questions);
    for (std::size_t i = 0; i < state.lists.size(); ++i) {
      ServedList& list = *state.lists[i];
      list.tick(now);
      if (i < plans_.size() && list.changed()) {
        plans_[i] = list.plan(now);
        changed = true;
      }
      told.emplace_back(list.name(), list.take_events());
      work.saves.push_back(list.drain(keep_traffic));
    }
    tick_names(state, now, changed, work.saves);
    work.waiters = std::exchange(state.waiters, {});
  });
  if (changed) {
    publish(plans_);
    const double took = std::chrono::duration<double>(SteadyClock::now() - begun).count();
    health_.with([&](Health& health) {
      ++health.published;
      health.slowest_publish = std::max(health.slowest_publish, took);
    });
    export_due_ = true;
    wake_slow();
  }
  bool moved = changed;
  for (const auto& [list, events] : told) {
    tell(list, events);
    moved = moved || !events.empty();
  }
  // A reload may bring other addresses of ours.
  if (auto rules = rules_.read(); moved || rules != own_judged_by_) {
    own_judged_by_ = std::move(rules);
    work.decisions = judge_own(now);
  }
  keeper_.keep(std::move(work));
}

void ListDesk::publish(std::vector<listing::ZonePlan> plans) {
  if (!server_) return;
  server_->publish(std::make_shared<const listing::ZoneSet>(std::move(plans), access_,
                                                            listing::ZoneSetOptions()));
}

void ListDesk::tell(const std::string& list, const std::vector<listing::ListEvent>& events) const {
  for (const listing::ListEvent& one : events) {
    // A range is a person's business.
    const LogLevel level = one.move == ListMove::range_proposed ? LogLevel::warn : LogLevel::info;
    base::log(level,
              "event=list_{} list={} network={} until={} reports={} reporters={} mail={:.0f}",
              listing::list_move_name(one.move), list, one.facts.what.to_string(),
              base::format_rfc3339(one.facts.until), one.facts.weighed.reports,
              one.facts.weighed.reporters, one.facts.weighed.mail);
  }
}

}  // namespace leumund::apps
