// What an earlier `connect postfix` put into a list of Postfix's, whatever its folder, table type
// or address: of that connect we may have no record, because it ran with another state folder.
//
// Threads: any; pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leumund::face {

// Whole elements in their order, such as "check_sasl_access cdb:/old/suspended_accounts". Means
// something only where main.cf defines our restriction classes.
[[nodiscard]] std::vector<std::string> earlier_elements(std::string_view value);

}  // namespace leumund::face
