// A line of comma separated values (RFC 4180), quoted fields included.
//
// Limits:  64 fields; a quoted field ends with its line.
// Threads: pure. Errors: nothing for a quote that does not end, or too many fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::wire {

// Fields without the spaces around them.
[[nodiscard]] std::optional<std::vector<std::string>> split_csv(std::string_view line);

}  // namespace leumund::wire
