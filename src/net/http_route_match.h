// Whether a path fits a route's pattern, and what stands at its placeholders.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace leumund::net {

// "/v1/subjects/{name}" against "/v1/subjects/a": name = "a". "{name...}" takes the rest of the
// path with its slashes, which must not be empty. Adds to `params` only when it fits.
[[nodiscard]] bool match_route(std::string_view pattern, std::string_view path,
                               std::map<std::string, std::string>& params);

}  // namespace leumund::net
