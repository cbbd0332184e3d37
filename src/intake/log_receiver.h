// Who takes what a log reader finds; declared here because the readers call it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intake/log_correlator.h"
#include "model/mail_event.h"

namespace leumund::intake {

// Called on the reader's thread only.
class LogReceiver {
 public:
  virtual ~LogReceiver() = default;

  virtual void on_event(const model::MailEvent& event) = 0;

  // All events of the log before `position` were given. Whoever keeps the position in the same
  // transaction as what the events changed neither loses nor doubles one by a crash.
  virtual void on_position(const std::string& position) = 0;
};

// How the reading goes, for people and metrics.
struct LogStatus {
  std::string problem;  // why nothing can be read now, naming the file; "" when it can
  std::uint64_t lines = 0;
  std::uint64_t cut_lines = 0;  // longer than 64 KiB
  std::uint64_t rotations = 0;
  std::uint64_t truncations = 0;
  std::uint64_t positions_lost = 0;  // the file read at the last stop was not found again
  std::uint64_t files_skipped = 0;   // rotated files that could not be read
  std::int64_t latest_stamp = 0;     // Unix seconds
  CorrelatorCounters counters;
  std::vector<std::string> unknown_samples;  // the latest lines of kind `unknown`; hold addresses
};

}  // namespace leumund::intake
