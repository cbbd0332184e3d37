// Times as every record of the store has them: whole microseconds since 1970, and days.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace leumund::storage {

[[nodiscard]] inline std::int64_t micros(base::TimePoint at) {
  return at.time_since_epoch().count();
}
[[nodiscard]] inline base::TimePoint moment(std::int64_t micros_since_1970) {
  return base::TimePoint(base::Micros(micros_since_1970));
}
[[nodiscard]] inline std::int32_t day_of(base::TimePoint at) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(at).time_since_epoch() /
                                   std::chrono::days(1));
}

}  // namespace leumund::storage
