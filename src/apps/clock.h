// The daemon's time of day: the system's, or for a demonstration or a test one that started at a
// given moment and runs faster. Read at the edges only; everything behind them takes `now`.
//
// Threads: any; a plain value.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace leumund::apps {

class Clock {
 public:
  // The system's clock.
  Clock() = default;

  // "2026-11-20T00:00:00Z" or "2026-11-20T00:00:00Z,1440": starts there, runs that many times as
  // fast (1 to 100,000; default 1).
  [[nodiscard]] static base::Result<Clock> parse(std::string_view text);

  [[nodiscard]] base::TimePoint now() const;
  [[nodiscard]] bool is_system() const { return !start_; }

 private:
  std::optional<base::TimePoint> start_;
  std::chrono::steady_clock::time_point began_;
  double rate_ = 1;
};

}  // namespace leumund::apps
