// Makes the files that Postfix will read from us before it is told of them: without a table it
// answers 451 to everybody.
//
// Rights:  root makes them with those of the first user on the way to the folder who is not root.
// Errors:  name the file; also when sendmail's callers could not read the list of users.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"

namespace leumund::face {

// Makes what is missing (an existing table stays: the daemon keeps it) and returns its names.
[[nodiscard]] base::Result<std::vector<std::string>> make_missing_tables(
    const std::string& postfix_folder, const config::Settings& settings, bool dry_run);

// Everybody must be able to go through the folders and read: sendmail runs as whoever calls it.
[[nodiscard]] base::Status check_readable_by_all(const std::string& path);

// A program of Postfix by its absolute path. Errors: unavailable.
[[nodiscard]] base::Result<std::string> postfix_program(const std::string& name);

}  // namespace leumund::face
