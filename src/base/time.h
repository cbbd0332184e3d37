// Points and spans of time, and their spellings. Nothing here reads a clock but system_now().
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leumund::base {

using Micros = std::chrono::microseconds;
using TimePoint = std::chrono::sys_time<Micros>;

// Reads the system clock. For the edges only (intake, apps): everything else takes `now`.
[[nodiscard]] TimePoint system_now();

[[nodiscard]] TimePoint from_unix_seconds(double seconds);
[[nodiscard]] double to_unix_seconds(TimePoint at);

// Seconds of a span as a fraction.
[[nodiscard]] inline double seconds_of(Micros span) {
  return static_cast<double>(span.count()) / 1e6;
}

// "2026-11-21T18:00:00Z" or with a fraction and an offset (RFC 3339); case of T and Z is free.
[[nodiscard]] Result<TimePoint> parse_rfc3339(std::string_view text);

// UTC, whole seconds: "2026-11-21T18:00:00Z".
[[nodiscard]] std::string format_rfc3339(TimePoint at);

// A span as people write it: "90s", "15m", "2h", "3d", "1w", "1h30m"; a bare number is seconds.
[[nodiscard]] Result<std::chrono::seconds> parse_span(std::string_view text);
[[nodiscard]] std::string format_span(std::chrono::seconds span);

}  // namespace leumund::base
