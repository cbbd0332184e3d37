// What DNS lists said of clients a short while ago: their mail is marked by it without asking anew.
//
// Time:    passed in.
// Limits:  `most` clients; who was noted longest ago is forgotten first.
// Threads: any.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "base/ip_address.h"
#include "net/event_loop.h"

namespace leumund::intake {

class ScreenMarks {
 public:
  using Moment = net::EventLoop::Clock::time_point;
  static constexpr std::size_t most = 10'000;

  // `header` is "" where no list had anything to say.
  void note(const base::IpAddress& client, std::string header, Moment good_until);
  [[nodiscard]] std::optional<std::string> find(const base::IpAddress& client, Moment now) const;

 private:
  struct Mark {
    std::string header;
    Moment good_until;
    std::uint64_t number = 0;
  };
  struct State {
    std::map<base::IpAddress, Mark> marks;
    std::deque<std::pair<base::IpAddress, std::uint64_t>> order;
    std::uint64_t last = 0;
  };

  base::Guarded<State> state_;
};

}  // namespace leumund::intake
