// The server and the client against each other and against raw sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "net/host_addresses.h"
#include "net/http_arrivals.h"
#include "net/http_client.h"
#include "net/http_route_match.h"
#include "net/http_server.h"
#include "net/test_certificate.h"

namespace leumund::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

Deadline in(milliseconds span) { return std::chrono::steady_clock::now() + span; }

// Sends, says that no more will come, and gives what is answered.
std::string send_raw(const Endpoint& where, std::string_view text, bool end = true) {
  auto fd = connect_to(where, in(seconds(5))).value();
  (void)send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  if (end) shutdown(fd.get(), SHUT_WR);
  std::string out(65536, '\0');
  std::size_t size = 0;
  while (size < out.size() && wait_ready(fd.get(), POLLIN, in(seconds(5)), "raw")) {
    const ssize_t got = recv(fd.get(), out.data() + size, out.size() - size, 0);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return out.substr(0, size);
}

class HttpTest : public testing::Test {
 protected:
  void serve(HttpOptions options = {.listen = Endpoint::tcp("127.0.0.1", 0)}) {
    std::vector<HttpRoute> routes;
    routes.push_back({"GET", "/v1/echo/{name}", [](const HttpRequest& request, HttpResponse& out) {
                        out.body = std::string(request.param("name")) + "|" +
                                   std::string(request.param("q")) + "|" +
                                   std::string(request.header("x-test")) + "|" + request.remote;
                      }});
    routes.push_back(
        {"GET", "/v1/rest/{all...}", [](const HttpRequest& request, HttpResponse& out) {
           out.body = std::string(request.param("all"));
         }});
    routes.push_back({.method = "POST",
                      .pattern = "/v1/size",
                      .handler =
                          [](const HttpRequest& request, HttpResponse& out) {
                            out.status = 202;
                            out.body = std::to_string(request.body.size());
                          },
                      .body_max = 100'000});
    routes.push_back({"GET", "/v1/throw", [](const HttpRequest&, HttpResponse&) {
                        throw std::runtime_error("meant");
                      }});
    routes.push_back({"GET", "/v1/slow", [](const HttpRequest&, HttpResponse&) {
                        std::this_thread::sleep_for(milliseconds(300));
                      }});
    routes.push_back({"GET", "/v1/stream", [this](const HttpRequest&, HttpResponse& out) {
                        out.content_type = "text/event-stream";
                        out.stream = [this](std::string& chunk, milliseconds) {
                          chunk = "data: " + std::to_string(++streamed_) + "\n\n";
                          std::this_thread::sleep_for(milliseconds(1));
                          return true;
                        };
                      }});
    auto opened = HttpServer::open(std::move(options), std::move(routes));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    server_ = std::move(opened).value();
    address_ = server_->bound().is_unix()
                   ? server_->bound().to_string()
                   : "http://127.0.0.1:" + std::to_string(server_->bound().port);
  }
  [[nodiscard]] HttpReply get(const std::string& target) const {
    auto reply = http_call({.server = address_, .target = target});
    EXPECT_TRUE(reply.ok()) << reply.error().message;
    return reply.ok() ? *reply : HttpReply{};
  }

  // Connections that send this, and then neither more nor an end.
  [[nodiscard]] std::vector<Descriptor> hoard(int count, std::string_view text) const {
    std::vector<Descriptor> out;
    for (int i = 0; i < count; ++i) {
      out.push_back(connect_to(server_->bound(), in(seconds(5))).value());
      (void)send(out.back().get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    return out;
  }
  void expect_prompt_answers(const char* against) const {
    for (int i = 0; i < 5; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      EXPECT_EQ(get("/v1/echo/a").status, 200) << against;
      EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(1)) << against;
    }
  }

  std::atomic<int> streamed_ = 0;
  std::string address_;
  std::unique_ptr<HttpServer> server_;
};

TEST(HttpRouteMatch, TakesSegmentsAndRests) {
  std::map<std::string, std::string> params;
  EXPECT_TRUE(match_route("/v1/{a}/x/{b...}", "/v1/one/x/two/three/", params));
  EXPECT_EQ(params["a"], "one");
  EXPECT_EQ(params["b"], "two/three/");
  EXPECT_TRUE(match_route("/", "/", params));
  for (const char* path :
       {"/v1", "/v1/", "/v1//x/y", "/v1/one/x", "/v1/one/x/", "v1/one/x/y", ""}) {
    EXPECT_FALSE(match_route("/v1/{a}/x/{b...}", path, params)) << path;
  }
  EXPECT_FALSE(match_route("/v1", "/v1/", params));
}

TEST_F(HttpTest, RoutesByMethodAndPath) {
  serve();
  auto reply = http_call({.server = address_,
                          .target = "/v1/echo/a%40b%2Ftest?q=" + url_encode("x y&z"),
                          .headers = {{"X-Test", "seen"}}});
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 404) << "an encoded slash is a slash: such names take {rest...}";
  EXPECT_EQ(get("/v1/echo/a%40b?q=x%20y").body, "a@b|x y||127.0.0.1");
  EXPECT_EQ(get("/v1/rest/script:uid33:/srv/x.php").body, "script:uid33:/srv/x.php");
  EXPECT_EQ(get("/nothing").status, 404);
  const auto wrong = http_call({.server = address_, .method = "DELETE", .target = "/v1/size"});
  EXPECT_EQ(wrong.value().status, 405);
  EXPECT_EQ(wrong.value().headers.at("allow"), "POST");
}

TEST_F(HttpTest, ServesAUnixSocket) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("leumund_http_" + std::to_string(getpid()) + ".sock");
  serve({.listen = Endpoint::unix_socket(path.string()), .unix_access = {.mode = 0600}});
  EXPECT_EQ(get("/v1/echo/a").body, "a|||unix");
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  const auto gone = http_call({.server = address_});
  ASSERT_FALSE(gone.ok());
  EXPECT_THAT(gone.error().message, HasSubstr(path.string()));
}

TEST_F(HttpTest, BodiesHaveALimitOfTheirRoute) {
  serve();
  HttpCall call{.server = address_, .method = "POST", .target = "/v1/size"};
  call.body = std::string(100'000, 'x');
  EXPECT_EQ(http_call(call).value().body, "100000");
  call.body += 'x';
  const HttpReply over = http_call(call).value();
  EXPECT_EQ(over.status, 413);
  EXPECT_THAT(over.body, HasSubstr("100000"));
  const std::string chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  std::string chunked = "POST /v1/size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 40; ++i) chunked += chunk;
  EXPECT_THAT(send_raw(server_->bound(), chunked), HasSubstr(" 413 "));
}

TEST_F(HttpTest, BadRequestsAreAnsweredOrClosedAndHarmNobody) {
  serve();
  EXPECT_THAT(send_raw(server_->bound(), "GET /" + std::string(3000, 'a') + " HTTP/1.1\r\n\r\n"),
              HasSubstr(" 414 "));
  EXPECT_THAT(send_raw(server_->bound(), "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n"),
              HasSubstr(" 414 "));
  using namespace std::string_literals;
  for (const std::string& bad :
       {"\0\0\0\r\n\r\n"s, "POST /v1/size HTTP/1.1\r\nContent-Length: -5\r\n\r\nabc"s,
        "GET / HTTP/9\r\n\r\n"s, "GET /\r\n"s + std::string(200'000, 'x'),
        "POST /v1/size HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"s,
        "GET /%zz%ff%00 HTTP/1.1\r\n\r\n"s}) {
    EXPECT_THAT(send_raw(server_->bound(), bad), testing::Not(HasSubstr(" 200 ")))
        << bad.substr(0, 30);
  }
  EXPECT_EQ(get("/v1/echo/a").status, 200);
}

TEST_F(HttpTest, EndlessHeadersAreCut) {
  serve();
  std::string endless = "GET /v1/echo/a HTTP/1.1\r\n";
  for (int i = 0; i < 40'000; ++i) endless += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_THAT(send_raw(server_->bound(), endless + "\r\n"), testing::Not(HasSubstr(" 200 ")));
}

TEST_F(HttpTest, ASlowRequestIsEndedByItsTime) {
  serve({.listen = Endpoint::tcp("127.0.0.1", 0), .request_time = milliseconds(100)});
  const auto begin = std::chrono::steady_clock::now();
  (void)send_raw(server_->bound(), "GET /v1/echo/a HTTP/1.1\r\nHost:", false);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(3));
}

TEST_F(HttpTest, ClientsThatSayNothingOrHalfHoldNoWorker) {
  serve({.listen = Endpoint::tcp("127.0.0.1", 0), .threads = 4, .streams_max = 0});
  const auto silent = hoard(64, "");
  const auto half = hoard(64, "GET /v1/echo/a HTTP/1.1\r\nHost:");
  expect_prompt_answers("silent and half headers");
  const auto bodies = hoard(32, "POST /v1/size HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc");
  expect_prompt_answers("half bodies");
  const auto chunked =
      hoard(32, "POST /v1/size HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
  expect_prompt_answers("half chunks");
  const auto stay = hoard(64, "GET /v1/echo/a HTTP/1.1\r\n\r\n");
  expect_prompt_answers("clients that stay after the answer");
  const auto flood = hoard(1000, "");
  expect_prompt_answers("more than may arrive");
  EXPECT_EQ(server_->counters().refused, 0U);
}

TEST_F(HttpTest, TheHeaderHasATimeOfItsOwnAndTheBodyMore) {
  serve({.listen = Endpoint::tcp("127.0.0.1", 0), .header_time = milliseconds(150)});
  const auto half = hoard(1, "POST /v1/size HTTP/1.1\r\nContent-Le");
  const auto body = hoard(1, "POST /v1/size HTTP/1.1\r\nContent-Length: 4\r\n\r\nab");
  std::array<char, 4096> answer{};
  ASSERT_TRUE(wait_ready(half[0].get(), POLLIN, in(seconds(5)), "end").ok());
  EXPECT_LE(recv(half[0].get(), answer.data(), answer.size(), 0), 0) << "ended without a word";
  std::this_thread::sleep_for(milliseconds(200));
  ASSERT_EQ(send(body[0].get(), "cd", 2, MSG_NOSIGNAL), 2);
  ASSERT_TRUE(wait_ready(body[0].get(), POLLIN, in(seconds(5)), "answer").ok());
  const ssize_t got = recv(body[0].get(), answer.data(), answer.size(), 0);
  ASSERT_GT(got, 0);
  EXPECT_THAT(std::string(answer.data(), static_cast<std::size_t>(got)), HasSubstr(" 202 "));
}

TEST_F(HttpTest, TakesARequestInPiecesAndOneWithoutALength) {
  serve();
  const std::string text =
      "POST /v1/size HTTP/1.1\r\nHost: x\r\ncontent-length:  5 \r\n\r\nabcdeMORE";
  auto fd = connect_to(server_->bound(), in(seconds(5))).value();
  for (const char c : text) {
    (void)send(fd.get(), &c, 1, MSG_NOSIGNAL);
    std::this_thread::sleep_for(milliseconds(1));
  }
  std::array<char, 4096> answer{};
  ASSERT_TRUE(wait_ready(fd.get(), POLLIN, in(seconds(5)), "answer").ok());
  const ssize_t got = recv(fd.get(), answer.data(), answer.size(), 0);
  ASSERT_GT(got, 0);
  EXPECT_TRUE(
      std::string_view(answer.data(), static_cast<std::size_t>(got)).ends_with("\r\n\r\n5"));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(send_raw(server_->bound(), "POST /v1/size HTTP/1.1\r\nHost: x\r\n\r\n", false),
              testing::EndsWith("\r\n\r\n0"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(3))
      << "it has no body: RFC 9112, 6.3";
  EXPECT_THAT(send_raw(server_->bound(),
                       "POST /v1/size HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                       "Content-Length: 3\r\n\r\nabc",
                       false),
              testing::AllOf(HasSubstr(" 100 "), testing::EndsWith("\r\n\r\n3")));
}

TEST_F(HttpTest, OneAddressFromElsewhereHoldsOnlySoManyConnections) {
  std::optional<base::IpAddress> own;
  for (const base::IpAddress& one : addresses_of_this_host()) {
    if (one.is_v4() && !one.is_loopback()) own = one;
  }
  if (!own) GTEST_SKIP() << "this host has no address but loopback";
  serve({.listen = Endpoint::tcp("0.0.0.0", 0), .of_one_address_max = 4});
  const auto here = hoard(8, "");
  std::vector<Descriptor> there;
  const Endpoint by_name = Endpoint::tcp(own->to_string(), server_->bound().port);
  for (int i = 0; i < 6; ++i) there.push_back(connect_to(by_name, in(seconds(5))).value());
  expect_prompt_answers("a hoarder");
  const auto ended = [](const Descriptor& fd) {
    return wait_ready(fd.get(), POLLIN, in(milliseconds(200)), "end").ok();
  };
  EXPECT_TRUE(ended(there[0]));
  EXPECT_TRUE(ended(there[1]));
  EXPECT_FALSE(ended(there[2]));
  EXPECT_FALSE(ended(here[0])) << "a web server of this host speaks for many";
}

TEST(HttpArrivals, ForetellsOnlyTheBodyThatTheHeaderIsPlainAbout) {
  const auto body = [](const std::string& fields) {
    return foretold_body("POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
  };
  EXPECT_EQ(body(""), 0U);
  EXPECT_EQ(body("Content-Length: 12\r\n"), 12U);
  EXPECT_EQ(body("CONTENT-LENGTH:262144\r\n"), 262144U);
  for (const char* other :
       {"Content-Length: 262145\r\n", "Content-Length: -5\r\n", "Content-Length: 5x\r\n",
        "Content-Length:\r\n", "Content-Length: 99999999999999999999999\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n", "Transfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\ntransfer-encoding: chunked\r\n", "Expect: 100-continue\r\n"}) {
    EXPECT_EQ(body(other), std::nullopt) << other;
  }
}

TEST_F(HttpTest, AHandlerThatThrowsIsAnswered500) {
  serve();
  EXPECT_EQ(get("/v1/throw").status, 500);
  EXPECT_THAT(get("/v1/throw").body, testing::Not(HasSubstr("meant")))
      << "tells a stranger nothing";
  EXPECT_EQ(server_->counters().failed, 2U);
}

TEST_F(HttpTest, BeyondItsWorkersAndQueueItAnswers503) {
  serve(
      {.listen = Endpoint::tcp("127.0.0.1", 0), .threads = 1, .streams_max = 0, .waiting_max = 1});
  std::vector<std::jthread> clients;
  std::atomic<int> busy = 0;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] { busy += get("/v1/slow").status == 503 ? 1 : 0; });
  }
  clients.clear();
  EXPECT_GE(busy, 3);
  EXPECT_LE(busy, 5);
}

TEST_F(HttpTest, StreamsUntilTheClientOrTheServerEnds) {
  serve({.listen = Endpoint::tcp("127.0.0.1", 0), .threads = 3, .streams_max = 1});
  std::string seen;
  HttpCall call{.server = address_, .target = "/v1/stream"};
  call.on_piece = [&](std::string_view piece) {
    seen += piece;
    if (seen.size() > 40) {
      EXPECT_EQ(get("/v1/stream").status, 503) << "one stream is the limit";
      EXPECT_EQ(server_->counters().streams, 1U);
    }
    return seen.size() < 50;
  };
  EXPECT_TRUE(http_call(call).ok());
  EXPECT_TRUE(seen.starts_with("data: 1\n\ndata: 2\n\n")) << seen;
  const Deadline deadline = in(seconds(5));
  while (server_->counters().streams > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(server_->counters().streams, 0U) << "the server notices that the client has gone";

  std::atomic<bool> flowing = false;
  call.on_piece = [&](std::string_view) { return flowing = true; };
  std::jthread client([&] { (void)http_call(call); });
  while (!flowing) std::this_thread::sleep_for(milliseconds(1));
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(2));
}

TEST_F(HttpTest, TheClientHasLimitsOfItsOwn) {
  serve();
  auto large = http_call(
      {.server = address_, .target = "/v1/echo/" + std::string(500, 'a'), .reply_max = 400});
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, base::ErrorCode::too_large);
  auto slow = http_call({.server = address_, .target = "/v1/slow", .silence = milliseconds(50)});
  ASSERT_FALSE(slow.ok());
  EXPECT_EQ(slow.error().code, base::ErrorCode::timed_out);
  EXPECT_NE(slow.error().message.find("it was silent for 0 s"), std::string::npos)
      << slow.error().message;
  auto endless = http_call({.server = address_, .target = "/v1/stream", .total = milliseconds(80)});
  ASSERT_FALSE(endless.ok());
  EXPECT_EQ(endless.error().code, base::ErrorCode::timed_out);
  server_.reset();
  auto gone = http_call({.server = address_, .target = "/v1/slow"});
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().message, "no reply from " + address_ + ": the connection is refused");
  for (const HttpCall& bad : {HttpCall{.server = address_, .target = "/\r\nX-Evil: 1"},
                              HttpCall{.server = address_, .headers = {{"X", "a\r\nb: c"}}},
                              HttpCall{.server = "ftp://x"}, HttpCall{.server = ""}}) {
    auto refused = http_call(bad);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::ErrorCode::malformed) << refused.error().message;
  }
}

TEST(HttpClient, SplitsUrls) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(split_url("https://h.example/a?b#c").value(), Pair("https://h.example", "/a?b"));
  EXPECT_EQ(split_url("http://h:8080").value(), Pair("http://h:8080", "/"));
  EXPECT_EQ(split_url("http://h?x").value(), Pair("http://h", "/?x"));
  for (const char* bad : {"", "h.example/a", "https://", "file:///etc/passwd", "http://u:p@h/"}) {
    EXPECT_FALSE(split_url(bad).ok()) << bad;
  }
}

TEST(HttpClient, SpeaksTlsAndChecksTheCertificate) {
  const TestCertificate certificate("localhost");
  const auto server = certificate.serve_https([](const std::string& path) { return "at " + path; });
  HttpCall call{.server = "https://localhost:" + std::to_string(server->port()), .target = "/hook"};
  call.ca_file = certificate.certificate_file();
  const auto good = http_call(call);
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(good->body, "at /hook");
  call.ca_file.clear();
  EXPECT_FALSE(http_call(call).ok()) << "a certificate that nobody vouches for";
  call.ca_file = certificate.certificate_file();
  call.server = "https://127.0.0.1:" + std::to_string(server->port());
  EXPECT_FALSE(http_call(call).ok()) << "a certificate of another name";
}

}  // namespace
}  // namespace leumund::net
