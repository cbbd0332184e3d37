// The recipients an account has written to, as keyed hashes of 31 bits.
//
// Exact for what it holds: with 4,096 members a stranger is taken for known once in half a million.
//
// Limits:  `members_max` members of 4 bytes; beyond it a newcomer takes the place of a member
//          chosen by its own hash, so that a list longer than the cap is not forgotten in one
//          round.
// Time:    members are sorted: contains() halves, add() moves what is greater, at most 16 KiB.
// Threads: none of its own and no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace leumund::evidence {

class RecipientSet {
 public:
  static constexpr std::size_t members_max = 4096;

  [[nodiscard]] bool contains(std::uint32_t hash) const;
  // Returns true when it was not known before.
  bool add(std::uint32_t hash);
  void remove(std::uint32_t hash);
  // Adds what another node saw. Commutative as long as neither side is full.
  void merge(const RecipientSet& other);

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] bool empty() const { return members_.empty(); }
  [[nodiscard]] std::span<const std::uint32_t> members() const { return members_; }
  // Takes over members as they lie in a record of format 1, four bytes each, in any order; more
  // than members_max are cut.
  void assign_bytes(std::string_view bytes);
  // For reading a record: its members are overwritten in place, and are ascending again then.
  [[nodiscard]] std::vector<std::uint32_t>& raw() { return members_; }
  [[nodiscard]] std::size_t heap_bytes() const {
    return members_.capacity() * sizeof(std::uint32_t);
  }

 private:
  std::vector<std::uint32_t> members_;  // ascending, each once
};

}  // namespace leumund::evidence
