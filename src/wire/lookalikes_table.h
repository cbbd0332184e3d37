// The generated data of lookalikes.h.
#pragma once

#include <string_view>

namespace leumund::wire {

// Runs of code points, in the form that tools/make_lookalikes.py explains.
extern const std::string_view lookalike_runs;

}  // namespace leumund::wire
