// Data that can be reached only under its lock, and snapshots that are replaced whole.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace leumund::base {

// Owns a value and the mutex that guards it; the value is reached through `with` or a Locked.
//
// Threads: any. Never do I/O under the lock, never take two of one kind at once.
template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  // Calls `work(value)` under the lock and returns what it returns.
  template <typename Work>
  decltype(auto) with(Work&& work) {
    const std::lock_guard lock(mutex_);
    return std::forward<Work>(work)(value_);
  }
  template <typename Work>
  decltype(auto) with(Work&& work) const {
    const std::lock_guard lock(mutex_);
    return std::forward<Work>(work)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

// A snapshot that readers take whole and a writer replaces whole.
//
// Threads: any. (std::atomic<shared_ptr> is reported as a race by ThreadSanitizer with GCC 12.)
template <typename T>
class Published {
 public:
  Published() = default;
  explicit Published(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  [[nodiscard]] std::shared_ptr<const T> read() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void publish(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace leumund::base
