// The block matrix as figures of /metrics: its states in numbers, and single cells.
//
// Limits:  500 cells, those with trouble first; they are the only labels that name anything.
#pragma once

#include <utility>
#include <vector>

#include "engine/block_matrix.h"
#include "face/metrics.h"

namespace leumund::apps {

void add_block_metrics(std::pair<std::vector<model::BlockFacts>, engine::BlockCounters> blocks,
                       std::vector<face::Metric>& out);

}  // namespace leumund::apps
