// Which recipients anybody on this server has written to. Honest people write to the circles that
// their neighbours write to; a spammer's list are mostly strangers to everybody here.
//
// Two Bloom filters of a fixed size: when the newer is full the older is forgotten. A false "known"
// comes once in a hundred and is part of the learned share, so that it cannot tip the scales.
//
// Limits:  `bytes` for both filters together; about one recipient a byte is remembered.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <vector>

#include "evidence/habits.h"

namespace leumund::evidence {

class House {
 public:
  explicit House(std::size_t bytes);

  [[nodiscard]] bool contains(std::uint32_t recipient) const;
  void add(std::uint32_t recipient);

  // An honest account wrote to a recipient new to it, which the house knew, or did not.
  void learn(bool known) { known_.add(known ? 1 : 0, known ? 0 : 1, 20'000); }
  // How often recipients new to an honest account are known to the house.
  [[nodiscard]] float known_share() const { return known_.mean(0.3F, 100); }

 private:
  using Filter = std::vector<std::uint64_t>;
  [[nodiscard]] static bool in(const Filter& filter, std::uint64_t mixed);

  Filter newer_;
  Filter older_;
  std::size_t added_ = 0;
  std::size_t added_max_;
  Share known_;
};

}  // namespace leumund::evidence
