// What stands on DNS lists, as JSON.
#pragma once

#include <string>
#include <vector>

#include "model/listing.h"

namespace leumund::face {

[[nodiscard]] std::string listing_json(const model::Listing& listing);
[[nodiscard]] std::string list_fault_json(const model::ListFault& fault);
[[nodiscard]] std::string watch_report_json(const model::WatchReport& report);
[[nodiscard]] std::string lookup_json(const std::string& subject,
                                      const std::vector<model::ListSaid>& rows);

}  // namespace leumund::face
