// Runs another program: no shell, a fixed small environment, a time limit, bounded output.
//
// Time:    ended with SIGKILL, with all it started, after `patience`, or when `stop` is requested.
// Limits:  output beyond `output_bytes_max` is read and dropped; `cut` tells.
// Threads: any; blocks until the program has ended.
// Errors:  unavailable (cannot be started), timed_out. A non-zero exit status is a result.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace leumund::action {

struct Command {
  std::vector<std::string> arguments;  // the first is the program's absolute path
  std::string_view input = {};
  std::chrono::milliseconds patience{30'000};
  std::size_t output_bytes_max = 1 << 20;
  std::stop_token stop = {};
};

struct CommandResult {
  int exit_status = 0;  // 128 + number for one ended by a signal, as a shell says it
  std::string output;
  std::string complaints;  // standard error
  bool cut = false;
};

[[nodiscard]] base::Result<CommandResult> run_command(const Command& command);

}  // namespace leumund::action
