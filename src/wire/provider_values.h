// Values in files of providers: dates and shares, as Microsoft, Google and others spell them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/provider_report.h"

namespace leumund::wire {

// "8/3/2026 7:00 PM", "2026-08-03", "2026-08-03 19:00", "2026-08-03T19:00:00Z", "20260803"; read as
// UTC where nothing else is said. Years 1990 to 2199.
[[nodiscard]] std::optional<base::TimePoint> read_provider_date(std::string_view text);

// "< 0.1%", "2.3%", "0.023": 0 to 1, and whether it is only said to be below.
struct Share {
  double value = 0;
  bool is_below = false;
};
[[nodiscard]] std::optional<Share> read_share(std::string_view text);

struct ProviderRows;
// Google's trafficStats, one or a list. False: the text is no JSON of that kind.
[[nodiscard]] bool read_postmaster(std::string_view text, ProviderRows& rows);
// Counts a line that cannot be read, and keeps the first of them in words.
void add_problem(ProviderRows& rows, std::string problem);

}  // namespace leumund::wire
