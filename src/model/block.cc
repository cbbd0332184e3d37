#include "model/block.h"

#include <array>

namespace leumund::model {
namespace {

constexpr std::array<std::string_view, 4> names = {"open", "suspected", "refused", "half_open"};

}  // namespace

std::string_view cell_state_name(CellState state) { return names[static_cast<std::size_t>(state)]; }

std::optional<CellState> parse_cell_state(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<CellState>(i);
  }
  return std::nullopt;
}

}  // namespace leumund::model
