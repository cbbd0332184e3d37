// The service over real sockets: what Postfix does, and what it never would.
#include "intake/policy_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "net/socket.h"

namespace leumund::intake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

net::Deadline in(milliseconds span) { return std::chrono::steady_clock::now() + span; }

constexpr std::string_view dunno = "action=DUNNO\n\n";

std::string rcpt(std::string_view account, std::string_view recipient,
                 std::string_view client = "198.51.100.7") {
  return "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=" +
         std::string(client) +
         "\nhelo_name=pc\nsender=a@verein.example\nrecipient=" + std::string(recipient) +
         "\nrecipient_count=0\ninstance=1a2b.5f.0\nsize=1834\n" +
         "sasl_username=" + std::string(account) + "\n\n";
}

void say(const net::Descriptor& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (put < 0) {
      if (errno != EAGAIN || !net::wait_ready(fd.get(), POLLOUT, in(seconds(5)), "send")) return;
      continue;
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

// Up to `bytes` bytes, the end of the stream, or 5 s of silence.
std::string hear(const net::Descriptor& fd, std::size_t bytes) {
  std::string out;
  std::vector<char> buffer(64 * 1024);
  while (out.size() < bytes && net::wait_ready(fd.get(), POLLIN, in(seconds(5)), "hear")) {
    const ssize_t got =
        recv(fd.get(), buffer.data(), std::min(buffer.size(), bytes - out.size()), 0);
    if (got <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return out;
}

// Rejects the account "bad", throws for "broken", passes the rest; keeps the recipients it saw.
class PolicyServiceTest : public testing::Test {
 protected:
  void serve(PolicyService::Options options = {.listen = net::Endpoint::tcp("127.0.0.1", 0)}) {
    loop_ = net::EventLoop::open().value();
    loop_->start("io-0");
    auto opened = PolicyService::open(*loop_, std::move(options), [this](const auto& event) {
      return judge(std::get<model::Submission>(event.what));
    });
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    service_ = std::move(opened).value();
  }

  model::Answer judge(const model::Submission& submission) {
    if (!submission.recipients.empty()) {
      seen_.with([&](auto& seen) { seen.push_back(submission.recipients.front()); });
    }
    if (submission.account == "broken") throw std::runtime_error("meant");
    if (submission.account == "bad" || submission.helo == "evil") {
      return {model::Disposition::reject, "5.7.1 stopped"};
    }
    if (submission.account.empty()) return {model::Disposition::throttle, "4.7.1 too much"};
    return {};
  }

  [[nodiscard]] net::Descriptor peer() const {
    auto connected = net::connect_to(service_->bound(), in(seconds(5)));
    EXPECT_TRUE(connected.ok()) << connected.error().message;
    return std::move(connected).value();
  }

  base::Guarded<std::vector<std::string>> seen_;
  std::unique_ptr<net::EventLoop> loop_;
  std::unique_ptr<PolicyService> service_;
};

TEST_F(PolicyServiceTest, AnswersOverTcpAndUnixSockets) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("leumund_policy_" + std::to_string(getpid()) + ".sock");
  for (const auto& where : {net::Endpoint::tcp("127.0.0.1", 0), net::Endpoint::tcp("::1", 0),
                            net::Endpoint::unix_socket(path.string())}) {
    serve({.listen = where});
    const net::Descriptor fd = peer();
    say(fd, rcpt("a@verein.example", "x@hotmail.com"));
    EXPECT_EQ(hear(fd, dunno.size()), dunno) << where.to_string();
    say(fd, rcpt("bad", "x@hotmail.com"));
    const std::string_view reject = "action=REJECT 5.7.1 stopped\n\n";
    EXPECT_EQ(hear(fd, reject.size()), reject);
    service_.reset();
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(PolicyServiceTest, AnswersPipelinedRequestsInOrder) {
  serve();
  const net::Descriptor fd = peer();
  say(fd, rcpt("a", "1@x.test") + rcpt("bad", "2@x.test") + rcpt("a", "3@x.test"));
  const std::string expected =
      std::string(dunno) + "action=REJECT 5.7.1 stopped\n\n" + std::string(dunno);
  EXPECT_EQ(hear(fd, expected.size()), expected);
  EXPECT_THAT(seen_.with([](auto& seen) { return seen; }),
              ElementsAre("1@x.test", "2@x.test", "3@x.test"));
}

TEST_F(PolicyServiceTest, AnswersARequestThatArrivesByteByByte) {
  serve();
  const net::Descriptor fd = peer();
  for (const char c : rcpt("bad", "x@x.test")) say(fd, {&c, 1});
  EXPECT_EQ(hear(fd, 29), "action=REJECT 5.7.1 stopped\n\n");
  EXPECT_EQ(service_->counters().requests, 1U);
}

TEST_F(PolicyServiceTest, GarbageAndOversizedRequestsGetDunnoAndTheEnd) {
  serve();
  using namespace std::string_literals;
  for (const std::string& bad :
       {"GET / HTTP/1.0\r\n\r\n"s, "\0\0\0\n"s, "\n"s, std::string(500'000, '\xff') + "\n"}) {
    const net::Descriptor fd = peer();
    say(fd, bad + rcpt("a", "never@x.test"));
    EXPECT_EQ(hear(fd, 1000), dunno) << bad.substr(0, 20);
  }
  std::string many = "sender=a\n";
  for (int i = 0; i < 300; ++i) many += "name" + std::to_string(i) + "=x\n";
  for (const std::string& large : {"sender=" + std::string(9000, 'x') + "\n\n", many + "\n",
                                   "a=" + std::string(2'000'000, 'x')}) {
    const net::Descriptor fd = peer();
    say(fd, large);
    EXPECT_EQ(hear(fd, 1000), dunno);
  }
  EXPECT_EQ(service_->counters().malformed, 3U);
  EXPECT_EQ(service_->counters().oversized, 4U);
  EXPECT_TRUE(seen_.with([](auto& seen) { return seen.empty(); }));
}

TEST_F(PolicyServiceTest, AHandlerThatThrowsLetsTheMailPass) {
  serve();
  const net::Descriptor fd = peer();
  say(fd, rcpt("broken", "x@x.test") + rcpt("bad", "x@x.test"));
  const std::string expected = std::string(dunno) + "action=REJECT 5.7.1 stopped\n\n";
  EXPECT_EQ(hear(fd, expected.size()), expected);
  EXPECT_EQ(service_->counters().handler_failed, 1U);
}

TEST_F(PolicyServiceTest, IncomingMailIsNeverStopped) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0),
         .own_networks = {*base::IpPrefix::parse("203.0.113.0/24")}});
  const net::Descriptor fd = peer();
  say(fd, rcpt("", "user@here.test", "198.51.100.7"));
  EXPECT_EQ(hear(fd, dunno.size()), dunno);
  EXPECT_EQ(service_->counters().incoming_spared, 1U);
  const std::string_view defer = "action=DEFER_IF_PERMIT 4.7.1 too much\n\n";
  for (const char* ours : {"203.0.113.9", "10.1.2.3", "127.0.0.1", "::1"}) {
    say(fd, rcpt("", "x@x.test", ours));
    EXPECT_EQ(hear(fd, defer.size()), defer) << ours;
  }
  EXPECT_EQ(service_->counters().without_login, 1U);
}

TEST_F(PolicyServiceTest, CountsWhatItDid) {
  serve();
  const net::Descriptor fd = peer();
  std::string data = rcpt("a", "x@x.test");
  data.replace(data.find("RCPT"), 4, "DATA");
  say(fd, rcpt("a", "x@x.test") + rcpt("bad", "x@x.test") + data);
  (void)hear(fd, 2 * dunno.size() + 29);
  const PolicyCounters counters = service_->counters();
  EXPECT_EQ(counters.requests, 3U);
  EXPECT_EQ(counters.not_judged, 1U);
  EXPECT_THAT(counters.answers, ElementsAre(2U, 0U, 0U, 0U, 1U));
  std::uint64_t timed = 0;
  for (const std::uint64_t count : counters.latency) timed += count;
  EXPECT_EQ(timed, 3U);
  EXPECT_EQ(counters.connections.open, 1U);
}

TEST_F(PolicyServiceTest, ServesThreeThousandConnectionsAtOnce) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  rlimit enough{.rlim_cur = std::max<rlim_t>(files.rlim_cur, 6500), .rlim_max = files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &enough), 0) << "this test needs 6500 open files";
  serve();
  std::vector<net::Descriptor> peers;
  for (int i = 0; i < 3000; ++i) peers.push_back(peer());
  const std::string question = rcpt("bad", "x@x.test");
  for (const auto& fd : peers) say(fd, question.substr(0, 100));
  for (const auto& fd : peers) say(fd, question.substr(100));
  for (const auto& fd : peers) ASSERT_EQ(hear(fd, 29), "action=REJECT 5.7.1 stopped\n\n");
  EXPECT_EQ(service_->counters().connections.open, 3000U);
  EXPECT_EQ(service_->counters().requests, 3000U);
  peers.clear();
  setrlimit(RLIMIT_NOFILE, &files);
}

TEST_F(PolicyServiceTest, APeerThatDoesNotReadHoldsUpNobodyAndLosesNothing) {
  serve();
  const net::Descriptor slow = peer();
  std::thread writer([&] {
    std::string many;
    for (int i = 0; i < 1000; ++i) many += rcpt("a", "x@x.test");
    for (int i = 0; i < 100; ++i) say(slow, many);
  });
  const net::Descriptor other = peer();
  for (int i = 0; i < 100; ++i) {
    say(other, rcpt("a", "x@x.test"));
    ASSERT_EQ(hear(other, dunno.size()), dunno);
  }
  const std::string all = hear(slow, 100'000 * dunno.size());
  writer.join();
  EXPECT_EQ(all.size(), 100'000 * dunno.size());
}

TEST_F(PolicyServiceTest, HalfARequestAndAClosedPeerLeaveNothingBehind) {
  serve();
  for (int i = 0; i < 200; ++i) {
    const net::Descriptor fd = peer();
    say(fd, rcpt("a", "x@x.test").substr(0, 90));
  }
  {  // asks and leaves without waiting for the answers
    const net::Descriptor fd = peer();
    for (int i = 0; i < 100; ++i) say(fd, rcpt("a", "x@x.test"));
  }
  const net::Deadline deadline = in(seconds(5));
  while (service_->counters().connections.accepted < 201 ||
         service_->counters().connections.open > 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(milliseconds(1));
  }
  const net::Descriptor fd = peer();
  say(fd, rcpt("bad", "x@x.test"));
  EXPECT_EQ(hear(fd, 29), "action=REJECT 5.7.1 stopped\n\n");
}

TEST_F(PolicyServiceTest, ConnectionsThatSayNothingKeepNoQuestionOut) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0), .stream = {.connections_max = 64}});
  const net::Descriptor smtpd = peer();
  say(smtpd, rcpt("a", "x@x.test"));
  EXPECT_EQ(hear(smtpd, dunno.size()), dunno);
  std::vector<net::Descriptor> hoard;
  for (int i = 0; i < 200; ++i) hoard.push_back(peer());
  for (int i = 0; i < 20; ++i) {
    const net::Descriptor next = peer();
    say(next, rcpt("bad", "x@x.test"));
    ASSERT_EQ(hear(next, 29), "action=REJECT 5.7.1 stopped\n\n") << i;
  }
  say(smtpd, rcpt("bad", "x@x.test"));
  EXPECT_EQ(hear(smtpd, 29), "action=REJECT 5.7.1 stopped\n\n") << "kept, as Postfix does";
  EXPECT_GE(service_->counters().connections.displaced, 137U);
}

TEST_F(PolicyServiceTest, StopsWhileBusyWithoutTornAnswers) {
  serve();
  std::atomic<int> torn = 0;
  std::atomic<int> answered = 0;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    // Connected here: a thread that starts late must not find the service stopped.
    clients.emplace_back([&, fd = peer()] {
      const std::string question = rcpt("a", "x@x.test");
      for (;;) {
        say(fd, question);
        const std::string answer = hear(fd, dunno.size());
        if (answer.empty()) return;
        torn += answer == dunno ? 0 : 1;
        ++answered;
      }
    });
  }
  while (answered < 200) std::this_thread::sleep_for(milliseconds(1));
  service_->stop(seconds(5));
  clients.clear();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(service_->counters().connections.open, 0U);
}

}  // namespace
}  // namespace leumund::intake
