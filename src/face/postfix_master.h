// Sets one override in the text of master.cf: for values with white space, which Postfix reads
// there but `postconf -P -e` refuses to write.
//
// Threads: any; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leumund::face {

[[nodiscard]] bool has_white_space(std::string_view value);

// The text with "-o PARAMETER=NOW" of that service ("127.0.0.1:587/inet") as
// "-o { PARAMETER = VALUE }"; nothing when it does not stand there exactly so, and exactly once.
[[nodiscard]] std::optional<std::string> set_spaced_override(std::string_view text,
                                                             std::string_view service,
                                                             std::string_view parameter,
                                                             std::string_view now,
                                                             std::string_view value);

}  // namespace leumund::face
