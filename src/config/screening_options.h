// The rows of the option table about clients that bring mail, and DNS lists.
#pragma once

#include <vector>

#include "config/option_table.h"

namespace leumund::config {

void add_screening(std::vector<Option>& table);

}  // namespace leumund::config
