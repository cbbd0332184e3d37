#include "net/stream_listener.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace leumund::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Deadline in(milliseconds span) { return std::chrono::steady_clock::now() + span; }

std::atomic<int> big_answers = 0;

// Answers each line with itself; "big" with 1 MiB, "throw" by throwing, "end" by closing;
// "mail" makes it busy until the next line.
class LineSession : public StreamSession {
 public:
  Step on_bytes(std::string_view waiting, std::string& out) override {
    const std::size_t end = waiting.find('\n');
    if (end == std::string_view::npos) return {};
    const std::string_view line = waiting.substr(0, end);
    if (line == "throw") throw std::runtime_error("meant");
    if (line == "big") {
      ++big_answers;
      out.append(1 << 20, 'x');
    }
    busy_ = line == "mail";
    out.append(waiting.substr(0, end + 1));
    return {end + 1, line == "end" ? Next::close : Next::keep};
  }
  [[nodiscard]] bool busy() const override { return busy_; }

 private:
  bool busy_ = false;
};

class StreamListenerTest : public testing::Test {
 protected:
  void listen(StreamOptions options = {}) {
    loop_ = EventLoop::open().value();
    loop_->start("io-0");
    auto opened = StreamListener::open(*loop_, Endpoint::tcp("127.0.0.1", 0), std::move(options),
                                       [] { return std::make_unique<LineSession>(); });
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    listener_ = std::move(opened).value();
  }
  [[nodiscard]] Descriptor peer() const {
    return std::move(connect_to(listener_->bound(), in(seconds(5)))).value();
  }
  void wait_for_open(std::uint64_t count) const {
    const Deadline deadline = in(seconds(10));
    while (listener_->counters().open != count && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    ASSERT_EQ(listener_->counters().open, count);
  }

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<StreamListener> listener_;
};

// From one of the addresses of this host.
Descriptor connect_from(const char* address, const Endpoint& to) {
  Descriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  inet_pton(AF_INET, address, &where.sin_addr);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  inet_pton(AF_INET, "127.0.0.1", &where.sin_addr);
  where.sin_port = htons(to.port);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  return fd;
}

void say(const Descriptor& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (put < 0) {
      if (errno != EAGAIN || !wait_ready(fd.get(), POLLOUT, in(seconds(5)), "send")) return;
      continue;
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

// Everything up to `bytes` bytes, the end, or 5 s of silence.
std::string hear(const Descriptor& fd, std::size_t bytes) {
  std::string out;
  std::vector<char> buffer(64 * 1024);
  while (out.size() < bytes && wait_ready(fd.get(), POLLIN, in(seconds(5)), "hear")) {
    const ssize_t got =
        recv(fd.get(), buffer.data(), std::min(buffer.size(), bytes - out.size()), 0);
    if (got <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return out;
}

bool closed(const Descriptor& fd) {
  char byte = 0;
  return wait_ready(fd.get(), POLLIN, in(seconds(5)), "end").ok() &&
         recv(fd.get(), &byte, 1, 0) <= 0;
}

TEST_F(StreamListenerTest, AnswersPipelinedAndSplitInput) {
  listen();
  const Descriptor fd = peer();
  say(fd, "one\ntwo\nthr");
  EXPECT_EQ(hear(fd, 8), "one\ntwo\n");
  say(fd, "ee\n");
  EXPECT_EQ(hear(fd, 6), "three\n");
}

TEST_F(StreamListenerTest, SendsTheLastAnswerBeforeItClosesALoudPeer) {
  listen();
  const Descriptor fd = peer();
  say(fd, "end\n" + std::string(300'000, 'x'));  // closing with this unread would reset
  EXPECT_EQ(hear(fd, 4), "end\n");
  EXPECT_TRUE(closed(fd));
}

TEST_F(StreamListenerTest, AnswersAPeerThatHasFinishedSending) {
  listen();
  const Descriptor fd = peer();
  say(fd, "one\n");
  shutdown(fd.get(), SHUT_WR);
  EXPECT_EQ(hear(fd, 100), "one\n");
  EXPECT_TRUE(closed(fd));
  wait_for_open(0);
}

TEST_F(StreamListenerTest, ReadsNoMoreFromAPeerThatDoesNotRead) {
  listen();
  big_answers = 0;
  const Descriptor slow = peer();
  for (int i = 0; i < 30; ++i) say(slow, "big\n");
  const Descriptor other = peer();
  say(other, "one\n");
  EXPECT_EQ(hear(other, 4), "one\n") << "the slow peer holds up its neighbour";
  EXPECT_LT(big_answers, 25) << "answers pile up beyond what the kernel's buffers take";
  const std::string all = hear(slow, 30 * ((1 << 20) + 4));
  EXPECT_EQ(all.size(), 30U * ((1 << 20) + 4)) << "nothing is lost once it reads";
}

TEST_F(StreamListenerTest, ClosesWhoWantsMoreInputThanTheLimit) {
  listen({.input_max = 1000});
  const Descriptor fd = peer();
  say(fd, std::string(5000, 'x'));
  EXPECT_TRUE(closed(fd));
  EXPECT_EQ(listener_->counters().overrun, 1U);
}

TEST_F(StreamListenerTest, ClosesIdlePeersAndHalfRequests) {
  listen({.idle = milliseconds(150), .half_input = milliseconds(40)});
  const Descriptor idle = peer();
  const Descriptor half = peer();
  say(half, "hal");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(closed(half));
  const auto half_took = std::chrono::steady_clock::now() - begin;
  EXPECT_TRUE(closed(idle));
  EXPECT_LT(half_took, std::chrono::steady_clock::now() - begin);
  wait_for_open(0);
  EXPECT_EQ(listener_->counters().timed_out, 2U);
}

TEST_F(StreamListenerTest, WhoNeverAskedEndsSoonerThanWhoIsIdle) {
  listen({.first_request = milliseconds(60)});
  const Descriptor old = peer();
  say(old, "one\n");
  EXPECT_EQ(hear(old, 4), "one\n");
  const Descriptor silent = peer();
  const Descriptor half = peer();
  say(half, "hal");
  EXPECT_TRUE(closed(silent));
  EXPECT_TRUE(closed(half));
  EXPECT_EQ(listener_->counters().timed_out, 2U);
  say(old, "still\n");
  EXPECT_EQ(hear(old, 6), "still\n");
}

TEST_F(StreamListenerTest, AFullListenerTakesWhoComesForWhoNeverAsked) {
  listen({.connections_max = 64});
  const Descriptor old = peer();
  say(old, "one\n");
  EXPECT_EQ(hear(old, 4), "one\n");
  std::vector<Descriptor> hoard;
  for (int i = 0; i < 200; ++i) {
    hoard.push_back(peer());
    if (i % 2 == 0) say(hoard.back(), "hal");
    const Descriptor asks = peer();
    say(asks, "two\n");
    ASSERT_EQ(hear(asks, 4), "two\n") << i;
  }
  say(old, "still\n");
  EXPECT_EQ(hear(old, 6), "still\n") << "silent for longest, but no stranger";
  EXPECT_TRUE(closed(hoard[0])) << "silent for longest of those that never asked";
  const StreamCounters counters = listener_->counters();
  EXPECT_GT(counters.displaced, 100U);
  EXPECT_EQ(counters.refused, 0U);
  EXPECT_LE(counters.open, 64U);
}

TEST_F(StreamListenerTest, IdleOnesGiveWayBeforeBusyOnesAndOfAllTheMostSilent) {
  listen({.connections_max = 3});
  const auto said = [&](std::string_view line, std::string_view more = {}) {
    Descriptor fd = peer();
    say(fd, line);
    EXPECT_EQ(hear(fd, line.size()), line);
    say(fd, more);
    loop_->call([&] { std::this_thread::sleep_for(milliseconds(2)); });
    return fd;
  };
  const Descriptor busy = said("mail\n");
  const Descriptor half = said("one\n", "hal");
  const Descriptor second = said("mail\n");
  const Descriptor third = said("mail\n");
  EXPECT_TRUE(closed(half)) << "although it spoke later than the first";
  const Descriptor fourth = said("one\n");
  EXPECT_TRUE(closed(busy)) << "all are busy: the most silent";
  say(second, "one\n");
  EXPECT_EQ(hear(second, 4), "one\n");
  EXPECT_EQ(listener_->counters().displaced, 2U);
}

TEST_F(StreamListenerTest, RefusesAtOnceWhenTheProcessHasNoDescriptorLeft) {
  listen();
  Descriptor waiting = peer();
  wait_for_open(1);
  // All but one descriptor of this process are taken; the last becomes the peer's own socket.
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  Descriptor probe(dup(0));
  const rlimit tight{.rlim_cur = static_cast<rlim_t>(probe.get()) + 1, .rlim_max = before.rlim_max};
  probe.reset();
  setrlimit(RLIMIT_NOFILE, &tight);
  const Descriptor refused = peer();
  EXPECT_TRUE(closed(refused));
  say(waiting, "still\n");
  EXPECT_EQ(hear(waiting, 6), "still\n");
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(listener_->counters().refused, 1U);
}

TEST_F(StreamListenerTest, ASessionThatThrowsEndsItsOwnConnectionOnly) {
  listen();
  const Descriptor bad = peer();
  const Descriptor good = peer();
  say(bad, "throw\n");
  EXPECT_TRUE(closed(bad));
  say(good, "one\n");
  EXPECT_EQ(hear(good, 4), "one\n");
  EXPECT_EQ(listener_->counters().failed, 1U);
}

TEST_F(StreamListenerTest, StopAnswersWhatHasArrivedAndThenCloses) {
  listen();
  const Descriptor busy = peer();
  const Descriptor half = peer();
  say(half, "hal");
  say(busy, "one\n");
  EXPECT_EQ(hear(busy, 4), "one\n");
  loop_->call([&] { std::this_thread::sleep_for(milliseconds(20)); });
  std::thread late([&] {
    std::this_thread::sleep_for(milliseconds(50));
    say(half, "f\n");
  });
  say(busy, "two\n");
  listener_->stop(seconds(5));
  late.join();
  EXPECT_EQ(hear(busy, 100), "two\n");
  EXPECT_EQ(hear(half, 100), "half\n") << "a begun request is waited for";
  EXPECT_FALSE(connect_to(listener_->bound(), in(seconds(1))).ok());
}

TEST_F(StreamListenerTest, StopGivesUpAfterItsGrace) {
  listen();
  const Descriptor half = peer();
  say(half, "hal");
  wait_for_open(1);
  const auto begin = std::chrono::steady_clock::now();
  listener_->stop(milliseconds(50));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(2));
  EXPECT_TRUE(closed(half));
}

TEST_F(StreamListenerTest, OneNetworkOfStrangersHoldsOnlySoManyAndWhoIsSilentLongestGivesWay) {
  listen({.connections_max = 4, .network_max = 3});
  const auto from = [&](const char* address) { return connect_from(address, listener_->bound()); };
  std::vector<Descriptor> hoarder;
  for (int i = 0; i < 3; ++i) hoarder.push_back(from("127.0.7.1"));
  wait_for_open(3);
  EXPECT_TRUE(closed(from("127.0.7.2"))) << "the same /24";
  say(hoarder[0], "one\n");
  EXPECT_EQ(hear(hoarder[0], 4), "one\n");
  const Descriptor honest = from("127.0.8.1");
  say(honest, "two\n");
  EXPECT_EQ(hear(honest, 4), "two\n");
  const Descriptor late = from("127.0.9.1");
  say(late, "three\n");
  EXPECT_EQ(hear(late, 6), "three\n");
  EXPECT_TRUE(closed(hoarder[1])) << "silent longest";
  say(honest, "four\n");
  EXPECT_EQ(hear(honest, 5), "four\n");
  wait_for_open(4);
}

}  // namespace
}  // namespace leumund::net
