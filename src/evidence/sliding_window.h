// Counts one kind of thing for one subject over a moving span of time.
//
// Flow:    intake -> engine -> Ledger -> SlidingWindow -> verdict.
// Time:    passed in; never reads a clock. Something dated after the newest bucket opens a new one;
//          something older than the span is ignored. A clock going back loses nothing.
// Limits:  `bucket_count` buckets of 4 bytes; counts saturate.
// Threads: none of its own and no lock.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "base/time.h"

namespace leumund::evidence {

// The number of the bucket of `bucket_seconds` in which a moment lies; also for times before 1970.
[[nodiscard]] constexpr std::int64_t bucket_number(base::TimePoint at,
                                                   std::int64_t bucket_seconds) {
  const std::int64_t micros = at.time_since_epoch().count();
  const std::int64_t width = bucket_seconds * 1'000'000;
  return micros >= 0 ? micros / width : -((-micros + width - 1) / width);
}

template <std::size_t bucket_count, std::int64_t bucket_seconds>
class SlidingWindow {
 public:
  static constexpr std::int64_t span_seconds =
      static_cast<std::int64_t>(bucket_count) * bucket_seconds;

  // Counts `amount` at `at`.
  void add(std::uint32_t amount, base::TimePoint at) {
    add_to(bucket_number(at, bucket_seconds), amount);
  }

  // Takes back what add() counted at `then`, as far as its bucket is still known.
  void take(std::uint32_t amount, base::TimePoint then) {
    const std::int64_t number = bucket_number(then, bucket_seconds);
    if (number > newest_ || number <= newest_ - count()) return;
    std::uint32_t& cell = slots_[slot(number)];
    cell -= std::min(cell, amount);
  }

  // Returns what happened in the newest `bucket_count` buckets up to `now`. The oldest bucket
  // leaves whole, so up to one bucket is forgotten early.
  [[nodiscard]] std::uint64_t total(base::TimePoint now) const {
    const std::int64_t last = std::max(newest_, bucket_number(now, bucket_seconds));
    std::uint64_t sum = 0;
    for (std::int64_t n = std::max(last - count() + 1, newest_ - count() + 1); n <= newest_; ++n) {
      sum += slots_[slot(n)];
    }
    return sum;
  }

  // Adds what another node counted for the same subject. Commutative and associative.
  void merge(const SlidingWindow& other) {
    for (std::int64_t n = other.newest_ - count() + 1; n <= other.newest_; ++n) {
      add_to(n, other.slots_[slot(n)]);
    }
  }

  // Visits the buckets that hold something, oldest first: for keeping them on disk.
  template <typename Visit>
  void visit(Visit&& visit_bucket) const {
    for (std::int64_t n = newest_ - count() + 1; n <= newest_; ++n) {
      if (slots_[slot(n)] > 0) visit_bucket(n, slots_[slot(n)]);
    }
  }
  void add_to(std::int64_t number, std::uint32_t amount) {
    if (amount == 0 || number <= newest_ - count()) return;
    if (number > newest_) {
      for (std::int64_t n = std::max(newest_ + 1, number - count() + 1); n <= number; ++n) {
        slots_[slot(n)] = 0;
      }
      newest_ = number;
    }
    std::uint32_t& cell = slots_[slot(number)];
    cell = amount > std::numeric_limits<std::uint32_t>::max() - cell
               ? std::numeric_limits<std::uint32_t>::max()
               : cell + amount;
  }

  void clear() { *this = SlidingWindow(); }

 private:
  static constexpr std::int64_t count() { return static_cast<std::int64_t>(bucket_count); }
  static constexpr std::size_t slot(std::int64_t number) {
    const std::int64_t rest = number % count();
    return static_cast<std::size_t>(rest < 0 ? rest + count() : rest);
  }

  std::array<std::uint32_t, bucket_count> slots_{};
  std::int64_t newest_ = 0;
};

}  // namespace leumund::evidence
