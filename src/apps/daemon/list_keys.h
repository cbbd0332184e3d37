// Files of the operator about DNS lists: small, and read whole at the start.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace leumund::apps {

// The error names the file.
[[nodiscard]] base::Result<std::string> read_list_file(const std::string& path,
                                                       std::size_t bytes_max = 1U << 20);

// The account keys of `watch.keys_file`, by list or family; none where there is no file. What is
// wrong with it is added to `problems`.
[[nodiscard]] std::map<std::string, std::string> list_keys(const std::string& path,
                                                           std::vector<std::string>& problems);

}  // namespace leumund::apps
