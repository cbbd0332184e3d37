// Waits for sockets, timers and posted work on one thread, and calls who is concerned.
//
// Flow:    epoll -> Ready::on_ready; timers and posted work in between.
// Time:    timers run on the steady clock; woke_at() is when the current batch began.
// Limits:  256 ready sockets are served before timers and posted work get their turn; at most
//          `posts_max` pieces of work wait, then post() answers false.
// Threads: post(), call() and stop() from any; everything else on the loop's thread, or while the
//          loop does not run. on_ready, timers and work must not block.
// Errors:  an exception that reaches the loop is logged as an error and ends only that call.
#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "net/descriptor.h"

struct epoll_event;

namespace leumund::net {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Work = std::function<void()>;
  static constexpr std::size_t posts_max = 100'000;

  // Somebody who owns a watched socket. May end itself in on_ready, after forget().
  class Ready {
   public:
    virtual void on_ready(std::uint32_t events) = 0;

   protected:
    ~Ready() = default;
  };

  struct TimerId {
    Clock::time_point due;
    std::uint64_t number = 0;
    auto operator<=>(const TimerId&) const = default;
  };

  [[nodiscard]] static base::Result<std::unique_ptr<EventLoop>> open();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs the loop on a thread of its own with this name (at most 15 bytes), until stop().
  void start(const std::string& thread_name);
  // Ends run() after the current batch and the work posted so far, and waits for the thread of
  // start(). Further work is refused by post() and done by the caller's thread in call().
  void stop();
  // Runs the loop here until `stop` is requested.
  void run(std::stop_token stop);

  [[nodiscard]] bool post(Work work);
  // Does the work on the loop's thread and waits for it; here, if the loop does not run.
  void call(const Work& work);

  TimerId after(std::chrono::milliseconds span, Work work);
  void cancel(const TimerId& timer);

  // Events are EPOLLIN, EPOLLOUT, level triggered. `ready` must stay until forget().
  [[nodiscard]] base::Status watch(int fd, std::uint32_t events, Ready& ready);
  void change(int fd, std::uint32_t events, Ready& ready);
  void forget(int fd, Ready& ready);

  [[nodiscard]] Clock::time_point woke_at() const { return woke_at_; }
  [[nodiscard]] bool on_loop_thread() const {
    return thread_id_.load() == std::this_thread::get_id();
  }

 private:
  enum class Phase : std::uint8_t { idle, running, finished };
  struct Posted {
    std::vector<Work> work;
    Phase phase = Phase::idle;
  };

  EventLoop(Descriptor epoll, Descriptor wake);
  [[nodiscard]] bool enqueue(Work work, std::size_t most);
  void wake() const;
  void run_posted(Phase next);
  void run_timers();
  void dispatch(std::span<epoll_event> batch);
  [[nodiscard]] int wait_milliseconds() const;

  Descriptor epoll_;
  Descriptor wake_;
  base::Guarded<Posted> posted_;
  std::map<TimerId, Work> timers_;
  std::uint64_t timers_made_ = 0;
  Clock::time_point woke_at_;
  std::span<epoll_event> undelivered_;  // of the current batch
  std::atomic<std::thread::id> thread_id_;
  std::jthread thread_;
};

}  // namespace leumund::net
