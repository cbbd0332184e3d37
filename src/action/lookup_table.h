// A table that Postfix looks keys up in, "cdb:/folder/name" or "lmdb:/folder/name", written whole
// and put in place by rename, so that nobody ever reads half of one.
//
// Time:    grows with the rows; `./dev bench detour_tables` prints what a million take.
// Limits:  a key of an lmdb table has at most 511 bytes; longer ones are left out.
// Threads: any.
// Errors:  name the path and the system's reason; the old table stays.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace leumund::action {

using TableRow = std::pair<std::string_view, std::string_view>;

[[nodiscard]] bool is_lookup_table(std::string_view name);
// The file behind the name; a name without a type is the path itself.
[[nodiscard]] std::string lookup_table_path(std::string_view name);
// The rows are sorted by key, each key once.
[[nodiscard]] base::Status write_lookup_table(const std::string& name,
                                              std::span<const TableRow> rows);

}  // namespace leumund::action
