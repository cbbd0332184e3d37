#include "listing/value_column.h"

#include <algorithm>

namespace leumund::listing {
namespace {

constexpr std::size_t palette_max = 0x10000;

std::uint32_t number_of(std::uint64_t row) { return static_cast<std::uint32_t>(row); }

// The different numbers, sorted; stops when there are more than a palette holds.
std::vector<std::uint32_t> different(std::span<const std::uint64_t> rows) {
  std::vector<std::uint32_t> palette;
  std::vector<std::uint32_t> fresh;
  const auto merge = [&] {
    std::sort(fresh.begin(), fresh.end());
    const auto middle = static_cast<std::ptrdiff_t>(palette.size());
    palette.insert(palette.end(), fresh.begin(), fresh.end());
    std::inplace_merge(palette.begin(), palette.begin() + middle, palette.end());
    palette.erase(std::unique(palette.begin(), palette.end()), palette.end());
    fresh.clear();
  };
  for (const std::uint64_t row : rows) {
    const std::uint32_t number = number_of(row);
    if (!fresh.empty() && fresh.back() == number) continue;
    if (std::binary_search(palette.begin(), palette.end(), number)) continue;
    fresh.push_back(number);
    if (fresh.size() >= std::max<std::size_t>(64, palette.size())) merge();
    if (palette.size() > palette_max) break;
  }
  merge();
  return palette;
}

}  // namespace

ValueColumn::ValueColumn(std::span<const std::uint64_t> rows) {
  palette_ = different(rows);
  if (palette_.size() > palette_max) {
    palette_ = std::vector<std::uint32_t>();  // "= {}" would keep its memory
    words_.reserve(rows.size());
    for (const std::uint64_t row : rows) words_.push_back(number_of(row));
    return;
  }
  palette_.shrink_to_fit();
  width_ = palette_.size() <= 1 ? 0 : palette_.size() <= 256 ? 1 : 2;
  if (rows.empty()) palette_.push_back(0);
  const auto place = [&](std::uint64_t row) {
    return std::lower_bound(palette_.begin(), palette_.end(), number_of(row)) - palette_.begin();
  };
  if (width_ == 1) {
    bytes_.reserve(rows.size());
    for (const std::uint64_t row : rows) bytes_.push_back(static_cast<std::uint8_t>(place(row)));
  } else if (width_ == 2) {
    halves_.reserve(rows.size());
    for (const std::uint64_t row : rows) halves_.push_back(static_cast<std::uint16_t>(place(row)));
  }
}

}  // namespace leumund::listing
