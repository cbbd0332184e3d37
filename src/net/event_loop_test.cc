#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <latch>
#include <stdexcept>
#include <string>
#include <vector>

namespace leumund::net {
namespace {

using std::chrono::milliseconds;

TEST(EventLoop, RunsPostedWorkOnItsNamedThread) {
  auto loop = EventLoop::open().value();
  loop->start("io-0");
  std::string name;
  loop->call([&] {
    std::array<char, 16> buffer{};
    pthread_getname_np(pthread_self(), buffer.data(), buffer.size());
    name = buffer.data();
    EXPECT_TRUE(loop->on_loop_thread());
  });
  EXPECT_EQ(name, "io-0");
  EXPECT_FALSE(loop->on_loop_thread());
}

TEST(EventLoop, CallWorksBeforeTheStartAndAfterTheEnd) {
  auto loop = EventLoop::open().value();
  int calls = 0;
  loop->call([&] { ++calls; });
  loop->start("io-0");
  loop->call([&] { ++calls; });
  loop->stop();
  loop->call([&] { ++calls; });
  EXPECT_EQ(calls, 3);
  EXPECT_FALSE(loop->post([] {}));
}

TEST(EventLoop, DoesAllPostedWorkBeforeItEnds) {
  auto loop = EventLoop::open().value();
  loop->start("io-0");
  std::atomic<int> done = 0;
  int posted = 0;
  for (int i = 0; i < 10'000; ++i) posted += loop->post([&] { ++done; }) ? 1 : 0;
  loop->stop();
  EXPECT_EQ(done, posted);
}

TEST(EventLoop, RefusesWorkBeyondItsLimit) {
  auto loop = EventLoop::open().value();
  for (std::size_t i = 0; i < EventLoop::posts_max; ++i) ASSERT_TRUE(loop->post([] {}));
  EXPECT_FALSE(loop->post([] {}));
}

TEST(EventLoop, RunsTimersInTheOrderTheyAreDueAndForgetsCancelledOnes) {
  auto loop = EventLoop::open().value();
  std::vector<int> order;
  std::latch done(1);
  loop->after(milliseconds(30), [&] {
    order.push_back(3);
    done.count_down();
  });
  loop->after(milliseconds(10), [&] { order.push_back(1); });
  const auto cancelled = loop->after(milliseconds(15), [&] { order.push_back(2); });
  loop->cancel(cancelled);
  loop->start("io-0");
  done.wait();
  loop->stop();
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
}

TEST(EventLoop, SurvivesWorkThatThrows) {
  auto loop = EventLoop::open().value();
  loop->start("io-0");
  EXPECT_TRUE(loop->post([] { throw std::runtime_error("meant"); }));
  loop->call([] { throw 7; });
  bool alive = false;
  loop->call([&] { alive = true; });
  EXPECT_TRUE(alive);
}

struct Bell final : EventLoop::Ready {
  explicit Bell(EventLoop& on) : loop(on), fd(eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  void on_ready(std::uint32_t /*events*/) override {
    ++rung;
    if (other != nullptr) {
      loop.forget(other->fd.get(), *other);
      other->other = nullptr;
    }
    loop.forget(fd.get(), *this);
  }
  EventLoop& loop;
  Descriptor fd;
  Bell* other = nullptr;
  int rung = 0;
};

TEST(EventLoop, DoesNotCallWhoWasForgottenInTheSameBatch) {
  auto loop = EventLoop::open().value();
  Bell first(*loop);
  Bell second(*loop);
  first.other = &second;
  second.other = &first;
  ASSERT_TRUE(loop->watch(first.fd.get(), EPOLLIN, first).ok());
  ASSERT_TRUE(loop->watch(second.fd.get(), EPOLLIN, second).ok());
  loop->start("io-0");
  while (true) {  // both were ready in the first batch: whoever came first silenced the other
    int rung = 0;
    loop->call([&] { rung = first.rung + second.rung; });
    if (rung > 0) break;
  }
  loop->stop();
  EXPECT_EQ(first.rung + second.rung, 1);
}

}  // namespace
}  // namespace leumund::net
