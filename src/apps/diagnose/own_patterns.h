// The registries with an operator's own pattern file on top (option diagnosis.patterns).
//
// Limits:  a file of diagnosis::max_registry_bytes.
// Errors:  the file, the line and the reason; a wrong file is taken in no part.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "diagnosis/reader.h"

namespace leumund::apps {

// `path` may be "": only what is shipped.
base::Result<std::shared_ptr<const diagnosis::Reader>> open_patterns(const std::string& path);

// Everything that is wrong with the file, also what only a look at its samples shows.
std::vector<std::string> pattern_problems(const std::string& path);

}  // namespace leumund::apps
