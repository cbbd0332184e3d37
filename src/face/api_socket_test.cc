// The whole way over real sockets: server, both doors, the command's client, a followed stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "face/api_client.h"
#include "face/api_service.h"
#include "face/fake_control.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace leumund::face {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct ApiSocketTest : ::testing::Test {
  std::string folder = ::testing::TempDir() + "leumund_api_" + std::to_string(::getpid());
  std::string socket = folder + "/control";
  FakeControl control;
  StreamRing ring;
  Api api{control, [] { return std::string("leumund_events_total 1\n"); }, {}};
  std::unique_ptr<net::HttpServer> unix_door;
  std::unique_ptr<net::HttpServer> tcp_door;

  void SetUp() override {
    std::filesystem::create_directories(folder);
    unix_door = open(net::Endpoint::unix_socket(socket), Door::unix_socket);
    tcp_door = open(net::Endpoint::tcp("127.0.0.1", 0), Door::tcp);
  }
  void TearDown() override {
    unix_door.reset();
    tcp_door.reset();
    std::filesystem::remove_all(folder);
  }
  std::unique_ptr<net::HttpServer> open(const net::Endpoint& where, Door door) {
    net::HttpOptions options;
    options.listen = where;
    auto server = net::HttpServer::open(std::move(options), http_routes(api, ring, door, [] {
                                          return base::from_unix_seconds(1795284000);
                                        }));
    EXPECT_TRUE(server) << server.error().message;
    return std::move(*server);
  }
  net::HttpReply over_tcp(std::string method, std::string target, std::string body = "") {
    net::HttpCall call;
    call.server = "http://127.0.0.1:" + std::to_string(tcp_door->bound().port);
    call.method = std::move(method);
    call.target = std::move(target);
    call.body = std::move(body);
    auto reply = net::http_call(call);
    EXPECT_TRUE(reply) << reply.error().message;
    return reply ? *reply : net::HttpReply{};
  }
};

TEST_F(ApiSocketTest, TheCommandAsksAndOrdersThroughTheUnixSocket) {
  const ApiClient client(socket, 5s);
  const auto why = client.get("/v1/explain?subject=" + net::url_encode("ä@c.test/x?&="));
  ASSERT_TRUE(why) << why.error().message;
  EXPECT_EQ(why->status, 200);
  const auto done = client.post("/v1/suspend", R"({"subject":"a","reason":"x"})");
  ASSERT_TRUE(done);
  EXPECT_THAT(done->body, HasSubstr("\"decision\":\"restricted\""));
  EXPECT_THAT(control.asked, ElementsAre("explain account:ä@c.test/x?&=",
                                         "suspend account:a no_sending - x by admin"));
}

TEST_F(ApiSocketTest, TcpReadsButChangesNothing) {
  EXPECT_EQ(over_tcp("GET", "/v1/status").status, 200);
  EXPECT_EQ(over_tcp("GET", "/metrics").body, "leumund_events_total 1\n");
  EXPECT_EQ(over_tcp("GET", "/healthz").body, "ok\n");
  // Whoever may post events may announce himself immune: any local user reaches the port.
  EXPECT_EQ(over_tcp("POST", "/v1/events", "{}\n").status, 403);
  EXPECT_EQ(over_tcp("POST", "/v1/suspend", R"({"subject":"a","reason":"x"})").status, 403);
  EXPECT_THAT(over_tcp("GET", "/v1/nothing/at/all").body, HasSubstr("\"code\":\"not_found\""));
  EXPECT_THAT(control.asked, ElementsAre("status 20"));
}

TEST_F(ApiSocketTest, EventsMayBeLargerThanOrdersButNotEndless) {
  const auto large = ApiClient(socket, 5s).post("/v1/events", std::string(2U << 20, '\n'));
  ASSERT_TRUE(large);
  EXPECT_EQ(large->status, 200);
  EXPECT_EQ(over_tcp("POST", "/v1/events", std::string(events_body_max + 1, '\n')).status, 413);
}

TEST_F(ApiSocketTest, AFollowerGetsWhatComesAndNothingTwice) {
  ring.publish("decision", "{\"old\":1}");
  std::vector<std::string> seen;
  std::thread follower([&] {
    const auto end = ApiClient(socket, 5s).follow("/v1/stream", [&](auto event, auto data) {
      seen.push_back(std::string(event) + " " + std::string(data));
      return seen.size() < 3;
    });
    EXPECT_TRUE(end) << end.error().message;
  });
  while (!ring.followed()) std::this_thread::sleep_for(5ms);
  ring.publish("event", "{\"n\":1}");
  ring.publish("decision", "{\"n\":2}");
  follower.join();
  EXPECT_THAT(seen, ElementsAre("begin {\"sequence\":1}", "event {\"n\":1}", "decision {\"n\":2}"));
}

TEST_F(ApiSocketTest, NobodyThereIsToldAsSuch) {
  const auto answer = ApiClient(folder + "/nobody", 2s).get("/v1/status");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::unavailable) << answer.error().message;
}

TEST(EventReader, TakesEventsApartWhereverTheBytesAreCut) {
  const std::string text =
      ": sign of life\n\nid: 1\nevent: decision\ndata: {1}\n\nevent: x\ndata: {2}\n\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    std::vector<std::string> seen;
    EventReader reader([&](auto event, auto data) {
      seen.push_back(std::string(event) + std::string(data));
      return true;
    });
    EXPECT_TRUE(reader.feed(text.substr(0, cut)));
    EXPECT_TRUE(reader.feed(text.substr(cut)));
    EXPECT_THAT(seen, ElementsAre("decision{1}", "x{2}"));
  }
  EventReader reader([](auto, auto) { return true; });
  EXPECT_FALSE(reader.feed(std::string((1U << 20) + 1, 'x')));
  EXPECT_TRUE(reader.broken());
}

}  // namespace
}  // namespace leumund::face
