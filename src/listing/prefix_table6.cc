#include "listing/prefix_table6.h"

#include <algorithm>

#include "listing/prefix_table4.h"

namespace leumund::listing {
namespace {

constexpr std::uint64_t upper_bits(unsigned bits) {
  return bits == 0 ? 0 : ~std::uint64_t{0} << (64 - bits);
}

}  // namespace

Key6 Key6::of(const wire::Bytes16& bytes) {
  Key6 key;
  for (std::size_t i = 0; i < 8; ++i) {
    key.upper = key.upper << 8 | bytes[i];
    key.lower = key.lower << 8 | bytes[i + 8];
  }
  return key;
}

wire::Bytes16 Key6::bytes() const {
  wire::Bytes16 out{};
  for (std::size_t i = 0; i < 8; ++i) {
    out[i] = static_cast<std::uint8_t>(upper >> (56 - 8 * i));
    out[i + 8] = static_cast<std::uint8_t>(lower >> (56 - 8 * i));
  }
  return out;
}

Key6 Key6::masked(unsigned bits) const {
  if (bits <= 64) return {upper & upper_bits(bits), 0};
  return {upper, lower & upper_bits(bits - 64)};
}

Key6 Key6::last_of(unsigned bits) const {
  if (bits <= 64) return {upper | ~upper_bits(bits), ~std::uint64_t{0}};
  return {upper, lower | ~upper_bits(bits - 64)};
}

std::size_t PrefixTable6::Level::lower_bound(const Key6& key) const {
  if (bits_ > 64) {
    return static_cast<std::size_t>(std::lower_bound(long_.begin(), long_.end(), key) -
                                    long_.begin());
  }
  const auto at = std::lower_bound(short_.begin(), short_.end(), key.upper);
  // A short key stands for lower half zero.
  const auto row = static_cast<std::size_t>(at - short_.begin());
  return row < short_.size() && short_[row] == key.upper && key.lower != 0 ? row + 1 : row;
}

std::optional<std::uint32_t> PrefixTable6::find(const Key6& address) const {
  for (const Level& level : levels_) {
    if (const auto value = level.at(address.masked(level.bits_))) return value;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> PrefixTable6::find_over(const PrefixTable6& under,
                                                     const Key6& address) const {
  auto mine = levels_.begin();
  auto below = under.levels_.begin();
  while (mine != levels_.end() || below != under.levels_.end()) {
    const bool take_mine =
        below == under.levels_.end() || (mine != levels_.end() && mine->bits_ >= below->bits_);
    const unsigned bits = take_mine ? mine->bits_ : below->bits_;
    const Key6 network = address.masked(bits);
    std::optional<std::uint32_t> value;
    if (take_mine) value = (mine++)->at(network);
    if (below != under.levels_.end() && below->bits_ == bits) {
      if (!value) value = below->at(network);
      ++below;
    }
    if (value && *value != removed_value) return value;
  }
  return std::nullopt;
}

bool PrefixTable6::holds(const Key6& network, unsigned bits) const {
  for (const Level& level : levels_) {
    if (level.bits_ == bits) return level.at(network).has_value();
  }
  return false;
}

bool PrefixTable6::any_below(const Key6& network, unsigned bits) const {
  for (const Level& level : levels_) {
    const Key6 first = network.masked(std::min(bits, level.bits_));
    const std::size_t row = level.lower_bound(first);
    if (row == level.size()) continue;
    if (level.bits_ >= bits ? level.key(row) <= network.last_of(bits) : level.key(row) == first) {
      return true;
    }
  }
  return false;
}

std::size_t PrefixTable6::size() const {
  std::size_t rows = 0;
  for (const Level& level : levels_) rows += level.size();
  return rows;
}

std::size_t PrefixTable6::memory_bytes() const {
  std::size_t bytes = levels_.capacity() * sizeof(Level);
  for (const Level& level : levels_) {
    bytes += level.short_.capacity() * sizeof(std::uint64_t) +
             level.long_.capacity() * sizeof(Key6) + level.values_.memory_bytes();
  }
  return bytes;
}

PrefixTable6 PrefixTable6Builder::build() {
  PrefixTable6 table;
  for (unsigned bits = 129; bits-- > 0;) {
    std::vector<Row> rows = std::move(rows_[bits]);
    if (rows.empty()) continue;
    const auto before = [](const Row& a, const Row& b) { return a.key < b.key; };
    if (!std::is_sorted(rows.begin(), rows.end(), before)) {
      std::stable_sort(rows.begin(), rows.end(), before);
    }
    const auto end = std::unique(rows.begin(), rows.end(),
                                 [](const Row& a, const Row& b) { return a.key == b.key; });
    table.repeated_ += static_cast<std::size_t>(rows.end() - end);
    rows.erase(end, rows.end());
    PrefixTable6::Level level;
    level.bits_ = bits;
    std::vector<std::uint64_t> values;
    values.reserve(rows.size());
    (bits <= 64 ? level.short_.reserve(rows.size()) : level.long_.reserve(rows.size()));
    for (const Row& row : rows) {
      values.push_back(row.value);
      if (bits <= 64) {
        level.short_.push_back(row.key.upper);
      } else {
        level.long_.push_back(row.key);
      }
    }
    level.values_ = ValueColumn(values);
    table.levels_.push_back(std::move(level));
  }
  table.levels_.shrink_to_fit();
  return table;
}

}  // namespace leumund::listing
