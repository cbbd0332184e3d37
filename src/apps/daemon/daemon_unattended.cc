// The daemon while nobody watches: when that is, and what is told when somebody is back.
#include <algorithm>
#include <ctime>
#include <iterator>
#include <utility>

#include "apps/daemon/daemon.h"
#include "apps/daemon/engine_settings.h"
#include "base/log.h"

namespace leumund::apps {
namespace {

std::chrono::seconds local_offset(base::TimePoint now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm local{};
  localtime_r(&seconds, &local);
  return std::chrono::seconds(local.tm_gmtoff);
}

}  // namespace

// What `leumund unattended` set before the stop.
void Daemon::restore_unattended_hours() {
  const auto marks = store_->load_marks();
  if (!marks || !marks->contains(unattended_mark)) return;
  pipeline_->with_engine([&](engine::Engine& engine) {
    action::Unattended unattended = engine.book().unattended();
    restore_unattended(marks->at(unattended_mark), unattended);
    engine.book().set_unattended(unattended);
  });
}

// The configuration's unattended hours come and go; what a person set by the verb stays.
void Daemon::update_unattended() {
  const auto now = options_.clock.now();
  const auto wanted = settings_.with([&](const config::Settings& all) {
    return configured_unattended(all.run, now, local_offset(now));
  });
  const auto before =
      pipeline_->with_engine([](engine::Engine& engine) { return engine.book().unattended(); });
  const auto ended = away_.with([&](Away& away) -> std::optional<Away> {
    const bool by_person = before.from && !away.by_config;
    const bool person_is_done = by_person && before.until && *before.until <= now;
    if (!by_person || person_is_done) {
      away.by_config = wanted.from.has_value();
      if (wanted.from != before.from || wanted.until != before.until) {
        pipeline_->with_engine(
            [&](engine::Engine& engine) { engine.book().set_unattended(wanted); });
      }
    }
    const bool is_away = (by_person && !person_is_done) || wanted.from;
    if (is_away && !away.from) {
      away.from = now;
      return std::nullopt;
    }
    if (is_away || !away.from) return std::nullopt;
    return std::exchange(away, Away{});
  });
  if (!ended || !effects_) return;
  // Somebody is back: what was done in the meantime, with the undo for each.
  std::vector<model::Decision> done;
  auto all = store_->decisions(0, 1'000'000);
  if (!all) {
    base::log(base::LogLevel::error, "no digest of the unattended time: {}", all.error().message);
    return;
  }
  std::copy_if(all->begin(), all->end(), std::back_inserter(done), [&](const auto& decision) {
    return decision.unattended && decision.at >= *ended->from;
  });
  effects_->digest(std::move(done), *ended->from, now);
}

}  // namespace leumund::apps
