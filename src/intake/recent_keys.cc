#include "intake/recent_keys.h"

#include <utility>

namespace leumund::intake {

bool RecentKeys::first(std::uint64_t key, base::TimePoint now) {
  if (now - turned_at_ >= span_ || fresh_.size() >= keys_max_) {
    old_ = std::exchange(fresh_, {});
    // Nothing of a half that was left unused for a whole span counts any more.
    if (now - turned_at_ >= 2 * span_) old_.clear();
    turned_at_ = now;
  }
  if (fresh_.contains(key)) return false;
  const bool known = old_.contains(key);
  if (!known) fresh_.insert(key);
  return !known;
}

}  // namespace leumund::intake
