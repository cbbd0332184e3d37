// The character references of HTML that have names.
#pragma once

#include <cstdint>
#include <string_view>

namespace leumund::wire {

// The code point of "auml", a blank for "nbsp"; 0 for an unknown name. Case matters.
[[nodiscard]] std::uint32_t html_entity(std::string_view name);

}  // namespace leumund::wire
