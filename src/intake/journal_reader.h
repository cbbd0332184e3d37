// Reads Postfix and Dovecot lines from the systemd journal, for systems without a mail log file.
//
// Flow:    journal -> JournalReader -> LogPipeline -> LogReceiver; the position is the cursor.
// Time:    the journal's own stamps, in UTC; `now` is passed to poll(), run() reads the clock.
// Limits:  entries are cut at 64 KiB; after a start up to `context_entries` before the position are
//          read again without telling.
// Threads: poll() and run() on one thread ("follow"); status() on any.
// Errors:  open() says why a journal cannot be read at all; later trouble stands in status().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "intake/log_follower.h"
#include "intake/log_pipeline.h"
#include "intake/log_receiver.h"

struct sd_journal;

namespace leumund::intake {

struct JournalReaderSettings {
  std::string folder;  // "": the journal of this system
  // Which entries are looked at; "" is all. Postfix logs to the mail facility.
  std::string match = "SYSLOG_FACILITY=2";
  LogStart start = LogStart::end;
  std::chrono::milliseconds poll_span{200};
  std::uint64_t context_entries = 50'000;
  CorrelatorSettings correlator;
};

class JournalReader {
 public:
  // `position` is what on_position() gave last, "" without one.
  [[nodiscard]] static base::Result<std::unique_ptr<JournalReader>> open(
      JournalReaderSettings settings, std::string_view position);
  ~JournalReader();

  void poll(LogReceiver& receiver, base::TimePoint now, const std::stop_token& stop = {});
  void run(const std::stop_token& stop, LogReceiver& receiver);
  [[nodiscard]] LogStatus status() const;

 private:
  JournalReader(JournalReaderSettings settings, sd_journal* journal);

  void begin();
  void begin_at_cursor();
  void remember_before_here();
  void settle_if_here();
  void take_entry(base::TimePoint now);
  void tell_position();
  void set_problem(const char* doing, int error);
  [[nodiscard]] std::optional<std::string_view> field(const char* name) const;

  JournalReaderSettings settings_;
  sd_journal* journal_;
  LogPipeline pipeline_;
  LogStatus counts_;
  std::string cursor_;          // to go on behind; "" none
  std::string settled_cursor_;  // of the entry after which all that waited was told; "" none
  bool begun_ = false;
  bool pending_entry_ = false;  // the journal stands on an entry that was not taken yet
  base::TimePoint active_at_;
  base::TimePoint now_;
  std::string told_;
  LogReceiver* receiver_ = nullptr;
  base::Guarded<LogStatus> status_;
};

}  // namespace leumund::intake
