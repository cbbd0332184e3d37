// Bounds what an attacker gains by asking in the name of a victim: each network of clients has a
// credit of bytes by which answers may be larger than their questions.
//
// A network without credit is answered every `slip`-th time with a truncated answer no larger than
// the question, so that a true client comes back by TCP, and otherwise not at all. Questions whose
// answers are not larger cost nothing: sending them back helps no attacker.
//
// Time:    microseconds of a steady clock, given.
// Limits:  16,384 networks (/24, /56) at once in 256 KiB; a flood of forged networks pushes out the
//          ones that were quiet longest; who comes in their place has no more credit than they.
// Threads: one table a worker, no lock: the true bound is `excess_per_second` times workers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "base/ip_address.h"

namespace leumund::listing {

struct ResponseLimitSettings {
  std::uint32_t excess_per_second = 1'048'576;  // bytes; 0 switches the limit off
  std::uint32_t burst_seconds = 4;
  std::uint32_t slip = 2;  // 0: never; 1: every time
  base::HashKey key = {};  // of which networks share a place; random, so that nobody can choose it
};

class ResponseLimit {
 public:
  enum class Verdict : std::uint8_t { send, truncate, drop };

  explicit ResponseLimit(const ResponseLimitSettings& settings);

  [[nodiscard]] Verdict judge(const base::IpAddress& client, std::size_t question_bytes,
                              std::size_t answer_bytes, std::uint64_t now_micros);

 private:
  struct Credit {
    std::uint32_t network = 0;  // hash; 0 free
    std::uint32_t seen_ms = 0;
    std::int32_t bytes = 0;
    std::uint32_t over = 0;  // answers since the credit was used up
  };
  [[nodiscard]] std::uint64_t network_hash(const base::IpAddress& client) const;
  void earn(Credit& credit, std::uint32_t now_ms) const;
  [[nodiscard]] Credit& credit_of(const base::IpAddress& client, std::uint32_t now_ms);

  ResponseLimitSettings settings_;
  std::int64_t full_;
  std::vector<Credit> credits_;  // in groups of four
};

}  // namespace leumund::listing
