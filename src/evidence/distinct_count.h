// How many different things were seen: exact to 64, then an estimate within about 5 %.
//
// Limits:  64 hashes of 4 bytes, then 512 registers of one byte (HyperLogLog); no more, whatever
//          comes in.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::evidence {

class DistinctCount {
 public:
  static constexpr std::size_t exact_max = 64;
  static constexpr std::size_t registers = 512;

  // `hash` must be a keyed hash: who can choose it could make the estimate what he likes.
  void add(std::uint64_t hash);
  [[nodiscard]] std::uint64_t count() const;
  void clear();

  // For keeping it on disk: exactly the members, or the registers as bytes.
  [[nodiscard]] std::span<const std::uint32_t> members() const { return members_; }
  [[nodiscard]] std::span<const std::uint8_t> estimate() const { return registers_; }
  // False for more than `exact_max` members or another number of registers than there are.
  [[nodiscard]] bool restore(std::span<const std::uint32_t> members,
                             std::span<const std::uint8_t> estimate);

  bool operator==(const DistinctCount&) const = default;

 private:
  void note(std::uint32_t hash);

  std::vector<std::uint32_t> members_;  // sorted; empty once there are registers
  std::vector<std::uint8_t> registers_;
};

}  // namespace leumund::evidence
