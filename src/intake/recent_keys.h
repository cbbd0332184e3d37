// Keys seen of late: so that one reporter cannot say the same again and again, and a mail with many
// recipients is marked once.
//
// Time:    passed in. A key is new again after `span` to twice the span.
// Limits:  `keys_max` in each of two halves; when one is full the older half makes way before its
//          time. 16 to 40 bytes a key.
// Threads: none of its own and no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "base/time.h"

namespace leumund::intake {

class RecentKeys {
 public:
  RecentKeys(base::Micros span, std::size_t keys_max) : span_(span), keys_max_(keys_max) {}

  // True the first time; the key is then known.
  bool first(std::uint64_t key, base::TimePoint now);
  // Whether it was seen; it stays as new as it was.
  [[nodiscard]] bool knows(std::uint64_t key) const {
    return fresh_.contains(key) || old_.contains(key);
  }
  // As if it had not been seen: what came of it could not be kept.
  void forget(std::uint64_t key) { fresh_.erase(key); }

 private:
  base::Micros span_;
  std::size_t keys_max_;
  base::TimePoint turned_at_;
  std::unordered_set<std::uint64_t> fresh_;
  std::unordered_set<std::uint64_t> old_;
};

}  // namespace leumund::intake
