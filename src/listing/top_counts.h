// Who asks most, and what is asked about most, in bounded memory.
//
// Groups of eight places; a newcomer to a full group takes the place of the one with the least and
// inherits its count as possible error (Space-Saving within the group). Whoever has more than an
// eighth of a group's traffic is never lost.
//
// Limits:  `groups` times eight entries. Threads: none of its own and no lock.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "base/ip_address.h"

namespace leumund::listing {

struct TopCount {
  base::IpAddress address;
  std::uint64_t queries = 0;
  std::uint64_t listed = 0;  // of them, answered with a listing
  std::uint64_t error = 0;   // queries may be too high by this
};

class TopCounts {
 public:
  explicit TopCounts(std::size_t groups) : groups_(groups), entries_(groups * group_size) {}

  void count(const base::IpAddress& address, bool listed);
  // All that are kept, largest first.
  [[nodiscard]] std::vector<TopCount> largest(std::size_t most) const;
  // The same, and begins anew.
  [[nodiscard]] std::vector<TopCount> take();

 private:
  static constexpr std::size_t group_size = 8;
  std::size_t groups_;
  std::vector<TopCount> entries_;
};

}  // namespace leumund::listing
