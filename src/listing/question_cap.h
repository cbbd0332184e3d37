// How many questions of one network about one address count in a day as evidence of its mail: who
// is about to be listed could otherwise ask about himself until he looks like a busy honest server.
//
// Time:    microseconds of a steady clock, given; a day is 24 hours of it.
// Limits:  a count-min sketch of 1 MiB. Where more pairs pass than it can tell apart, some count
//          less than they may, never more.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "base/ip_address.h"

namespace leumund::listing {

class QuestionCap {
 public:
  // 0: no bound, and no memory.
  QuestionCap(std::uint32_t most_a_day, base::HashKey key);

  // Whether one more counts. Clients are told apart by /24 (IPv6: /48), zones all.
  [[nodiscard]] bool take(const base::IpAddress& client, const base::IpAddress& about,
                          std::int32_t zone, std::uint64_t now_micros);

 private:
  static constexpr std::size_t row_cells = 1U << 18;

  std::uint16_t most_;
  base::HashKey key_;
  std::uint64_t day_ = 0;
  std::vector<std::uint16_t> cells_;  // two rows
};

}  // namespace leumund::listing
