// A cell of the block matrix as the bytes that are kept on disk.
//
// Flow:    BlockCell -> encode -> LedgerJournal -> decode -> BlockCell.
// Limits:  64 KiB; every count and length is checked before it is used.
// Errors:  decode says where the record breaks off or leaves its bounds; it is taken whole or not.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "evidence/block_cell.h"

namespace leumund::evidence {

// Appends to `out`.
void encode_block_cell(const BlockCell& cell, std::string& out);
[[nodiscard]] base::Status decode_block_cell(std::string_view state, BlockCell& cell);

}  // namespace leumund::evidence
