// The frame of pages that are read on a screen and printed: no script, nothing from elsewhere.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "config/settings.h"

namespace leumund::face {

// From <!DOCTYPE> to the open <body>; `title` is escaped here.
[[nodiscard]] std::string print_page_head(config::Language language, std::string_view title);

}  // namespace leumund::face
