#include "evidence/distinct_count.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leumund::evidence {
namespace {

constexpr unsigned index_bits = 9;
constexpr unsigned rest_bits = 32 - index_bits;
constexpr std::uint8_t rank_max = rest_bits + 1;
static_assert((1U << index_bits) == DistinctCount::registers);

}  // namespace

void DistinctCount::add(std::uint64_t hash) {
  const auto short_hash = static_cast<std::uint32_t>(hash ^ (hash >> 32));
  if (!registers_.empty()) return note(short_hash);
  const auto at = std::lower_bound(members_.begin(), members_.end(), short_hash);
  if (at != members_.end() && *at == short_hash) return;
  if (members_.size() < exact_max) {
    members_.insert(at, short_hash);
    return;
  }
  registers_.assign(registers, 0);
  for (const std::uint32_t member : members_) note(member);
  note(short_hash);
  members_ = {};
}

void DistinctCount::note(std::uint32_t hash) {
  const std::uint32_t rest = hash << index_bits;
  const auto rank = static_cast<std::uint8_t>(
      rest == 0 ? rank_max : static_cast<unsigned>(std::countl_zero(rest)) + 1);
  std::uint8_t& kept = registers_[hash >> rest_bits];
  kept = std::max(kept, rank);
}

std::uint64_t DistinctCount::count() const {
  if (registers_.empty()) return members_.size();
  double sum = 0;
  unsigned empty = 0;
  for (const std::uint8_t rank : registers_) {
    sum += std::ldexp(1.0, -rank);
    empty += rank == 0 ? 1U : 0U;
  }
  constexpr double m = registers;
  constexpr double bias = 0.7213 / (1 + 1.079 / m);
  double estimate = bias * m * m / sum;
  // Below a few times the registers, counting the empty ones is the better estimate.
  if (estimate <= 2.5 * m && empty > 0) estimate = m * std::log(m / empty);
  return std::max<std::uint64_t>(exact_max + 1, static_cast<std::uint64_t>(std::llround(estimate)));
}

void DistinctCount::clear() {
  members_ = {};
  registers_ = {};
}

bool DistinctCount::restore(std::span<const std::uint32_t> members,
                            std::span<const std::uint8_t> estimate) {
  if (members.size() > exact_max || (!estimate.empty() && estimate.size() != registers) ||
      (!members.empty() && !estimate.empty()) ||
      std::any_of(estimate.begin(), estimate.end(), [](auto rank) { return rank > rank_max; }) ||
      std::adjacent_find(members.begin(), members.end(), std::greater_equal<>()) != members.end()) {
    return false;
  }
  members_.assign(members.begin(), members.end());
  registers_.assign(estimate.begin(), estimate.end());
  return true;
}

}  // namespace leumund::evidence
