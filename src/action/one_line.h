// Text from outside as one line that fits a log, a file or a journal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace leumund::action {

// The first `bytes_max` bytes, cut between UTF-8 characters, control characters as spaces.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t bytes_max);

}  // namespace leumund::action
