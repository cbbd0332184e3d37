#include "evidence/record_store.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace leumund::evidence {
namespace {

constexpr std::uint16_t no_cell = 0xffff;

std::size_t units_of(std::size_t size) { return std::max<std::size_t>(1, (size + 7) / 8); }

}  // namespace

std::uint32_t RecordStore::make_page(std::size_t size) {
  std::uint32_t number = 0;
  if (unused_pages_.empty()) {
    CHECK(pages_.size() < (1ULL << handle_bits) / page_units);
    number = static_cast<std::uint32_t>(pages_.size());
    pages_.emplace_back();
  } else {
    number = unused_pages_.back();
    unused_pages_.pop_back();
  }
  Page& page = pages_[number];
  page = Page{};
  page.data = std::make_unique_for_overwrite<char[]>(size);
  page.free = no_cell;
  page_bytes_ += size;
  return number;
}

void RecordStore::drop_page(std::uint32_t number, std::size_t size) {
  pages_[number] = Page{};
  unused_pages_.push_back(number);
  page_bytes_ -= size;
}

void RecordStore::link(std::uint32_t number, std::size_t cell) {
  Page& page = pages_[number];
  page.previous = none;
  page.next = with_room_[cell];
  if (page.next != none) pages_[page.next].previous = number;
  with_room_[cell] = number;
}

void RecordStore::unlink(std::uint32_t number, std::size_t cell) {
  const Page& page = pages_[number];
  (page.previous == none ? with_room_[cell] : pages_[page.previous].next) = page.next;
  if (page.next != none) pages_[page.next].previous = page.previous;
}

RecordStore::Handle RecordStore::take_cell(std::size_t cell) {
  if (with_room_[cell] == none) link(make_page(page_size), cell);
  const std::uint32_t number = with_room_[cell];
  Page& page = pages_[number];
  std::uint16_t at = page.free;
  if (at != no_cell) {
    std::memcpy(&page.free, page.data.get() + at * unit, sizeof page.free);
  } else {
    at = page.fresh;
    page.fresh = static_cast<std::uint16_t>(page.fresh + cell);
  }
  ++page.used;
  if (page.free == no_cell && page.fresh + cell > page_units) unlink(number, cell);
  return Handle{number} * page_units + at;
}

RecordStore::Handle RecordStore::insert(std::string_view first, std::string_view second) {
  const std::size_t size = first.size() + second.size();
  const std::size_t cell = units_of(size);
  const Handle handle =
      size > cell_bytes_max ? Handle{make_page(cell * unit)} * page_units : take_cell(cell);
  bytes_ += cell * unit;
  char* const data = pages_[handle / page_units].data.get() + handle % page_units * unit;
  first.copy(data, first.size());
  second.copy(data + first.size(), second.size());
  return handle;
}

std::string_view RecordStore::view(Handle handle, std::size_t size) const {
  return {pages_[handle / page_units].data.get() + handle % page_units * unit, size};
}

void RecordStore::erase(Handle handle, std::size_t size) {
  const std::size_t cell = units_of(size);
  const auto number = static_cast<std::uint32_t>(handle / page_units);
  bytes_ -= cell * unit;
  if (size > cell_bytes_max) return drop_page(number, cell * unit);
  Page& page = pages_[number];
  const bool was_full = page.free == no_cell && page.fresh + cell > page_units;
  const auto at = static_cast<std::uint16_t>(handle % page_units);
  std::memcpy(page.data.get() + at * unit, &page.free, sizeof page.free);
  page.free = at;
  if (was_full) link(number, cell);
  if (--page.used > 0) return;
  unlink(number, cell);
  drop_page(number, page_size);
}

}  // namespace leumund::evidence
