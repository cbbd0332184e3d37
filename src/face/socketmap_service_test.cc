#include "face/socketmap_service.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>

#include "net/socket.h"

namespace leumund::face {
namespace {

using std::chrono::seconds;

struct SocketmapServiceTest : ::testing::Test {
  std::unique_ptr<net::EventLoop> loop = std::move(*net::EventLoop::open());
  std::unique_ptr<SocketmapService> service =
      std::move(*SocketmapService::open(*loop, net::Endpoint::tcp("127.0.0.1", 0)));

  SocketmapServiceTest() { loop->start("test"); }
  ~SocketmapServiceTest() override {
    service->stop(std::chrono::milliseconds(0));
    loop->stop();
  }
};

TEST_F(SocketmapServiceTest, AnswersWhatWasPublishedLast) {
  EXPECT_EQ(service->counters().found, 0U);
  const auto peer =
      net::connect_to(service->bound(), std::chrono::steady_clock::now() + seconds(10));
  ASSERT_TRUE(peer) << peer.error().message;
  const auto ask = [&](const std::string& request, std::size_t reply_bytes) {
    EXPECT_EQ(::send(peer->get(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string reply;
    while (reply.size() < reply_bytes) {
      pollfd waiting{peer->get(), POLLIN, 0};
      constexpr int patience_ms = 30'000;
      if (::poll(&waiting, 1, patience_ms) != 1) break;
      char piece[256];
      const auto got = ::recv(peer->get(), piece, sizeof piece, 0);
      if (got <= 0) break;
      reply.append(piece, static_cast<std::size_t>(got));
    }
    return reply;
  };
  EXPECT_EQ(ask("19:detours Hotmail.Com,", 24), "20:TEMP leumundd starts,");
  service->publish_detours({{"hotmail.com", "out2:"}, {"live.com", "relay:[a]:587"}});
  EXPECT_EQ(ask("19:detours Hotmail.Com,", 10), "8:OK out2:,");
  EXPECT_EQ(ask("21:detours x@hotmail.com,", 11), "8:OK out2:,");
  EXPECT_EQ(ask("19:detours x@other.com,", 12), "9:NOTFOUND ,");
  EXPECT_EQ(ask("16:detours live.com,19:detours hotmail.com,", 30),
            "16:OK relay:[a]:587,8:OK out2:,")
      << "two at once";
  service->publish_detours({{"hotmail.com", "retry:"}, {"x@hotmail.com", "smtp:"}});
  EXPECT_EQ(ask("21:detours X@hotmail.com,21:detours y@hotmail.com,", 23),
            "8:OK smtp:,9:OK retry:,")
      << "one address may be let out";
  service->publish_detours({});
  EXPECT_EQ(ask("19:detours hotmail.com,", 12), "9:NOTFOUND ,");
  service->publish_sender_ways({{"<>", "out4:"}, {"@t.test", "out2:"}, {"a@t.test", "out3:"}});
  EXPECT_EQ(ask("20:sender_ways B@T.test,", 10), "8:OK out2:,");
  EXPECT_EQ(ask("22:sender_ways a+x@t.test,", 10), "8:OK out3:,");
  EXPECT_EQ(ask("14:sender_ways <>,", 10), "8:OK out4:,");
  EXPECT_EQ(ask("20:sender_ways a@u.test,", 12), "9:NOTFOUND ,");
  EXPECT_EQ(ask("16:detours a@t.test,", 12), "9:NOTFOUND ,") << "the other map";
  EXPECT_EQ(ask("14:other live.com,", 29), "25:PERM there is no such map,");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\n", 26).substr(0, 8), "23:PERM ");
  EXPECT_EQ(service->counters().found, 9U);
  EXPECT_EQ(service->counters().wrong, 2U);
}

}  // namespace
}  // namespace leumund::face
