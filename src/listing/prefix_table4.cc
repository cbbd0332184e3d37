#include "listing/prefix_table4.h"

#include <algorithm>
#include <array>

namespace leumund::listing {
namespace {

constexpr std::size_t large_level = 32 * 1024;  // rows from which the index of upper halves pays
constexpr std::size_t upper_halves = 0x10000;

constexpr std::uint32_t mask_of(unsigned bits) {
  return bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
}

std::uint32_t key_of(std::uint64_t row) { return static_cast<std::uint32_t>(row >> 32); }

// Sorts by key and keeps the order of equal keys, in three passes over the key's bits. Half the
// time of a comparing sort at ten million rows, which is most of the time of a load.
void sort_by_key(std::vector<std::uint64_t>& rows) {
  if (std::is_sorted(rows.begin(), rows.end(),
                     [](std::uint64_t a, std::uint64_t b) { return key_of(a) < key_of(b); })) {
    return;
  }
  if (rows.size() < large_level) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](std::uint64_t a, std::uint64_t b) { return key_of(a) < key_of(b); });
    return;
  }
  constexpr unsigned pass_bits = 11;
  constexpr std::size_t buckets = std::size_t{1} << pass_bits;
  std::vector<std::uint64_t> other(rows.size());
  for (unsigned shift = 32; shift < 64; shift += pass_bits) {
    std::array<std::size_t, buckets + 1> starts{};
    const auto bucket = [shift](std::uint64_t row) { return (row >> shift) & (buckets - 1); };
    for (const std::uint64_t row : rows) ++starts[bucket(row) + 1];
    for (std::size_t i = 1; i <= buckets; ++i) starts[i] += starts[i - 1];
    for (const std::uint64_t row : rows) other[starts[bucket(row)]++] = row;
    rows.swap(other);
  }
}

// Equal keys stand together: a set keeps each value once, exclusions first; a trie the first row.
std::size_t drop_repeated(std::vector<std::uint64_t>& rows, bool one_value) {
  const std::size_t before = rows.size();
  if (one_value) {
    rows.erase(std::unique(rows.begin(), rows.end(),
                           [](std::uint64_t a, std::uint64_t b) { return key_of(a) == key_of(b); }),
               rows.end());
    return before - rows.size();
  }
  for (auto at = rows.begin(); at != rows.end();) {
    auto end = at + 1;
    while (end != rows.end() && key_of(*end) == key_of(*at)) ++end;
    if (end - at > 1) std::sort(at, end);
    at = end;
  }
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return before - rows.size();
}

}  // namespace

PrefixLevel4::PrefixLevel4(std::vector<std::uint64_t> rows, bool one_value) {
  sort_by_key(rows);
  repeated_ = drop_repeated(rows, one_value);
  values_ = ValueColumn(rows);
  if (rows.size() < large_level) {
    keys_.reserve(rows.size());
    for (const std::uint64_t row : rows) keys_.push_back(key_of(row));
    return;
  }
  starts_.assign(upper_halves + 1, 0);
  halves_.reserve(rows.size());
  for (const std::uint64_t row : rows) {
    ++starts_[(key_of(row) >> 16) + 1];
    halves_.push_back(static_cast<std::uint16_t>(key_of(row)));
  }
  for (std::size_t i = 1; i <= upper_halves; ++i) starts_[i] += starts_[i - 1];
}

std::size_t PrefixLevel4::lower_bound(std::uint32_t key) const {
  if (starts_.empty()) {
    return static_cast<std::size_t>(std::lower_bound(keys_.begin(), keys_.end(), key) -
                                    keys_.begin());
  }
  const auto begin = halves_.begin() + starts_[key >> 16];
  const auto end = halves_.begin() + starts_[(key >> 16) + 1];
  return static_cast<std::size_t>(std::lower_bound(begin, end, static_cast<std::uint16_t>(key)) -
                                  halves_.begin());
}

std::uint32_t PrefixLevel4::key(std::size_t row) const {
  if (starts_.empty()) return keys_[row];
  const auto behind = std::upper_bound(starts_.begin(), starts_.end(), row);
  const auto upper = static_cast<std::uint32_t>(behind - starts_.begin() - 1);
  return upper << 16 | halves_[row];
}

RowRange PrefixLevel4::find(std::uint32_t key) const {
  RowRange rows;
  rows.first = rows.last = lower_bound(key);
  if (starts_.empty()) {
    while (rows.last < keys_.size() && keys_[rows.last] == key) ++rows.last;
    return rows;
  }
  const std::size_t end = starts_[(key >> 16) + 1];
  while (rows.last < end && halves_[rows.last] == static_cast<std::uint16_t>(key)) ++rows.last;
  return rows;
}

bool PrefixLevel4::any_between(std::uint32_t first, std::uint32_t last) const {
  const std::size_t row = lower_bound(first);
  return row < size() && key(row) <= last;
}

std::size_t PrefixLevel4::memory_bytes() const {
  return starts_.capacity() * sizeof(std::uint32_t) + halves_.capacity() * sizeof(std::uint16_t) +
         keys_.capacity() * sizeof(std::uint32_t) + values_.memory_bytes();
}

PrefixTable4::Match PrefixTable4::find(std::uint32_t address) const {
  for (const Level& level : levels_) {
    const RowRange rows = level.rows.find(address & mask_of(level.bits));
    if (!rows.empty()) return {&level.rows, rows};
  }
  return {};
}

PrefixTable4::Match PrefixTable4::find_over(const PrefixTable4& under,
                                            std::uint32_t address) const {
  auto mine = levels_.begin();
  auto below = under.levels_.begin();
  while (mine != levels_.end() || below != under.levels_.end()) {
    const bool take_mine =
        below == under.levels_.end() || (mine != levels_.end() && mine->bits >= below->bits);
    const unsigned bits = take_mine ? mine->bits : below->bits;
    const std::uint32_t network = address & mask_of(bits);
    bool removed = false;
    if (take_mine) {
      const RowRange rows = mine->rows.find(network);
      removed = !rows.empty() && mine->rows.value(rows.first) == removed_value;
      if (!rows.empty() && !removed) return {&mine->rows, rows};
      ++mine;
    }
    if (below != under.levels_.end() && below->bits == bits) {
      const RowRange rows = removed ? RowRange{} : below->rows.find(network);
      if (!rows.empty()) return {&below->rows, rows};
      ++below;
    }
  }
  return {};
}

bool PrefixTable4::holds(std::uint32_t network, unsigned bits) const {
  for (const Level& level : levels_) {
    if (level.bits == bits) return !level.rows.find(network).empty();
  }
  return false;
}

bool PrefixTable4::any_below(std::uint32_t network, unsigned bits) const {
  const std::uint32_t last = network | ~mask_of(bits);
  for (const Level& level : levels_) {
    if (level.bits >= bits) {
      if (level.rows.any_between(network, last)) return true;
      continue;
    }
    const RowRange rows = level.rows.find(network & mask_of(level.bits));
    if (!rows.empty()) return level.rows.value(rows.first) != 0;
  }
  return false;
}

std::size_t PrefixTable4::size() const {
  std::size_t rows = 0;
  for (const Level& level : levels_) rows += level.rows.size();
  return rows;
}

std::size_t PrefixTable4::repeated() const {
  std::size_t rows = 0;
  for (const Level& level : levels_) rows += level.rows.repeated();
  return rows;
}

std::size_t PrefixTable4::memory_bytes() const {
  std::size_t bytes = levels_.capacity() * sizeof(Level);
  for (const Level& level : levels_) bytes += level.rows.memory_bytes();
  return bytes;
}

void PrefixTable4Builder::add_prefix(std::uint32_t network, unsigned bits, std::uint32_t value) {
  rows_[bits].push_back(std::uint64_t{network} << 32 | value);
}

void PrefixTable4Builder::add_range(std::uint32_t first, std::uint32_t last, std::uint32_t value) {
  std::uint64_t at = first;
  const std::uint64_t end = std::uint64_t{last} + 1;
  while (at < end) {
    unsigned bits = 32;  // the largest network of whole octets that begins here and fits
    while (bits > 8) {
      const std::uint64_t size = std::uint64_t{1} << (32 - (bits - 8));
      if (at % size != 0 || at + size > end) break;
      bits -= 8;
    }
    add_prefix(static_cast<std::uint32_t>(at), bits, value);
    at += std::uint64_t{1} << (32 - bits);
  }
}

PrefixTable4 PrefixTable4Builder::build() {
  PrefixTable4 table;
  for (unsigned bits = 33; bits-- > 0;) {
    if (rows_[bits].empty()) continue;
    table.levels_.push_back({bits, PrefixLevel4(std::move(rows_[bits]), kind_ == Kind::trie)});
    rows_[bits] = {};
  }
  table.levels_.shrink_to_fit();
  return table;
}

}  // namespace leumund::listing
