// What is wrong with a source of the registry although it compiles: patterns without a sample or
// that do not read it, meanings that never win, replies hidden behind earlier ones, codes found
// inside longer ones.
//
// Flow:    Reader (compiled with the source) -> check_registry -> sentences for `config check` and
//          for the test of the shipped registry.
// Time:    one diagnosis per sample of the source, about 5 microseconds each.
// Threads: a pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/reader.h"

namespace leumund::diagnosis {

// Problems of the tables that stand in `source` (its name as given to the reader), each as
// "FILE:LINE: ...", in the order of the registry; empty if there are none.
[[nodiscard]] std::vector<std::string> check_registry(const Reader& reader,
                                                      std::string_view source);

}  // namespace leumund::diagnosis
