// The block matrix as JSON.
#pragma once

#include <string>
#include <vector>

#include "face/control.h"
#include "model/block.h"
#include "model/detour.h"

namespace leumund::face {

[[nodiscard]] std::string block_facts_json(const model::BlockFacts& facts);
// A cell's change, for /v1/stream: {"block":"refused","from":"suspected",...}.
[[nodiscard]] std::string block_change_json(const model::BlockChange& change);
[[nodiscard]] std::string block_matrix_json(const std::vector<model::BlockFacts>& cells);
[[nodiscard]] std::string detour_json(const model::Detour& detour);
[[nodiscard]] std::string detours_json(const std::vector<model::Detour>& detours);
[[nodiscard]] std::string route_json(const RouteReport& report);
[[nodiscard]] std::string reach_json(const ReachReport& report);

}  // namespace leumund::face
