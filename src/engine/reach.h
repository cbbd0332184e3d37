// Can mail to a provider get through now, and through which of our addresses?
//
// Threads: a pure function of the cells.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/block.h"

namespace leumund::engine {

struct Reach {
  bool reachable = true;
  std::vector<std::string> through;          // egresses that are not refused
  std::vector<model::BlockFacts> refused;    // ... that are
  std::optional<base::TimePoint> not_since;  // when the last way closed
};

// `cells` of one provider. An egress that has carried nothing to it for a month is no way; without
// any cell the default egress is taken to be one, since nobody refused it.
[[nodiscard]] Reach reach_over(const std::vector<model::BlockFacts>& cells, base::TimePoint now);

}  // namespace leumund::engine
