// How often one visitor may ask: a token bucket per address, in a table of fixed size.
//
// Time:    passed in.
// Limits:  `slots` buckets, whatever comes: an attacker with many addresses can fill the table and
//          then shares buckets with others, but it never grows. IPv6 counts by /64. Above all
//          stands one bucket for everybody.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "base/time.h"

namespace leumund::face {

struct RateSettings {
  double per_minute = 20;      // of one address; as many at once
  double all_per_second = 50;  // of everybody; as many at once
};

class RateLimit {
 public:
  RateLimit(RateSettings settings, base::HashKey key) : settings_(settings), key_(key) {}

  // Whether this one may ask now. `remote` is an address, or any name of who asks.
  [[nodiscard]] bool take(std::string_view remote, base::TimePoint now);

 private:
  struct Bucket {
    double used = 0;
    base::TimePoint at;
    bool take(double per_second, double most, base::TimePoint now);
  };
  static constexpr std::size_t slots = 4096;

  const RateSettings settings_;
  const base::HashKey key_;
  Bucket all_;
  std::array<Bucket, slots> buckets_{};
};

}  // namespace leumund::face
