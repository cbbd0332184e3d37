// A hash table from 64-bit keyed hashes to 64-bit numbers: open addressing, linear probing.
//
// Limits:  none of its own; whoever owns it erases what it forgets.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace leumund::engine {

class FlatIndex {
 public:
  static constexpr std::uint64_t absent = 0;  // never a value

  [[nodiscard]] std::uint64_t find(std::uint64_t key) const { return cells_[cell_of(key)].value; }

  void set(std::uint64_t key, std::uint64_t value) {
    if ((size_ + 1) * 4 > cells_.size() * 3) grow();
    Cell& cell = cells_[cell_of(key)];
    if (cell.value == absent) ++size_;
    cell = {key, value};
  }

  void erase(std::uint64_t key) {
    std::size_t hole = cell_of(key);
    if (cells_[hole].value == absent) return;
    --size_;
    const std::size_t mask = cells_.size() - 1;
    // Move later members of the run into the hole, so that no search stops early.
    for (std::size_t i = (hole + 1) & mask; cells_[i].value != absent; i = (i + 1) & mask) {
      const std::size_t home = cells_[i].key & mask;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        cells_[hole] = cells_[i];
        hole = i;
      }
    }
    cells_[hole] = {};
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Cell {
    std::uint64_t key = 0;
    std::uint64_t value = absent;
  };

  [[nodiscard]] std::size_t cell_of(std::uint64_t key) const {
    const std::size_t mask = cells_.size() - 1;
    std::size_t i = key & mask;
    while (cells_[i].value != absent && cells_[i].key != key) i = (i + 1) & mask;
    return i;
  }
  void grow() {
    const std::vector<Cell> old = std::exchange(cells_, std::vector<Cell>(cells_.size() * 2));
    for (const Cell& cell : old) {
      if (cell.value != absent) cells_[cell_of(cell.key)] = cell;
    }
  }

  std::vector<Cell> cells_ = std::vector<Cell>(1024);
  std::size_t size_ = 0;
};

}  // namespace leumund::engine
