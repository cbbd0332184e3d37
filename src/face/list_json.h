// The lists of our own as JSON: for the command, and for anybody at /v1/bl.
#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "face/list_control.h"

namespace leumund::face {

[[nodiscard]] std::string list_report_json(const ListReport& report);
// `all`: also what is not for the public: reasons and names of people.
// `asked` is an address or a network.
[[nodiscard]] std::string list_why_json(const std::string& asked, const std::vector<ListWhy>& lists,
                                        bool all);
[[nodiscard]] std::string name_why_json(const std::string& name, const std::vector<NameWhy>& lists,
                                        bool all);
[[nodiscard]] std::string reports_taken_json(const ReportsTaken& taken);

}  // namespace leumund::face
