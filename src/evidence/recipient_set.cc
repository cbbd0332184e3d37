#include "evidence/recipient_set.h"

#include <algorithm>
#include <cstring>

namespace leumund::evidence {

std::size_t RecipientSet::find(std::uint32_t hash) const {
  constexpr std::size_t step = 16;
  const std::uint32_t* data = members_.data();
  const std::size_t size = members_.size();
  std::size_t i = 0;
  for (; i + step <= size; i += step) {
    // Without a branch in the inner loop the compiler compares four at a time.
    std::uint32_t hit = 0;
    for (std::size_t k = 0; k < step; ++k) {
      hit |= static_cast<std::uint32_t>(data[i + k] == hash ? 1U : 0U);
    }
    if (hit != 0) break;
  }
  for (; i < size; ++i) {
    if (data[i] == hash) return i;
  }
  return size;
}

bool RecipientSet::contains(std::uint32_t hash) const { return find(hash) < members_.size(); }

bool RecipientSet::add(std::uint32_t hash) {
  if (contains(hash)) return false;
  if (members_.size() < members_max) {
    members_.push_back(hash);
  } else {
    members_[hash % members_max] = hash;
  }
  return true;
}

void RecipientSet::remove(std::uint32_t hash) {
  const std::size_t at = find(hash);
  if (at == members_.size()) return;
  members_[at] = members_.back();
  members_.pop_back();
}

void RecipientSet::merge(const RecipientSet& other) {
  for (const std::uint32_t hash : other.members_) add(hash);
}

void RecipientSet::assign_bytes(std::string_view bytes) {
  members_.resize(std::min(bytes.size() / sizeof(std::uint32_t), members_max));
  if (!members_.empty())
    std::memcpy(members_.data(), bytes.data(), members_.size() * sizeof(std::uint32_t));
}

}  // namespace leumund::evidence
