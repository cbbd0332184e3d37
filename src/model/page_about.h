// A page of a list or a provider that is about one of our addresses or domains.
#pragma once

#include <string>
#include <string_view>

namespace leumund::model {

// `url` is a registry's, with {ip} or {domain} where `place` belongs. What stays open, also for
// want of a place, is left out with its query. Threads: pure.
[[nodiscard]] std::string page_about(std::string_view url, std::string_view place);

}  // namespace leumund::model
