// The rows of the option table about clients that bring mail, and DNS lists.
#pragma once

#include <string>
#include <vector>

#include "config/option_table.h"

namespace leumund::config {

void add_screening(std::vector<Option>& table);

// "screening.score_lists names the list psbl twice: ..."; "" where each stands once in its line.
[[nodiscard]] std::string check_lists_once(const Settings& settings);

}  // namespace leumund::config
