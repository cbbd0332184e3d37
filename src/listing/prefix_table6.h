// IPv6 networks with one value each: the longest network around an address wins.
//
// Each length of prefix has one sorted level; up to 64 bits a key takes 8 bytes, beyond that 16.
//
// Time:    a look-up is one binary search for each length that is in use, longest first.
// Threads: a plain value, not changed once it is built.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "listing/value_column.h"
#include "wire/zone_address.h"

namespace leumund::listing {

struct Key6 {
  std::uint64_t upper = 0;
  std::uint64_t lower = 0;

  [[nodiscard]] static Key6 of(const wire::Bytes16& bytes);
  [[nodiscard]] wire::Bytes16 bytes() const;
  [[nodiscard]] Key6 masked(unsigned bits) const;
  [[nodiscard]] Key6 last_of(unsigned bits) const;
  auto operator<=>(const Key6&) const = default;
};

class PrefixTable6 {
 public:
  class Level {
   public:
    [[nodiscard]] unsigned bits() const { return bits_; }
    [[nodiscard]] std::size_t size() const { return short_.size() + long_.size(); }
    [[nodiscard]] Key6 key(std::size_t row) const {
      return bits_ <= 64 ? Key6{short_[row], 0} : long_[row];
    }
    [[nodiscard]] std::uint32_t value(std::size_t row) const { return values_.at(row); }
    [[nodiscard]] std::size_t lower_bound(const Key6& key) const;

    // The value of exactly this network.
    [[nodiscard]] std::optional<std::uint32_t> at(const Key6& network) const {
      const std::size_t row = lower_bound(network);
      if (row == size() || key(row) != network) return std::nullopt;
      return value(row);
    }

   private:
    friend class PrefixTable6Builder;
    friend class PrefixTable6;
    unsigned bits_ = 0;
    std::vector<std::uint64_t> short_;
    std::vector<Key6> long_;
    ValueColumn values_;
  };

  // Nothing when no network holds the address.
  [[nodiscard]] std::optional<std::uint32_t> find(const Key6& address) const;
  // The same over what has not changed; see PrefixTable4::find_over.
  [[nodiscard]] std::optional<std::uint32_t> find_over(const PrefixTable6& under,
                                                       const Key6& address) const;
  [[nodiscard]] bool holds(const Key6& network, unsigned bits) const;
  [[nodiscard]] bool any_below(const Key6& network, unsigned bits) const;
  [[nodiscard]] const std::vector<Level>& levels() const { return levels_; }
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t repeated() const { return repeated_; }
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  friend class PrefixTable6Builder;
  std::vector<Level> levels_;  // longest first
  std::size_t repeated_ = 0;
};

// Calls `work(network, bits, value)` for every row, longest networks first.
template <typename Work>
void each_network6(const PrefixTable6& table, Work&& work) {
  for (const PrefixTable6::Level& level : table.levels()) {
    for (std::size_t row = 0; row < level.size(); ++row) {
      work(level.key(row), level.bits(), level.value(row));
    }
  }
}

class PrefixTable6Builder {
 public:
  PrefixTable6Builder() : rows_(129) {}

  void add(const Key6& network, unsigned bits, std::uint32_t value) {
    rows_[bits].push_back({network, value});
  }
  // The first row of a network stays.
  [[nodiscard]] PrefixTable6 build();

 private:
  struct Row {
    Key6 key;
    std::uint32_t value;
  };
  std::vector<std::vector<Row>> rows_;  // by length
};

}  // namespace leumund::listing
