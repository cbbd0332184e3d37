// The log: one line per fact, key=value, five levels with fixed meaning.
//
//   debug  for whoever hunts a fault      warn   will heal by itself
//   info   a fact worth keeping           error  needs a person
//   fatal  we stop
//
// Threads: any. The sink is the only global of the program; before open_log() lines go to stderr.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace leumund::base {

enum class LogLevel { debug, info, warn, error, fatal };

// Writes one line; control characters in it are escaped, over 4 KiB it is cut.
void log_line(LogLevel level, std::string_view line);

// Lines below `level` are dropped from now on.
void set_log_level(LogLevel level);
[[nodiscard]] bool log_enabled(LogLevel level);

template <typename... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace leumund::base
