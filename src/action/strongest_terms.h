// The reasons that speak most for a finding, for sentences people read.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/finding.h"

namespace leumund::action {

// At most `most` terms above zero, the strongest first; equal ones in their order. Owner: borrowed.
[[nodiscard]] std::vector<const model::Term*> strongest_terms(std::span<const model::Term> terms,
                                                              std::size_t most);

}  // namespace leumund::action
