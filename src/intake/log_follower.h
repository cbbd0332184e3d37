// Follows a mail log file as syslog daemons write and logrotate moves it.
//
// Flow:    file -> LogLines -> LogPipeline -> LogReceiver.
// Time:    `now` is passed to poll(); run() reads the clock. Without a notification from the
//          kernel: five looks a second cost nothing and read a busy log in batches.
// Limits:  1 MiB buffer, lines cut at 64 KiB. After a start up to `context_bytes` before the
//          position are read again without telling, so that messages in flight are known.
// Threads: poll() and run() on one thread ("follow"); status() on any.
// Errors:  none ends the following: a missing or unreadable file, or a folder in its place, stands
//          in status() and in the log once, and is tried again at every poll.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "intake/log_lines.h"
#include "intake/log_pipeline.h"
#include "intake/log_position.h"
#include "intake/log_receiver.h"
#include "intake/log_rotation.h"

namespace leumund::intake {

// Where to begin when there is no position from an earlier run.
enum class LogStart : std::uint8_t {
  end,         // what is written from now on
  everything,  // from the oldest rotated file on
};

struct LogFollowerSettings {
  std::string path;
  LogStart start = LogStart::end;
  std::chrono::milliseconds poll_span{200};
  std::uint64_t context_bytes = 8ULL << 20;
  std::optional<std::chrono::seconds> utc_offset;  // of stamps without one; nothing: as TZ says
  CorrelatorSettings correlator;
};

class LogFollower {
 public:
  // `position` is what on_position() gave last, "" without one; one that is none is an error.
  [[nodiscard]] static base::Result<std::unique_ptr<LogFollower>> open(LogFollowerSettings settings,
                                                                       std::string_view position);
  ~LogFollower();

  // Reads what there is. Ends early, between two positions, when `stop` is requested.
  void poll(LogReceiver& receiver, base::TimePoint now, const std::stop_token& stop = {});

  // Polls until `stop` is requested.
  void run(const std::stop_token& stop, LogReceiver& receiver);

  [[nodiscard]] LogStatus status() const;

 private:
  LogFollower(LogFollowerSettings settings, std::optional<LogPosition> position);

  // At the start: finds the place to go on from and reads what lies between.
  void begin();
  void begin_without_position();
  void begin_at_position();
  void begin_after_loss();
  void remember_before(const std::vector<RotatedFile>& older, std::uint64_t offset);
  void remember_older(std::span<const RotatedFile> files, std::uint64_t have);
  [[nodiscard]] bool is_at(const RotatedFile& file, const LogPosition& position) const;
  [[nodiscard]] std::size_t find_position(const std::vector<RotatedFile>& files,
                                          const LogPosition& position) const;

  // The current file.
  [[nodiscard]] bool open_current();
  void take_over(int fd);
  void close_current();
  void follow_current();
  void read_current(std::uint64_t until);
  void check_truncated();
  void check_rotated();
  void leave_current();
  void read_copy_of_truncated();

  // A file that is not written any more, from `offset` on: told up to its end, where a last line
  // without line end counts, or only remembered up to `until`.
  void tell_file(const RotatedFile& file, std::uint64_t offset,
                 std::optional<std::uint64_t> settled_at);
  void remember_file(const RotatedFile& file, std::uint64_t offset, std::uint64_t until);
  void tell_files(const std::vector<RotatedFile>& files, std::size_t first);
  void set_telling(bool telling);
  void take(std::string_view bytes);
  void tell_position();
  void note_head();
  void set_problem(std::string problem);
  void publish_status();
  [[nodiscard]] bool stopping() const { return stop_.stop_requested(); }

  LogFollowerSettings settings_;
  LogPipeline pipeline_;
  LogLines lines_;
  LogStatus counts_;  // of what is known here
  std::optional<LogPosition> resume_;
  bool begun_ = false;
  bool in_old_file_ = false;  // here_ is not of the current file

  int fd_ = -1;
  LogPosition here_;               // of the file being read; offset and stamp are set when told
  std::uint64_t read_offset_ = 0;  // of the next byte to read
  std::uint64_t seen_size_ = 0;
  base::TimePoint rotated_since_;  // when another file was first seen under the path
  bool rotation_seen_ = false;
  base::TimePoint active_at_;  // when bytes were last read
  std::string told_;           // the position told last
  std::vector<char> buffer_;

  // Of the poll at hand.
  LogReceiver* receiver_ = nullptr;
  bool telling_ = false;
  base::TimePoint now_;
  std::stop_token stop_;

  base::Guarded<LogStatus> status_;
};

}  // namespace leumund::intake
