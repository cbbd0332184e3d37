// What the stamps of log lines mean: the year they leave out, and the zone they are written in.
//
// Time:    a stamp without a year is the latest such day that is not more than a day after the
//          reference: the file's last change when an old file is read, the present when following.
//          A stamp without an offset is in the zone given, else in that of this process (TZ); in
//          the hour that comes twice, the later reading that is not after the reference.
// Limits:  log files older than a year read as if they were of the last one.
// Threads: one caller. The process's zone is read through the C library.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "wire/postfix_log_line.h"

namespace leumund::intake {

class LogClock {
 public:
  // Nothing: the zone of this process.
  explicit LogClock(std::optional<std::chrono::seconds> utc_offset = std::nullopt);

  void set_reference(base::TimePoint reference);

  // The point in time of a stamp; that of the stamp before if it is no stamp or no day.
  [[nodiscard]] base::TimePoint resolve(const wire::LogStamp& stamp);

 private:
  [[nodiscard]] std::optional<std::chrono::sys_days> day_of(const wire::LogStamp& stamp);
  // The offsets of the earlier and of the later reading of a local time, nearly always the same.
  struct Offsets {
    std::chrono::seconds earlier{0};
    std::chrono::seconds later{0};
  };
  [[nodiscard]] Offsets offsets_at(std::int64_t local_seconds);

  std::optional<std::chrono::seconds> utc_offset_;
  base::TimePoint reference_;
  std::chrono::sys_days latest_day_;  // that a stamp without a year may mean
  base::TimePoint last_;
  // The last day worked out, by year, month and day as written.
  std::uint32_t cached_date_ = 0;
  std::chrono::sys_days cached_day_;
  // The zone's offsets in the last quarter of an hour worked out: zones change at such.
  std::int64_t cached_quarter_ = INT64_MIN;
  Offsets cached_offsets_;
};

}  // namespace leumund::intake
