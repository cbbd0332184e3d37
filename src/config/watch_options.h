// The rows of the option table about watching ourselves on DNS lists.
#pragma once

#include <vector>

#include "config/option_table.h"

namespace leumund::config {

void add_watch(std::vector<Option>& table);

}  // namespace leumund::config
