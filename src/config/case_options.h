// The options of tables [cases] and [letters], and of what is told to others while a provider
// refuses us: public.status and [customers].
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"
#include "config/settings.h"

namespace leumund::config {

// When an ended case is looked at again, counted from its end.
[[nodiscard]] std::vector<std::chrono::seconds> case_reviews(const RunSettings& settings);

// "verein.example=vorstand@verein.example": a domain, and who is told of its accounts' mail.
[[nodiscard]] base::Result<std::pair<std::string, std::string>> parse_customer_domain(
    std::string_view text);

void add_case_options(std::vector<Option>& table);
void add_outage_options(std::vector<Option>& table);

}  // namespace leumund::config
