// Sets, changes or takes out one override in the text of master.cf and leaves every other byte.
//
// `postconf -P` would do it too, but it lays out the whole entry anew, moves the admin's comments
// to other entries and refuses values with white space.
//
// Threads: any; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leumund::face {

[[nodiscard]] bool has_white_space(std::string_view value);

// The text in which that service ("127.0.0.1:587/inet") overrides the parameter by `value` instead
// of `now`; without a value it does not override it. Nothing comes back when the text is not as
// `now` says, so that nobody else's change is lost.
[[nodiscard]] std::optional<std::string> set_override(std::string_view text,
                                                      std::string_view service,
                                                      std::string_view parameter,
                                                      const std::optional<std::string>& now,
                                                      const std::optional<std::string>& value);

// The same for a whole entry of one line, which is added at the end.
[[nodiscard]] std::optional<std::string> set_entry(std::string_view text, std::string_view service,
                                                   const std::optional<std::string>& value);

}  // namespace leumund::face
