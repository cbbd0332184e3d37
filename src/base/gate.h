// A passage that one thread at a time holds, across calls: for work that spans several callbacks
// and during which another thread must not look.
//
// Threads: any; a Pass is given back by the thread that took it.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

namespace leumund::base {

class Gate {
 public:
  using Pass = std::unique_lock<std::timed_mutex>;

  // Waits until the gate is free.
  [[nodiscard]] Pass enter() { return Pass(mutex_); }
  // Nothing when it is not free within `patience`.
  [[nodiscard]] std::optional<Pass> try_enter(std::chrono::milliseconds patience) {
    Pass pass(mutex_, patience);
    if (!pass.owns_lock()) return std::nullopt;
    return pass;
  }

 private:
  std::timed_mutex mutex_;
};

}  // namespace leumund::base
