// Reads leumund.toml into Settings, or says everything that is wrong with it.
//
// Flow:    file -> load_text -> option table -> Settings (with folders put in) -> daemon, `config`.
// Limits:  a file is at most 1 MiB, a list at most 10,000 entries, a text at most 4 KiB.
// Errors:  every problem is told, as "file:line: name = value: what was wanted"; a file with a
//          problem sets nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"
#include "config/settings.h"

namespace leumund::config {

constexpr std::string_view default_file = "/etc/leumund/leumund.toml";

struct Loaded {
  Settings settings;
  bool from_file = false;             // false: the embedded default
  std::vector<std::string> problems;  // empty: the settings may be used
};

// What runs without any file.
[[nodiscard]] Settings default_settings(const Surroundings& surroundings);

// `file` is for the messages only.
[[nodiscard]] Loaded load_text(std::string_view text, std::string_view file,
                               const Surroundings& surroundings);

// Reads `file`. A missing file is a problem only if `must_exist`; else the default runs.
[[nodiscard]] Loaded load_file(const std::string& file, bool must_exist,
                               const Surroundings& surroundings);

// The same as a Result: for a start or a reload, where the first problem is enough.
[[nodiscard]] base::Result<Settings> load_settings(const std::string& file, bool must_exist,
                                                   const Surroundings& surroundings);

// An option whose value differs, both as TOML spells them; "(hidden)" where a value may hold a
// secret.
struct OptionChange {
  std::string name;
  std::string before;
  std::string after;
  bool reloadable = false;  // false: taken up at the next start
};
[[nodiscard]] std::vector<OptionChange> changed_options(const Settings& running,
                                                        const Settings& wanted);

// The options as TOML lines with their values in force; `changed_only` leaves out what is default.
[[nodiscard]] std::string show_settings(const Settings& settings, const Surroundings& surroundings,
                                        bool changed_only);

// The text of docs/reference/options.md.
[[nodiscard]] std::string options_reference();

}  // namespace leumund::config
