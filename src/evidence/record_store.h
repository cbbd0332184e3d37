// Short records of which there are millions, each in a cell of its size and without a header.
//
// Cells of one size (a multiple of eight bytes) share pages; a page without a record is given back,
// so that a store which shrank takes little, whatever sizes it held before. What is longer than
// `cell_bytes_max` gets a page of its own.
//
// Limits:  33 million pages: 512 GiB of cells, 128 GiB at least when all records are long.
// Time:    constant.
// Threads: none of its own and no lock.
// Owner:   views end with the erase() of their record.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace leumund::evidence {

class RecordStore {
 public:
  using Handle = std::uint64_t;
  static constexpr unsigned handle_bits = 36;  // more are never used
  static constexpr std::size_t cell_bytes_max = 4096;

  // A copy of the two parts, one behind the other.
  Handle insert(std::string_view first, std::string_view second);
  [[nodiscard]] std::string_view view(Handle handle, std::size_t size) const;
  void erase(Handle handle, std::size_t size);

  // Of the cells in use.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // Of all pages.
  [[nodiscard]] std::size_t page_bytes() const { return page_bytes_; }

 private:
  static constexpr std::size_t unit = 8;
  static constexpr std::size_t page_units = 2048;
  static constexpr std::size_t page_size = unit * page_units;
  static constexpr std::size_t classes = cell_bytes_max / unit + 1;
  static constexpr std::uint32_t none = 0xffffffffU;

  struct Page {
    std::unique_ptr<char[]> data;
    std::uint32_t next = none;  // pages of the same class with a free cell
    std::uint32_t previous = none;
    std::uint16_t free = 0;   // unit of the first free cell; in it stands the next one
    std::uint16_t fresh = 0;  // units from here on were never used
    std::uint16_t used = 0;   // cells
  };

  [[nodiscard]] std::uint32_t make_page(std::size_t size);
  void drop_page(std::uint32_t number, std::size_t size);
  void link(std::uint32_t number, std::size_t cell);
  void unlink(std::uint32_t number, std::size_t cell);
  [[nodiscard]] Handle take_cell(std::size_t cell);

  std::vector<Page> pages_;
  std::vector<std::uint32_t> unused_pages_;  // their numbers
  std::array<std::uint32_t, classes> with_room_ = filled_with_none();
  std::size_t bytes_ = 0;
  std::size_t page_bytes_ = 0;

  static constexpr std::array<std::uint32_t, classes> filled_with_none() {
    std::array<std::uint32_t, classes> out{};
    out.fill(none);
    return out;
  }
};

}  // namespace leumund::evidence
