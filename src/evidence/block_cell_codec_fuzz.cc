// A stored cell of the block matrix as a hostile or broken disk gives it.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "evidence/block_cell_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund;
  evidence::BlockCell cell;
  const std::string_view state(reinterpret_cast<const char*>(data), size);
  if (!evidence::decode_block_cell(state, cell).ok()) return 0;
  // What was accepted must be usable, and come back the same.
  std::string again;
  evidence::encode_block_cell(cell, again);
  evidence::BlockCell copy;
  if (!evidence::decode_block_cell(again, copy).ok()) __builtin_trap();
  if (!(copy.test == cell.test) || (copy.impact == nullptr) != (cell.impact == nullptr)) {
    __builtin_trap();
  }
  if (cell.impact && !(*cell.impact == *copy.impact)) __builtin_trap();
  cell.test.decay_to(cell.test.at + std::chrono::hours(50), std::chrono::hours(24));
  cell.hit().mails.add(size);
  return static_cast<int>(cell.hit().mails.count() & 0);
}
