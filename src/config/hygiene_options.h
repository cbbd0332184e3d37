// The rows of table `hygiene`: what is known of our ways out, and how often they are looked at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"

namespace leumund::config {

// "example.org s2026 s2027": a domain and the selectors of its DKIM keys.
struct DkimSelectors {
  std::string domain;
  std::vector<std::string> selectors;
};
[[nodiscard]] base::Result<DkimSelectors> parse_dkim_selectors(std::string_view text);

void add_hygiene_options(std::vector<Option>& table);

}  // namespace leumund::config
