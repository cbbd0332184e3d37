#include "evidence/house.h"

#include <algorithm>
#include <bit>

namespace leumund::evidence {
namespace {

constexpr unsigned probes = 5;
constexpr std::size_t bits_per_member = 10;  // false "known" about 1 in 80
constexpr std::size_t block_words = 8;       // all bits of a member lie in one cache line

std::uint64_t mix(std::uint32_t value) {
  std::uint64_t x = value * 0x9e3779b97f4a7c15ULL;
  x ^= x >> 29;
  x *= 0xbf58476d1ce4e5b9ULL;
  return x ^ (x >> 32);
}

// The first word of a member's block; filters are a power of two long.
std::size_t block_of(std::uint64_t mixed, std::size_t words) {
  return static_cast<std::size_t>(mixed >> 40) * block_words & (words - 1);
}

// The n-th bit within the block: nine bits of the hash each.
std::size_t bit_of(std::uint64_t mixed, unsigned n) { return mixed >> (n * 8) & 511; }

}  // namespace

House::House(std::size_t bytes) {
  const std::size_t words =
      std::bit_floor(std::max<std::size_t>(bytes / 2 / sizeof(std::uint64_t), 64));
  newer_.resize(words);
  older_.resize(words);
  added_max_ = words * 64 / bits_per_member;
}

bool House::in(const Filter& filter, std::uint64_t mixed) {
  const std::size_t block = block_of(mixed, filter.size());
  for (unsigned n = 0; n < probes; ++n) {
    const std::size_t bit = bit_of(mixed, n);
    if ((filter[block + bit / 64] >> (bit % 64) & 1) == 0) return false;
  }
  return true;
}

bool House::contains(std::uint32_t recipient) const {
  const std::uint64_t mixed = mix(recipient);
  return in(newer_, mixed) || in(older_, mixed);
}

void House::add(std::uint32_t recipient) {
  if (added_ >= added_max_) {
    newer_.swap(older_);
    std::fill(newer_.begin(), newer_.end(), 0);
    added_ = 0;
  }
  const std::uint64_t mixed = mix(recipient);
  std::uint64_t* block = newer_.data() + block_of(mixed, newer_.size());
  std::uint64_t fresh = 0;
  for (unsigned n = 0; n < probes; ++n) {
    const std::size_t bit = bit_of(mixed, n);
    const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
    fresh |= mask & ~block[bit / 64];
    block[bit / 64] |= mask;
  }
  added_ += fresh != 0 ? 1U : 0U;
}

}  // namespace leumund::evidence
