// Whom many accounts began to write to within the last days, and hardly anybody before: the person
// whom a petition is for, a drop box on every mail of a campaign. That the house knows such an
// address says nothing of any one account.
//
// Time:    passed in. What came up fades by half in two days; what was taken up on many days stays.
// Limits:  the bytes given, for ever: sets of four addresses; in a full set the one that the fewest
//          accounts took up goes.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace leumund::evidence {

class RecipientCrowds {
 public:
  explicit RecipientCrowds(std::size_t bytes);

  // An account that never wrote to it before does.
  void take_up(std::uint32_t recipient, base::TimePoint at);
  // At least two took it up of late, and more of late than on quiet days before.
  [[nodiscard]] bool came_up(std::uint32_t recipient, base::TimePoint at) const;
  [[nodiscard]] std::size_t bytes() const { return sets_.size() * sizeof(Set); }

 private:
  struct Entry {
    std::uint32_t tag = 0;    // 0: free
    std::int32_t minute = 0;  // of the last time
    float lately = 0;         // accounts that took it up; fades
    std::uint16_t today = 0;
    std::uint16_t steady = 0;  // of the days before, two a day at most
  };
  using Set = std::array<Entry, 4>;

  [[nodiscard]] static float lately(const Entry& entry, std::int32_t minute);
  [[nodiscard]] static std::uint16_t steady(const Entry& entry, std::int32_t minute);
  [[nodiscard]] std::size_t set_of(std::uint64_t mixed) const { return mixed & (sets_.size() - 1); }

  std::vector<Set> sets_;
};

}  // namespace leumund::evidence
