// Domain names with their values: names themselves, and everything below names.
//
// Names lie in one pool, found by a hash index of four bytes a slot. Names that only have names
// below them are kept too, without values: a resolver that hears of them "no such name" may believe
// that nothing is below (RFC 8020).
//
// Time:    one probe for the name and one for each label of it that a wildcard could stand at.
// Limits:  4 GiB of names; 200 values a name.
// Threads: a plain value, not changed once it is built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/dns_name.h"
#include "wire/zone_values.h"

namespace leumund::listing {

// One pool and its index. A name is its wire form without the final zero.
class NameIndex {
 public:
  struct Entry {
    std::string_view name;
    const char* values = nullptr;  // `count` numbers of four bytes
    std::size_t count = 0;         // 0: excluded, or only names below
    bool only_below = false;

    [[nodiscard]] std::uint32_t value(std::size_t i) const;
  };

  [[nodiscard]] std::optional<Entry> find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t labels_min() const { return labels_min_; }
  [[nodiscard]] std::size_t labels_max() const { return labels_max_; }
  [[nodiscard]] std::size_t memory_bytes() const;
  // Calls `work(entry)` for all that have values or exclude.
  template <typename Work>
  void each(Work&& work) const {
    for (std::size_t at = 0; at < pool_.size();) {
      const Entry entry = entry_at(at);
      if (!entry.only_below) work(entry);
      at += 2 + entry.name.size() + entry.count * sizeof(std::uint32_t);
    }
  }

 private:
  friend class NameIndexBuilder;
  [[nodiscard]] Entry entry_at(std::size_t at) const;

  std::string pool_;                  // length, name, count, values
  std::vector<std::uint32_t> slots_;  // place in pool_ + 1; 0 free
  std::size_t size_ = 0;              // names with values or exclusions
  std::size_t labels_min_ = 128;
  std::size_t labels_max_ = 0;
};

class NameIndexBuilder {
 public:
  // The row of a name that only has names below it; larger than every value.
  static constexpr std::uint32_t only_below = wire::zone_pass;

  // False when the pool is full.
  [[nodiscard]] bool add(std::string_view name, std::uint32_t value);
  // Keeps the parents of all names as names that only have names below.
  void add_parents();
  [[nodiscard]] NameIndex build();

 private:
  struct Row {
    std::uint64_t hash;
    std::uint32_t at;  // in pool_: length, name
    std::uint32_t value;
  };
  [[nodiscard]] std::string_view name_of(const Row& row) const;

  std::string pool_;
  std::vector<Row> rows_;
};

struct NameTable {
  NameIndex itself;
  NameIndex below;
};

}  // namespace leumund::listing
