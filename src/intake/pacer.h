// So many a second and no more, however late the caller comes.
//
// Time:    passed in, of a clock that never goes back. Threads: none of its own and no lock.
#pragma once

#include <algorithm>
#include <chrono>

namespace leumund::intake {

class Pacer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `per_second` 0: no bound. What a tenth of a second allows may go at once.
  Pacer(double per_second, Time now) : rate_(per_second), room_(burst()), at_(now) {}

  // True: one may go, and is counted.
  bool take(Time now) {
    if (rate_ <= 0) return true;
    refill(now);
    if (room_ < 1) return false;
    room_ -= 1;
    return true;
  }
  void give_back() { room_ += 1; }
  // How long until take() says yes.
  [[nodiscard]] std::chrono::microseconds wait() const {
    if (rate_ <= 0 || room_ >= 1) return std::chrono::microseconds(0);
    return std::chrono::microseconds(static_cast<std::int64_t>((1 - room_) / rate_ * 1e6) + 1);
  }

 private:
  [[nodiscard]] double burst() const { return std::max(1.0, rate_ / 10); }
  void refill(Time now) {
    room_ = std::min(burst(), room_ + rate_ * std::chrono::duration<double>(now - at_).count());
    at_ = now;
  }

  double rate_;
  double room_;
  Time at_;
};

}  // namespace leumund::intake
