// IPv4 networks with their values: the longest network around an address wins.
//
// Each length of prefix has one sorted level. A large level keeps only the lower 16 bits of a key,
// behind an index of where each upper half begins: two bytes an address and half the cache lines of
// whole keys. Values are a column of their own (ValueColumn), mostly of a byte or less.
//
// Time:    a look-up is one binary search for each length that is in use, longest first.
// Limits:  2^32 rows a level; an address has at most as many values as its caller reads.
// Threads: a plain value, not changed once it is built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "listing/value_column.h"

namespace leumund::listing {

// Marks, in a table of changes, a network that was taken off the list.
inline constexpr std::uint32_t removed_value = 0xffff'fffb;

// Rows [first, last) of one level.
struct RowRange {
  std::size_t first = 0;
  std::size_t last = 0;

  [[nodiscard]] bool empty() const { return first == last; }
};

class PrefixLevel4 {
 public:
  PrefixLevel4() = default;
  // Rows are key << 32 | value, in any order. With `one_value` the first row of a key stays alone
  // and the others count as repeated(); else equal rows become one.
  PrefixLevel4(std::vector<std::uint64_t> rows, bool one_value);

  [[nodiscard]] RowRange find(std::uint32_t key) const;
  // Whether there is a key in [first, last].
  [[nodiscard]] bool any_between(std::uint32_t first, std::uint32_t last) const;
  [[nodiscard]] std::uint32_t value(std::size_t row) const { return values_.at(row); }
  [[nodiscard]] std::uint32_t key(std::size_t row) const;
  [[nodiscard]] std::size_t size() const { return halves_.size() + keys_.size(); }
  [[nodiscard]] std::size_t repeated() const { return repeated_; }
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  [[nodiscard]] std::size_t lower_bound(std::uint32_t key) const;

  std::vector<std::uint32_t> starts_;  // of each upper half in halves_, 65537 of them
  std::vector<std::uint16_t> halves_;  // of a large level
  std::vector<std::uint32_t> keys_;    // of a small one
  ValueColumn values_;
  std::size_t repeated_ = 0;
};

class PrefixTable4 {
 public:
  struct Level {
    unsigned bits = 32;
    PrefixLevel4 rows;
  };
  struct Match {
    const PrefixLevel4* level = nullptr;  // null: no network holds the address
    RowRange rows;
  };

  [[nodiscard]] Match find(std::uint32_t address) const;
  // The same where this table holds what has changed since `under` was made: a network of this
  // table stands for the same network there, with `removed_value` as if it were not there.
  [[nodiscard]] Match find_over(const PrefixTable4& under, std::uint32_t address) const;
  // Whether exactly this network is in the table.
  [[nodiscard]] bool holds(std::uint32_t network, unsigned bits) const;
  // Whether an address below `bits` bits of `network` could be found.
  [[nodiscard]] bool any_below(std::uint32_t network, unsigned bits) const;
  [[nodiscard]] const std::vector<Level>& levels() const { return levels_; }
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t repeated() const;
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  friend class PrefixTable4Builder;
  std::vector<Level> levels_;  // longest first
};

// Calls `work(network, bits, value)` for every row, longest networks first.
template <typename Work>
void each_network4(const PrefixTable4& table, Work&& work) {
  for (const PrefixTable4::Level& level : table.levels()) {
    for (std::size_t row = 0; row < level.rows.size(); ++row) {
      work(level.rows.key(row), level.bits, level.rows.value(row));
    }
  }
}

class PrefixTable4Builder {
 public:
  // A set takes networks of whole octets only and several values for each; what is not an octet's
  // network is split into those. A trie takes every length and one value.
  enum class Kind : std::uint8_t { set, trie };
  explicit PrefixTable4Builder(Kind kind) : kind_(kind), rows_(33) {}

  void add_range(std::uint32_t first, std::uint32_t last, std::uint32_t value);  // set
  void add_prefix(std::uint32_t network, unsigned bits, std::uint32_t value);
  [[nodiscard]] PrefixTable4 build();

 private:
  Kind kind_;
  std::vector<std::vector<std::uint64_t>> rows_;  // by length
};

}  // namespace leumund::listing
