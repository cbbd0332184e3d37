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

void Daemon::update_unattended() {
  const auto now = options_.clock.now();
  const auto wanted = settings_.with([&](const config::Settings& all) {
    return configured_unattended(all.run, now, local_offset(now));
  });
  const auto ended = away_.with([&](Away& away) -> std::optional<base::TimePoint> {
    const bool is_away = pipeline_->with_engine([&](engine::Engine& engine) {
      auto& book = engine.book();
      book.set_unattended(away.hours.next(book.unattended(), wanted, now));
      return book.unattended().from.has_value();
    });
    if (is_away && !away.from) {
      away.from = now;
      return std::nullopt;
    }
    if (is_away || !away.from) return std::nullopt;
    return std::exchange(away.from, std::nullopt);
  });
  if (!ended || !effects_) return;
  // Somebody is back: what was done in the meantime, with the undo for each.
  std::vector<model::Decision> done;
  auto all = store_->decisions(0, 1'000'000);
  if (!all) {
    base::log(base::LogLevel::error, "no digest of the unattended time: {}", all.error().message);
    return;
  }
  std::copy_if(all->begin(), all->end(), std::back_inserter(done),
               [&](const auto& decision) { return decision.unattended && decision.at >= *ended; });
  effects_->digest(std::move(done), *ended, now);
}

}  // namespace leumund::apps
