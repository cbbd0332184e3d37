// One number for each row of a table, in as few bytes as the different numbers need: none when all
// rows have the same, else one, two or four.
//
// Threads: a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace leumund::listing {

class ValueColumn {
 public:
  ValueColumn() = default;
  // From pairs of a key (upper half) and a number (lower half), in the order of the rows.
  explicit ValueColumn(std::span<const std::uint64_t> rows);

  [[nodiscard]] std::uint32_t at(std::size_t row) const {
    switch (width_) {
      case 0: return palette_.front();
      case 1: return palette_[bytes_[row]];
      case 2: return palette_[halves_[row]];
      default: return words_[row];
    }
  }
  [[nodiscard]] std::size_t memory_bytes() const {
    return palette_.capacity() * sizeof(std::uint32_t) + bytes_.capacity() +
           halves_.capacity() * sizeof(std::uint16_t) + words_.capacity() * sizeof(std::uint32_t);
  }

 private:
  std::vector<std::uint32_t> palette_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint16_t> halves_;
  std::vector<std::uint32_t> words_;
  unsigned width_ = 4;
};

}  // namespace leumund::listing
