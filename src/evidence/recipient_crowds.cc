#include "evidence/recipient_crowds.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/hash.h"
#include "evidence/sliding_window.h"

namespace leumund::evidence {
namespace {

constexpr float half_in_minutes = 2 * 24 * 60;
constexpr std::int32_t day_minutes = 24 * 60;
// Who prepares an address wins no more by a day.
constexpr std::uint16_t a_day_most = 2;
// Two within half a day.
constexpr float crowd_from = 1.5F;

std::int32_t minute_of(base::TimePoint at) {
  return static_cast<std::int32_t>(bucket_number(at, 60));
}

std::uint64_t mix(std::uint32_t recipient) {
  return base::combine_hashes(recipient, 0x63726f7764ULL);
}

std::uint32_t tag_of(std::uint64_t mixed) {
  return std::max(1U, static_cast<std::uint32_t>(mixed >> 32));
}

}  // namespace

RecipientCrowds::RecipientCrowds(std::size_t bytes)
    : sets_(std::bit_floor(std::max<std::size_t>(1, bytes / sizeof(Set)))) {}

float RecipientCrowds::lately(const Entry& entry, std::int32_t minute) {
  const auto since = static_cast<float>(std::max(0, minute - entry.minute));
  return entry.lately * std::exp2(-since / half_in_minutes);
}

std::uint16_t RecipientCrowds::steady(const Entry& entry, std::int32_t minute) {
  if (minute / day_minutes <= entry.minute / day_minutes) return entry.steady;
  const int more = entry.steady + std::min(entry.today, a_day_most);
  return static_cast<std::uint16_t>(std::min<int>(more, std::numeric_limits<std::uint16_t>::max()));
}

void RecipientCrowds::take_up(std::uint32_t recipient, base::TimePoint at) {
  const std::uint64_t mixed = mix(recipient);
  const std::int32_t minute = minute_of(at);
  Set& set = sets_[set_of(mixed)];
  auto* entry =
      std::find_if(set.begin(), set.end(), [&](const Entry& e) { return e.tag == tag_of(mixed); });
  if (entry == set.end()) {
    const auto accounts = [minute](const Entry& e) {
      return lately(e, minute) + static_cast<float>(steady(e, minute));
    };
    entry = std::min_element(set.begin(), set.end(), [&](const Entry& a, const Entry& b) {
      return accounts(a) < accounts(b);
    });
    *entry = {.tag = tag_of(mixed), .minute = minute};
  }
  const bool new_day = minute / day_minutes > entry->minute / day_minutes;
  entry->steady = steady(*entry, minute);
  entry->lately = lately(*entry, minute) + 1;
  if (new_day) entry->today = 0;
  if (entry->today < std::numeric_limits<std::uint16_t>::max()) ++entry->today;
  entry->minute = std::max(entry->minute, minute);
}

bool RecipientCrowds::came_up(std::uint32_t recipient, base::TimePoint at) const {
  const std::uint64_t mixed = mix(recipient);
  const std::int32_t minute = minute_of(at);
  for (const Entry& entry : sets_[set_of(mixed)]) {
    if (entry.tag != tag_of(mixed)) continue;
    const float of_late = lately(entry, minute);
    return of_late >= crowd_from && of_late > static_cast<float>(steady(entry, minute));
  }
  return false;
}

}  // namespace leumund::evidence
