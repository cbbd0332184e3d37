#include "listing/name_table.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <unordered_set>

namespace leumund::listing {
namespace {

constexpr std::size_t values_max = 200;
constexpr unsigned char mark_only_below = 0xff;
constexpr std::uint32_t parent_row = NameIndexBuilder::only_below;

std::uint64_t hash_of(std::string_view name) { return std::hash<std::string_view>{}(name); }

std::size_t labels_of(std::string_view name) {
  std::size_t labels = 0;
  for (std::size_t at = 0; at < name.size(); ++labels) {
    at += static_cast<unsigned char>(name[at]) + 1U;
  }
  return labels;
}

}  // namespace

std::uint32_t NameIndex::Entry::value(std::size_t i) const {
  std::uint32_t number = 0;
  std::memcpy(&number, values + i * sizeof number, sizeof number);
  return number;
}

NameIndex::Entry NameIndex::entry_at(std::size_t at) const {
  Entry entry;
  const std::size_t length = static_cast<unsigned char>(pool_[at]);
  entry.name = std::string_view(pool_).substr(at + 1, length);
  const auto count = static_cast<unsigned char>(pool_[at + 1 + length]);
  entry.only_below = count == mark_only_below;
  entry.count = entry.only_below ? 0 : count;
  entry.values = pool_.data() + at + 2 + length;
  return entry;
}

std::optional<NameIndex::Entry> NameIndex::find(std::string_view name) const {
  if (slots_.empty()) return std::nullopt;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash_of(name) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const std::size_t at = slots_[slot] - 1;
    if (static_cast<unsigned char>(pool_[at]) == name.size() &&
        std::memcmp(pool_.data() + at + 1, name.data(), name.size()) == 0) {
      return entry_at(at);
    }
  }
  return std::nullopt;
}

std::size_t NameIndex::memory_bytes() const {
  return pool_.capacity() + slots_.capacity() * sizeof(std::uint32_t);
}

std::string_view NameIndexBuilder::name_of(const Row& row) const {
  return std::string_view(pool_).substr(row.at + 1, static_cast<unsigned char>(pool_[row.at]));
}

bool NameIndexBuilder::add(std::string_view name, std::uint32_t value) {
  if (pool_.size() + name.size() + 1 > std::numeric_limits<std::uint32_t>::max() / 2) return false;
  rows_.push_back({hash_of(name), static_cast<std::uint32_t>(pool_.size()), value});
  pool_ += static_cast<char>(name.size());
  pool_ += name;
  return true;
}

void NameIndexBuilder::add_parents() {
  std::unordered_set<std::uint64_t> seen;
  const std::size_t rows = rows_.size();
  for (std::size_t i = 0; i < rows; ++i) {
    std::string name(name_of(rows_[i]));
    for (;;) {
      name.erase(0, static_cast<unsigned char>(name[0]) + 1U);
      // The parents of one that was there have been added with it.
      if (name.empty() || !seen.insert(hash_of(name)).second || !add(name, parent_row)) break;
    }
  }
}

NameIndex NameIndexBuilder::build() {
  std::sort(rows_.begin(), rows_.end(), [this](const Row& a, const Row& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    if (const int order = name_of(a).compare(name_of(b)); order != 0) return order < 0;
    return a.value < b.value;
  });
  NameIndex index;
  std::vector<std::uint32_t> places;
  for (auto at = rows_.begin(); at != rows_.end();) {
    const std::string_view name = name_of(*at);
    places.push_back(static_cast<std::uint32_t>(index.pool_.size()));
    index.pool_ += static_cast<char>(name.size());
    index.pool_ += name;
    const std::size_t count_at = index.pool_.size();
    index.pool_ += static_cast<char>(at->value == parent_row ? mark_only_below : 0);
    if (at->value != parent_row) {
      const std::size_t labels = labels_of(name);
      index.labels_min_ = std::min(index.labels_min_, labels);
      index.labels_max_ = std::max(index.labels_max_, labels);
      ++index.size_;
    }
    const bool excluded = at->value == wire::zone_excluded;
    std::size_t count = 0;
    std::uint32_t last = wire::zone_excluded;
    for (; at != rows_.end() && name_of(*at) == name; ++at) {
      if (excluded || at->value == parent_row || at->value == last || count == values_max) continue;
      last = at->value;
      index.pool_.append(reinterpret_cast<const char*>(&last), sizeof last);
      index.pool_[count_at] = static_cast<char>(++count);
    }
  }
  std::size_t slots = 16;
  while (slots * 3 < places.size() * 4) slots *= 2;
  if (!places.empty()) index.slots_.assign(slots, 0);
  for (const std::uint32_t place : places) {
    std::size_t slot = hash_of(index.entry_at(place).name) & (slots - 1);
    while (index.slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    index.slots_[slot] = place + 1;
  }
  index.pool_.shrink_to_fit();
  pool_ = std::string();
  rows_ = std::vector<Row>();
  return index;
}

}  // namespace leumund::listing
