// For the tests of LogCorrelator: feeds it lines and keeps what it tells as text.
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "intake/log_clock.h"
#include "intake/log_correlator.h"
#include "intake/log_events_as_text.h"

namespace leumund::intake::log_test {

inline CorrelatorSettings settings_of_tests() {
  CorrelatorSettings settings;
  settings.own_hosts = {"mx"};
  return settings;
}

// Feeds lines and keeps the events as text.
class Reader {
 public:
  explicit Reader(CorrelatorSettings settings = settings_of_tests())
      : clock_(std::chrono::seconds(0)),
        correlator_(std::move(settings), [this](const model::MailEvent& event) {
          events.push_back(log_test::text_of(event));
        }) {
    clock_.set_reference(base::parse_rfc3339("2026-11-01T00:00:00Z").value());
  }

  // Lines without stamp and host, one second apart from `second` on unless they begin with "@N ".
  Reader& read(std::initializer_list<std::string_view> lines) {
    for (std::string_view line : lines) {
      if (line.starts_with('@')) {
        const std::size_t space = line.find(' ');
        second_ = std::stoi(std::string(line.substr(1, space)));
        line.remove_prefix(space + 1);
      }
      feed(fmt::format("Oct 13 16:{:02}:{:02} mx {}", second_ / 60, second_ % 60, line));
    }
    return *this;
  }
  void feed(const std::string& line) {
    wire::PostfixLogLine parsed;
    wire::parse_postfix_log_line(line, parsed);
    correlator_.feed(parsed, clock_.resolve(parsed.stamp), base::TimePoint());
  }
  std::vector<std::string> settled() {
    correlator_.settle(base::TimePoint());
    return std::exchange(events, {});
  }
  LogCorrelator& correlator() { return correlator_; }

  std::vector<std::string> events;

 private:
  int second_ = 0;
  LogClock clock_;
  LogCorrelator correlator_;
};

}  // namespace leumund::intake::log_test
