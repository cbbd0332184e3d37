#include "face/rate_limit.h"

#include <algorithm>
#include <string>

#include "base/ip_address.h"

namespace leumund::face {

bool RateLimit::Bucket::take(double per_second, double most, base::TimePoint now) {
  // A clock set back empties nothing and fills nothing.
  const double passed = std::max(0.0, base::seconds_of(now - at));
  used = std::max(0.0, used - passed * per_second);
  at = now;
  if (used + 1 > most) return false;
  used += 1;
  return true;
}

bool RateLimit::take(std::string_view remote, base::TimePoint now) {
  const auto address = base::IpAddress::parse(remote);
  const std::string who = address ? address->masked(32, 64).to_string() : std::string(remote);
  Bucket& own = buckets_[base::keyed_hash(key_, who) % slots];
  return own.take(settings_.per_minute / 60, settings_.per_minute, now) &&
         all_.take(settings_.all_per_second, settings_.all_per_second, now);
}

}  // namespace leumund::face
