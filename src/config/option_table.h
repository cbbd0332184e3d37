// Every option once: name, type, unit, bounds, default, whether a reload takes it up, one sentence.
//
// Flow:    option table -> load.h (sets and checks) -> `config show` -> docs/reference/options.md.
// Threads: the table is built once and never changes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/settings.h"

namespace leumund::config {

// A value as a configuration file can spell it.
using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

// As TOML spells it.
[[nodiscard]] std::string format_value(const Value& value);

// What ${state} and ${run} stand for in paths.
struct Folders {
  std::string state;
  std::string run;
};

struct Option {
  std::string name;    // "detectors.burst.mode"
  std::string type;    // "span of time"
  std::string bounds;  // "1s to 1h", "observe, enforce"; "" where the type says all
  Value default_value;
  bool reloadable = false;
  std::string sentence;
  // Checks and sets; the error names the bounds, not the option.
  std::function<base::Status(Settings&, const Value&)> set;
  // The value in force.
  std::function<Value(const Settings&)> get;
  // Puts folders in place of ${state} and ${run}; empty where the option holds no path.
  std::function<void(Settings&, const Folders&)> expand;
};

// Sorted as the reference shows them: by topic.
[[nodiscard]] const std::vector<Option>& option_table();
[[nodiscard]] const Option* find_option(std::string_view name);

// The known name with the fewest changed letters; "" when none is near.
[[nodiscard]] std::string nearest_option(std::string_view name);

}  // namespace leumund::config
