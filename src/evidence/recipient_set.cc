#include "evidence/recipient_set.h"

#include <algorithm>
#include <cstring>

namespace leumund::evidence {

bool RecipientSet::contains(std::uint32_t hash) const {
  return std::binary_search(members_.begin(), members_.end(), hash);
}

bool RecipientSet::add(std::uint32_t hash) {
  auto place = std::lower_bound(members_.begin(), members_.end(), hash);
  if (place != members_.end() && *place == hash) return false;
  if (members_.size() < members_max) {
    members_.insert(place, hash);
    return true;
  }
  // Who goes has nothing to do with where the newcomer stands: that is said by the high bits.
  const auto leaving = members_.begin() + static_cast<std::ptrdiff_t>(hash % members_max);
  if (leaving < place) {
    std::move(leaving + 1, place, leaving);
    *(place - 1) = hash;
  } else {
    std::move_backward(place, leaving, leaving + 1);
    *place = hash;
  }
  return true;
}

void RecipientSet::remove(std::uint32_t hash) {
  const auto place = std::lower_bound(members_.begin(), members_.end(), hash);
  if (place != members_.end() && *place == hash) members_.erase(place);
}

void RecipientSet::merge(const RecipientSet& other) {
  for (const std::uint32_t hash : other.members_) add(hash);
}

void RecipientSet::assign_bytes(std::string_view bytes) {
  members_.resize(std::min(bytes.size() / sizeof(std::uint32_t), members_max));
  if (members_.empty()) return;
  std::memcpy(members_.data(), bytes.data(), members_.size() * sizeof(std::uint32_t));
  std::sort(members_.begin(), members_.end());
  members_.erase(std::unique(members_.begin(), members_.end()), members_.end());
}

}  // namespace leumund::evidence
