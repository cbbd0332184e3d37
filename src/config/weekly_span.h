// A span of the week in local time, as in `unattended.schedule`: "Fri 18:00-Mon 07:00".
//
// Time:    passed in, with the offset of local time from UTC; reads neither clock nor time zone.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace leumund::config {

struct WeeklySpan {
  std::chrono::minutes from{0};   // since Monday 00:00
  std::chrono::minutes until{0};  // may be earlier than `from`: over the end of the week
};

// "Fri 18:00-Mon 07:00"; days are Mon Tue Wed Thu Fri Sat Sun in any case.
[[nodiscard]] base::Result<WeeklySpan> parse_weekly_span(std::string_view text);

// The span that `now` lies in, [from, until) in real time; of several the one that ends last.
struct CurrentSpan {
  base::TimePoint from;
  base::TimePoint until;
};
[[nodiscard]] std::optional<CurrentSpan> current_span(const std::vector<WeeklySpan>& spans,
                                                      base::TimePoint now,
                                                      std::chrono::seconds utc_offset);

}  // namespace leumund::config
