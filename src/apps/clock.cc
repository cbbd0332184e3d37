#include "apps/clock.h"

#include <fmt/core.h>

#include <charconv>

namespace leumund::apps {

base::Result<Clock> Clock::parse(std::string_view text) {
  const auto comma = text.find(',');
  const auto start = base::parse_rfc3339(text.substr(0, comma));
  if (!start) return start.error();
  Clock clock;
  clock.start_ = *start;
  clock.began_ = std::chrono::steady_clock::now();
  if (comma != std::string_view::npos) {
    const std::string_view digits = text.substr(comma + 1);
    const auto [end, ec] =
        std::from_chars(digits.data(), digits.data() + digits.size(), clock.rate_);
    if (ec != std::errc() || end != digits.data() + digits.size() ||
        !(clock.rate_ >= 1 && clock.rate_ <= 100'000)) {
      return base::Error{base::ErrorCode::malformed,
                         fmt::format("'{}' is no rate between 1 and 100000", digits)};
    }
  }
  return clock;
}

base::TimePoint Clock::now() const {
  if (!start_) return base::system_now();
  const std::chrono::duration<double, std::micro> passed =
      std::chrono::steady_clock::now() - began_;
  return *start_ + base::Micros(static_cast<std::int64_t>(passed.count() * rate_));
}

}  // namespace leumund::apps
