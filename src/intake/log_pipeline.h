// The steps that file and journal share: take a line apart, date it, join it.
//
// Flow:    line or journal entry -> LogPipeline -> LogReceiver.
// Threads: none of its own and no lock; the reader that owns it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "intake/log_clock.h"
#include "intake/log_correlator.h"
#include "intake/log_receiver.h"

namespace leumund::intake {

class LogPipeline {
 public:
  LogPipeline(CorrelatorSettings settings, std::optional<std::chrono::seconds> utc_offset);
  LogPipeline(const LogPipeline&) = delete;
  LogPipeline& operator=(const LogPipeline&) = delete;

  // Events go to `receiver` from now on; nullptr: nowhere, the lines are only remembered.
  void set_receiver(LogReceiver* receiver) { receiver_ = receiver; }
  void set_reference(base::TimePoint reference) { clock_.set_reference(reference); }

  void take_line(std::string_view line, base::TimePoint received_at);
  void take_entry(std::string_view tag, std::uint32_t pid, std::string_view host,
                  std::string_view message, base::TimePoint at, base::TimePoint received_at);
  void settle(base::TimePoint received_at);

  // From now on lines that are not later than this are only remembered.
  void skip_until(base::TimePoint at) { skip_until_ = at; }

  [[nodiscard]] base::TimePoint latest() const { return latest_; }
  [[nodiscard]] bool waiting() const { return correlator_.waiting(); }
  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  // Fills the parts of a status that are known here.
  void describe(LogStatus& status) const;

 private:
  void keep_sample(std::string_view line);

  LogReceiver* receiver_ = nullptr;
  std::optional<base::TimePoint> skip_until_;
  LogClock clock_;
  LogCorrelator correlator_;
  wire::PostfixLogLine line_;
  base::TimePoint latest_;
  std::uint64_t lines_ = 0;
  bool silent_ = false;
  std::deque<std::string> samples_;
};

}  // namespace leumund::intake
