#include "evidence/house.h"

#include <algorithm>
#include <bit>

namespace leumund::evidence {
namespace {

constexpr unsigned probes = 5;
constexpr std::size_t bits_per_member = 9;  // false "known" about 1 in 80

std::uint64_t mix(std::uint32_t value) {
  std::uint64_t x = value * 0x9e3779b97f4a7c15ULL;
  x ^= x >> 29;
  x *= 0xbf58476d1ce4e5b9ULL;
  return x ^ (x >> 32);
}

// The n-th bit of a member; filters are a power of two long.
std::uint64_t bit_of(std::uint64_t mixed, unsigned n, std::size_t words) {
  const std::uint64_t step = (mixed >> 32) | 1;
  return (mixed + n * step) & (words * 64 - 1);
}

}  // namespace

House::House(std::size_t bytes) {
  const std::size_t words = std::bit_floor(std::max<std::size_t>(bytes / 2 / sizeof(std::uint64_t), 64));
  newer_.resize(words);
  older_.resize(words);
  added_max_ = words * 64 / bits_per_member;
}

bool House::in(const Filter& filter, std::uint64_t mixed) {
  for (unsigned n = 0; n < probes; ++n) {
    const std::uint64_t bit = bit_of(mixed, n, filter.size());
    if ((filter[bit / 64] >> (bit % 64) & 1) == 0) return false;
  }
  return true;
}

bool House::contains(std::uint32_t recipient) const {
  const std::uint64_t mixed = mix(recipient);
  return in(newer_, mixed) || in(older_, mixed);
}

void House::add(std::uint32_t recipient) {
  const std::uint64_t mixed = mix(recipient);
  if (in(newer_, mixed)) return;
  if (added_ >= added_max_) {
    newer_.swap(older_);
    std::fill(newer_.begin(), newer_.end(), 0);
    added_ = 0;
  }
  ++added_;
  for (unsigned n = 0; n < probes; ++n) {
    const std::uint64_t bit = bit_of(mixed, n, newer_.size());
    newer_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

}  // namespace leumund::evidence
