#include "verdict/detour.h"

#include <fmt/core.h>

#include <algorithm>

namespace leumund::verdict {
namespace {

using model::CellState;
using model::Detour;
using model::DetourPhase;

constexpr std::chrono::hours hour{1};
// Between probes once one was accepted: about six in a row open the cell again.
constexpr std::chrono::seconds pause_after_success{60};

const model::BlockFacts* cell_of(const DetourWorld& world, const std::string& way) {
  const auto found = std::find_if(world.cells.begin(), world.cells.end(),
                                  [&](const auto& facts) { return facts.egress == way; });
  return found == world.cells.end() ? nullptr : &*found;
}

CellState state_of(const DetourWorld& world, const std::string& way) {
  const auto* cell = cell_of(world, way);
  return cell == nullptr ? CellState::open : cell->state;  // never used: nobody refused it
}

bool stopped(CellState state) {
  return state == CellState::refused || state == CellState::half_open;
}

// The way to take instead: the one in use as long as nothing speaks against it, else the first of
// the pool that is beyond doubt.
std::string free_way(const Detour& before, const DetourWorld& world, const DetourSettings& settings,
                     base::TimePoint now) {
  const auto in_doubt = [&](const std::string& way) {
    return std::any_of(world.cells.begin(), world.cells.end(), [&](const auto& facts) {
      return facts.egress == way && facts.state != CellState::open &&
             (facts.state != CellState::suspected ||
              now - facts.last_refused_at < settings.doubt_span);
    });
  };
  const auto usable = [&](const std::string& way) {
    return way != settings.ways.front() && !in_doubt(way);
  };
  const bool known =
      std::find(settings.ways.begin(), settings.ways.end(), before.via) != settings.ways.end();
  if (!before.via.empty() && known && usable(before.via)) return before.via;
  const auto found = std::find_if(settings.ways.begin(), settings.ways.end(), usable);
  return found == settings.ways.end() ? std::string() : *found;
}

void roll_hour(Detour& detour, base::TimePoint now) {
  if (detour.hour == base::TimePoint() || now < detour.hour) detour.hour = now;
  if (now - detour.hour < hour) return;
  if (detour.delivered > 0) ++detour.warm_hours;
  detour.delivered = 0;
  detour.hour += hour * ((now - detour.hour) / hour);
}

std::uint32_t cap_now(const Detour& detour, const DetourSettings& settings) {
  if (detour.warm_hours >= settings.warm_up.size()) return settings.cap_per_hour;
  return std::min(settings.cap_per_hour, settings.warm_up[detour.warm_hours]);
}

void take_way(Detour& out, const std::string& way, const DetourSettings& settings,
              base::TimePoint now) {
  if (out.counted != way) {  // an address new to the provider is warmed up from the beginning
    out.counted = way;
    out.delivered = out.warm_hours = 0;
    out.hour = now;
  }
  if (way != out.home) out.home_took_at = {};
  out.via = way;
  roll_hour(out, now);
  out.cap = cap_now(out, settings);
  const bool full = out.delivered >= out.cap;
  out.phase = full ? DetourPhase::capped : DetourPhase::open;
  out.reason = full ? fmt::format("{} deliveries by {} in this hour are the limit; the rest waits",
                                  out.cap, way)
                    : fmt::format("{} refuses mail by {}; it {} by {}", out.provider, out.home,
                                  out.planned ? "would leave" : "leaves", way);
  if (out.by_hand && !full) out.reason = fmt::format("set by {}: it leaves by {}", out.by, way);
}

void put_off_probe(Detour& detour, const DetourSettings& settings, base::TimePoint now) {
  detour.next_probe_at = now + detour.probe_pause;
  detour.probe_pause = std::min(detour.probe_pause * 2, settings.probe_most);
}

void go_home(Detour& out, bool was_away) {
  out.via.clear();
  out.counted.clear();
  out.home_took_at = {};
  out.phase = DetourPhase::none;
  out.by_hand = false;
  out.by = "detour";
  out.cap = out.delivered = out.warm_hours = 0;
  if (was_away) out.reason = fmt::format("{} takes mail by {} again", out.provider, out.home);
}

// Whether the usual way has taken what it was given since it took a queued probe.
bool home_takes(const Detour& detour, const DetourWorld& world) {
  const auto* cell = cell_of(world, detour.home);
  const bool tried = detour.home_took_at != base::TimePoint();
  return tried && (cell == nullptr || cell->last_refused_at <= detour.home_took_at);
}

// Every way is refused: mail waits. Once the usual way has taken a probe a few more try it; the
// first refusal ends that, and the next probe comes later.
void wait_or_try_home(Detour& out, const DetourWorld& world, const DetourSettings& settings,
                      base::TimePoint now) {
  if (home_takes(out, world) && world.suspect.empty()) {
    take_way(out, out.home, settings, now);
    out.reason =
        fmt::format("{} took a mail by {}; {} an hour try it", out.provider, out.home, out.cap);
    return;
  }
  if (out.home_took_at != base::TimePoint()) {
    out.home_took_at = {};
    put_off_probe(out, settings, now);
  }
  out.via.clear();
  out.phase = DetourPhase::deferred;
  const std::string ways =
      out.pool.empty() ? std::string("every way we have") : "every way of pool " + out.pool;
  out.reason = fmt::format("{} refuses mail by {}; it {}", out.provider, ways,
                           out.planned ? "would wait" : "waits");
}

// What the block matrix asks for, where no person has chosen.
void plan_by_cells(Detour& out, const Detour& before, const DetourWorld& world,
                   const DetourSettings& settings, base::TimePoint now) {
  if (!stopped(state_of(world, out.home))) {
    go_home(out, before.phase != DetourPhase::none);
    out.kept_off = false;
    return;
  }
  if (out.kept_off) {
    out.via.clear();
    out.phase = DetourPhase::none;
    return;
  }
  const std::string way = free_way(before, world, settings, now);
  const bool away = before.phase == DetourPhase::open || before.phase == DetourPhase::capped;
  if (way.empty()) {
    wait_or_try_home(out, world, settings, now);
  } else if (!world.suspect.empty() && !(away && before.via == way)) {
    out.via.clear();
    out.phase = DetourPhase::waiting;
    out.reason = fmt::format("{} still sends and is not restricted", world.suspect);
  } else {
    take_way(out, way, settings, now);
  }
}

// What a person chose stays until it is refused after that order, be it refused before.
bool order_stands(const Detour& detour, const DetourWorld& world) {
  if (!detour.by_hand) return false;
  const auto* cell = cell_of(world, detour.via);
  return cell == nullptr || !stopped(cell->state) || cell->last_refused_at < detour.since;
}

}  // namespace

DetourStep plan_detour(const Detour& before, const DetourWorld& world,
                       const DetourSettings& settings, base::TimePoint now) {
  DetourStep step{before, false, {}};
  Detour& out = step.detour;
  out.home = settings.ways.front();
  if (order_stands(out, world)) {
    take_way(out, out.via, settings, now);
  } else {
    out.by_hand = false;
    if (before.by_hand) out.by = "detour";
    plan_by_cells(out, before, world, settings, now);
  }
  // A way that was refused begins with the first hour's cap when it is tried again.
  const bool spare = out.counted != out.via && out.counted != out.home;
  if (spare && stopped(state_of(world, out.counted))) out.counted.clear();
  // Times of a clock that ran ahead.
  out.next_probe_at = std::min(out.next_probe_at, now + settings.probe_most);
  if (out.probe) out.probe->at = std::min(out.probe->at, now);
  // The table lets a queued one out only while nothing else leaves.
  const bool queued = out.probe && !out.probe->recipient.empty();
  const bool over = out.probe && (out.phase == DetourPhase::none ||
                                  (queued && out.phase != DetourPhase::deferred) ||
                                  now - out.probe->at > settings.probe_patience);
  if (over) {
    step.probe_over = std::exchange(out.probe, std::nullopt);
    out.next_probe_at = now + out.probe_pause;
  }
  step.changed = out.phase != before.phase || out.via != before.via ||
                 out.planned != before.planned ||
                 (out.phase == DetourPhase::waiting && out.reason != before.reason);
  if (out.phase != before.phase || out.via != before.via) out.since = now;
  if (before.phase == DetourPhase::none && out.phase != DetourPhase::none) {
    out.began_at = now;
    out.probes_accepted = out.probes_refused = 0;
    out.delivered_all = 0;
    out.probe_pause = settings.probe_first;
    out.next_probe_at = now + settings.probe_first;
  }
  return step;
}

void count_detoured(Detour& detour, base::TimePoint now) {
  roll_hour(detour, now);
  ++detour.delivered;
  if (detour.via != detour.home) ++detour.delivered_all;
}

bool probe_is_due(const Detour& detour, base::TimePoint now) {
  return model::routes_mail(detour) && !detour.by_hand && !detour.probe &&
         !model::is_on_trial(detour) && now >= detour.next_probe_at;
}

// The table of a pool's senders knows no recipients; its mail leaves by its usual way meanwhile,
// and the log tells how that goes.
bool queue_probe_is_due(const Detour& detour, base::TimePoint now) {
  return detour.phase == DetourPhase::deferred && detour.pool.empty() && probe_is_due(detour, now);
}

void start_probe(Detour& detour, model::DetourProbe probe) { detour.probe = std::move(probe); }

void end_probe(Detour& detour, ProbeResult result, base::TimePoint at,
               const DetourSettings& settings, base::TimePoint now) {
  detour.probe.reset();
  switch (result) {
    case ProbeResult::accepted:
      ++detour.probes_accepted;
      detour.next_probe_at = now + std::min(settings.probe_first, pause_after_success);
      // A few mails follow. Taken and then refused is no success: the pause goes on growing.
      if (detour.phase == DetourPhase::deferred && detour.pool.empty()) {
        detour.home_took_at = at;
      } else {
        detour.probe_pause = settings.probe_first;
      }
      return;
    case ProbeResult::refused:
      ++detour.probes_refused;
      put_off_probe(detour, settings, now);
      return;
    case ProbeResult::unclear: detour.next_probe_at = now + settings.probe_first; return;
  }
}

Detour set_by_hand(Detour detour, const std::string& via, const std::string& by,
                   const DetourSettings& settings, base::TimePoint now) {
  detour.by = by;
  detour.since = now;
  detour.home_took_at = {};
  if (detour.probe && !detour.probe->recipient.empty()) detour.probe.reset();
  if (via.empty()) {
    detour.via.clear();
    detour.by_hand = false;
    detour.kept_off = true;
    detour.phase = DetourPhase::none;
    detour.reason = fmt::format("ended by {}", by);
    return detour;
  }
  if (detour.phase == DetourPhase::none) detour.began_at = now;
  detour.by_hand = true;
  detour.kept_off = false;
  take_way(detour, via, settings, now);
  detour.phase = DetourPhase::open;
  detour.reason = fmt::format("set by {}: it leaves by {}", by, via);
  return detour;
}

}  // namespace leumund::verdict
