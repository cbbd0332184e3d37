#include "intake/screen_health.h"

#include <algorithm>

#include "base/log.h"

namespace leumund::intake {
namespace {

using diagnosis::ListVerdict;
using diagnosis::ScreenList;

constexpr std::uint32_t silent_max = 20;  // questions in a row without an answer
constexpr std::chrono::seconds tried_again{30};
constexpr std::chrono::seconds control_holds{10};

}  // namespace

ScreenHealth::ScreenHealth(const std::vector<ScreenList>& rows) : rows_(rows) {
  state_.with([&](State& state) {
    state.figures.resize(rows.size());
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      state.zones[rows[i].list.zone].rows.push_back(i);
      auto& figures = state.figures[i];
      figures.list = rows[i].shown;
      figures.role = rows[i].role;
      figures.weight = rows[i].weight();
    }
  });
}

std::vector<std::vector<std::uint32_t>> ScreenHealth::to_ask(const base::IpAddress& client) {
  return state_.with([&](State& state) {
    std::vector<std::vector<std::uint32_t>> out;
    for (auto& [name, zone] : state.zones) {
      if (zone.trial.state() != ListState::well) continue;
      if (!rows_[zone.rows.front()].list.asks(client)) continue;
      for (const std::uint32_t row : zone.rows) ++state.figures[row].asked;
      out.push_back(zone.rows);
    }
    return out;
  });
}

void ScreenHealth::see(std::uint32_t row, const net::DnsAnswer& answer,
                       const diagnosis::ListAnswer& read_as, base::TimePoint now) {
  tell(row, state_.with([&](State& state) {
    Zone& zone = state.zones[rows_[row].list.zone];
    if (answer.found == net::Found::unknown) {
      ++state.figures[row].unanswered;
      if (row != zone.rows.front()) return News{};  // one question, told to each of its rows
      if (++zone.silent_in_row >= silent_max) zone.trial.hush("does not answer: " + answer.trouble);
      return News{};
    }
    zone.silent_in_row = 0;
    if (read_as.verdict != ListVerdict::fault) return News{};
    return struck(zone.trial, read_as.trouble, now);
  }));
}

bool ScreenHealth::wants_control(std::uint32_t row, base::TimePoint now) {
  return state_.with([&](State& state) {
    const Zone& zone = state.zones[rows_[row].list.zone];
    return !rows_[row].list.unused_space && zone.control_good_until <= now;
  });
}

void ScreenHealth::see_control(std::uint32_t row, const std::string& wrong, net::Found found,
                               base::TimePoint now) {
  tell(row, state_.with([&](State& state) {
    Zone& zone = state.zones[rows_[row].list.zone];
    if (wrong.empty()) zone.control_good_until = now + control_holds;
    if (wrong.empty() || found == net::Found::unknown) return News{};
    return struck(zone.trial, wrong, now);
  }));
}

void ScreenHealth::count(const diagnosis::ScreenVerdict& verdict) {
  state_.with([&](State& state) {
    for (const std::uint32_t row : verdict.hits) {
      ++state.figures[row].listed;
      const bool alone = std::ranges::all_of(verdict.hits, [&](std::uint32_t other) {
        return rows_[other].list.zone == rows_[row].list.zone;
      });
      if (alone) ++state.figures[row].alone;
    }
    if (verdict.by) ++state.figures[*verdict.by].decided;
  });
}

std::vector<std::uint32_t> ScreenHealth::due(
    base::TimePoint now, std::chrono::seconds every,
    const std::function<std::uint32_t(std::uint32_t row)>& points) {
  return state_.with([&](State& state) {
    std::vector<std::uint32_t> out;
    for (auto& [name, zone] : state.zones) {
      if (zone.trial.running() || zone.trial.due > now) continue;
      zone.trial.begin(points(zone.rows.front()));
      zone.trial.due = now + every;
      out.push_back(zone.rows.front());
    }
    return out;
  });
}

void ScreenHealth::see_point(std::uint32_t row, const std::string& wrong, bool silent,
                             base::TimePoint now) {
  tell(row, state_.with([&](State& state) {
    Zone& zone = state.zones[rows_[row].list.zone];
    ListTrial& trial = zone.trial;
    const auto said = trial.note(wrong, silent) ? trial.end(now) : ListTrial::News::none;
    if (trial.state() != ListState::well) {
      trial.due = std::min(trial.due, now + tried_again);
    } else if (!silent) {
      zone.silent_in_row = 0;
    }
    return News{said, trial.state(), trial.reason()};
  }));
}

ScreenHealth::News ScreenHealth::struck(ListTrial& trial, const std::string& why,
                                        base::TimePoint now) {
  const auto said = trial.strike(why, now);
  trial.due = now;
  return {said, trial.state(), trial.reason()};
}

void ScreenHealth::tell(std::uint32_t row, const News& news) const {
  if (news.said == ListTrial::News::none) return;
  base::log(base::LogLevel::warn, "event=screening_list list={} state={} why=\"{}\"",
            rows_[row].shown, list_state_name(news.state), news.reason);
}

std::vector<ScreenListFigures> ScreenHealth::figures() const {
  return state_.with([&](const State& state) {
    auto out = state.figures;
    for (const auto& [name, zone] : state.zones) {
      for (const std::uint32_t row : zone.rows) {
        out[row].state = zone.trial.state();
        out[row].reason = zone.trial.reason();
      }
    }
    return out;
  });
}

}  // namespace leumund::intake
