#include "net/event_loop.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <limits>
#include <semaphore>

#include "base/check.h"
#include "base/log.h"

namespace leumund::net {
namespace {

constexpr std::size_t batch_max = 256;

// Thread boundary: whatever a library throws ends only the piece of work that threw.
template <typename Work>
void guarded_call(const char* what, Work&& work) {
  try {
    work();
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "event=loop_exception in={} what=\"{}\"", what, error.what());
  } catch (...) {
    base::log(base::LogLevel::error, "event=loop_exception in={} what=unknown", what);
  }
}

}  // namespace

base::Result<std::unique_ptr<EventLoop>> EventLoop::open() {
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};  // no Ready: the wake-up call
  if (!epoll.open() || !wake.open() ||
      epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return base::Error{base::ErrorCode::unavailable,
                       fmt::format("cannot make an event loop: {}", std::strerror(errno))};
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wake)));
}

EventLoop::EventLoop(Descriptor epoll, Descriptor wake)
    : epoll_(std::move(epoll)), wake_(std::move(wake)), woke_at_(Clock::now()) {}

EventLoop::~EventLoop() { stop(); }

void EventLoop::start(const std::string& thread_name) {
  CHECK(!thread_.joinable());
  // Running from here on, so that call() from this thread waits for the loop instead of racing it.
  posted_.with([](Posted& posted) { posted.phase = Phase::running; });
  thread_ = std::jthread([this, thread_name](std::stop_token stop) {
    pthread_setname_np(pthread_self(), thread_name.substr(0, 15).c_str());
    run(std::move(stop));
  });
}

void EventLoop::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void EventLoop::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);  // full means that a wake-up is already pending
}

bool EventLoop::enqueue(Work work, std::size_t most) {
  const bool taken = posted_.with([&](Posted& posted) {
    if (posted.phase == Phase::finished || posted.work.size() >= most) return false;
    posted.work.push_back(std::move(work));
    return true;
  });
  if (taken) wake();
  return taken;
}

bool EventLoop::post(Work work) { return enqueue(std::move(work), posts_max); }

void EventLoop::call(const Work& work) {
  const bool elsewhere = !on_loop_thread() && posted_.with([](const Posted& posted) {
    return posted.phase == Phase::running;
  });
  std::binary_semaphore done(0);
  const auto work_and_tell = [&] {
    guarded_call("call", work);
    done.release();
  };
  // No limit here: the caller waits, so each thread adds one at most.
  if (elsewhere && enqueue(work_and_tell, std::numeric_limits<std::size_t>::max())) {
    done.acquire();
    return;
  }
  guarded_call("call", work);
}

EventLoop::TimerId EventLoop::after(std::chrono::milliseconds span, Work work) {
  const TimerId timer{Clock::now() + span, ++timers_made_};
  timers_.emplace(timer, std::move(work));
  return timer;
}

void EventLoop::cancel(const TimerId& timer) { timers_.erase(timer); }

base::Status EventLoop::watch(int fd, std::uint32_t events, Ready& ready) {
  epoll_event event{.events = events, .data = {.ptr = &ready}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return base::Error{base::ErrorCode::exhausted,
                     fmt::format("cannot watch one more socket: {}", std::strerror(errno))};
}

void EventLoop::change(int fd, std::uint32_t events, Ready& ready) {
  epoll_event event{.events = events, .data = {.ptr = &ready}};
  CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void EventLoop::forget(int fd, Ready& ready) {
  CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0);
  // It may stand further down in the batch that is being delivered, and is about to be destroyed.
  for (epoll_event& event : undelivered_) {
    if (event.data.ptr == &ready) event.events = 0;
  }
}

void EventLoop::dispatch(std::span<epoll_event> batch) {
  undelivered_ = batch;
  while (!undelivered_.empty()) {
    const epoll_event event = undelivered_.front();
    undelivered_ = undelivered_.subspan(1);
    if (event.events == 0) continue;
    if (event.data.ptr == nullptr) {
      std::uint64_t count = 0;
      (void)!::read(wake_.get(), &count, sizeof count);
    } else {
      guarded_call("on_ready",
                   [&] { static_cast<Ready*>(event.data.ptr)->on_ready(event.events); });
    }
  }
}

void EventLoop::run_posted(Phase next) {
  std::vector<Work> work;
  posted_.with([&](Posted& posted) {
    work.swap(posted.work);
    posted.phase = next;
  });
  for (const Work& one : work) guarded_call("post", one);
}

void EventLoop::run_timers() {
  const Clock::time_point now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.due <= now) {
    const Work work = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    guarded_call("timer", work);
  }
}

int EventLoop::wait_milliseconds() const {
  if (timers_.empty()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.due - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void EventLoop::run(std::stop_token stop) {
  thread_id_ = std::this_thread::get_id();
  const std::stop_callback wake_up(stop, [this] { wake(); });
  std::array<epoll_event, batch_max> events{};
  while (!stop.stop_requested()) {
    run_posted(Phase::running);
    const int ready = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 wait_milliseconds());
    CHECK(ready >= 0 || errno == EINTR);
    woke_at_ = Clock::now();
    if (ready > 0) dispatch(std::span(events).first(static_cast<std::size_t>(ready)));
    run_timers();
  }
  run_posted(Phase::finished);
  thread_id_ = std::thread::id{};
}

}  // namespace leumund::net
