// The word somebody meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::apps {

// The known word with the fewest slips (a letter too many, missing, wrong, or two swapped), if
// there are at most a third of its letters; nothing for words over 40 bytes.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& known);

}  // namespace leumund::apps
