#include "engine/reach.h"

#include <algorithm>

#include "engine/block_matrix.h"

namespace leumund::engine {

Reach reach_over(const std::vector<model::BlockFacts>& cells, base::TimePoint now) {
  constexpr std::chrono::hours month{24 * 30};
  Reach out;
  for (const model::BlockFacts& facts : cells) {
    const bool stopped =
        facts.state == model::CellState::refused || facts.state == model::CellState::half_open;
    if (stopped) {
      out.refused.push_back(facts);
      out.not_since = std::max(out.not_since.value_or(facts.since), facts.since);
    } else if (std::max(facts.last_accepted_at, facts.last_refused_at) + month >= now) {
      out.through.push_back(facts.egress);
    }
  }
  if (out.through.empty() && out.refused.empty()) out.through.emplace_back(default_egress);
  out.reachable = !out.through.empty();
  if (out.reachable) out.not_since.reset();
  return out;
}

}  // namespace leumund::engine
