#include "listing/top_counts.h"

#include <cstring>

namespace leumund::listing {
namespace {

std::uint64_t hash_of(const base::IpAddress& address) {
  std::uint64_t halves[2];
  std::memcpy(halves, address.bytes().data(), sizeof halves);
  return base::combine_hashes(halves[0], halves[1]);
}

}  // namespace

void TopCounts::count(const base::IpAddress& address, bool listed) {
  TopCount* const group = &entries_[(hash_of(address) % groups_) * group_size];
  TopCount* least = group;
  for (std::size_t i = 0; i < group_size; ++i) {
    TopCount& one = group[i];
    if (one.queries > 0 && one.address == address) {
      ++one.queries;
      one.listed += listed ? 1 : 0;
      return;
    }
    if (one.queries < least->queries) least = &one;
  }
  *least = {address, least->queries + 1, listed ? std::uint64_t{1} : 0, least->queries};
}

std::vector<TopCount> TopCounts::largest(std::size_t most) const {
  std::vector<TopCount> kept;
  for (const TopCount& one : entries_) {
    if (one.queries > 0) kept.push_back(one);
  }
  std::sort(kept.begin(), kept.end(), [](const TopCount& a, const TopCount& b) {
    return a.queries != b.queries ? a.queries > b.queries : a.address < b.address;
  });
  if (kept.size() > most) kept.resize(most);
  return kept;
}

std::vector<TopCount> TopCounts::take() {
  std::vector<TopCount> kept = largest(entries_.size());
  entries_.assign(entries_.size(), {});
  return kept;
}

}  // namespace leumund::listing
