// The options of tables [cases] and [letters], and of what is told to others while a provider
// refuses us: public.status and [customers].
#pragma once

#include <chrono>
#include <vector>

#include "config/option_table.h"
#include "config/settings.h"

namespace leumund::config {

// When an ended case is looked at again, counted from its end.
[[nodiscard]] std::vector<std::chrono::seconds> case_reviews(const RunSettings& settings);

void add_case_options(std::vector<Option>& table);
void add_outage_options(std::vector<Option>& table);

}  // namespace leumund::config
