// A line of log that a broken client would repeat without end: one in ten seconds tells enough, the
// counters tell the rest.
//
// Time:    passed in, of a clock that never goes back. Threads: none of its own and no lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/log.h"

namespace leumund::intake {

class RareLine {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds every{10};

  // `service`: what the lines left out are counted for, "policy".
  explicit RareLine(std::string service) : service_(std::move(service)) {}

  // True: write it. Before it, how many were left out is said.
  [[nodiscard]] bool may_be_written(Time now) {
    if (written_at_ && now - *written_at_ < every) {
      ++left_out_;
      return false;
    }
    if (left_out_ > 0) {
      base::log(base::LogLevel::warn, "event={}_log_suppressed lines={}", service_, left_out_);
    }
    left_out_ = 0;
    written_at_ = now;
    return true;
  }

 private:
  std::string service_;
  std::optional<Time> written_at_;
  std::uint64_t left_out_ = 0;
};

}  // namespace leumund::intake
