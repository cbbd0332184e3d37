// A whole file or standard input, up to a limit.
//
// Errors:  every one names the file; too_large tells the limit.
#pragma once

#include <iosfwd>
#include <string>

#include "base/result.h"

namespace leumund::apps {

// "-" is standard input.
[[nodiscard]] base::Result<std::string> read_input(const std::string& name, std::size_t limit);
[[nodiscard]] base::Result<std::string> read_stream(std::istream& in, const std::string& name,
                                                    std::size_t limit);

}  // namespace leumund::apps
