#include "model/detour.h"

#include <array>

namespace leumund::model {
namespace {

constexpr std::array<std::string_view, 5> names = {"none", "waiting", "open", "capped", "deferred"};

}  // namespace

std::string_view detour_phase_name(DetourPhase phase) {
  return names[static_cast<std::size_t>(phase)];
}

std::optional<DetourPhase> parse_detour_phase(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<DetourPhase>(i);
  }
  return std::nullopt;
}

}  // namespace leumund::model
