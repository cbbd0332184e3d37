// The service over real sockets, a real resolver and a real name server.
#include "intake/screen_service.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "base/need_peer.h"
#include "net/name_server.h"
#include "net/socket.h"

namespace leumund::intake {
namespace {

using diagnosis::ScreenRole;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A list of RFC 5782: 127.0.0.2 is on it, and 40.107.21.79.
const std::string entries =
    "2.0.0.127 IN A 127.0.0.2\n"
    "79.21.107.40 IN A 127.0.0.2\n"
    "79.21.107.40 IN TXT \"Blocked - see https://bl.example/?40.107.21.79\"\n";
const std::vector<std::pair<std::string, std::string>> zones = {
    {"bl.example", entries},
    {"second.example", entries},
    {"six.example", entries +
                        "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 IN A "
                        "127.0.0.2\n"},
    {"wl.example",
     "2.0.0.127 IN A 127.0.0.2\n81.21.107.40 IN A 127.0.0.2\n80.21.107.40 IN A 127.0.0.2\n"},
    {"world.example", "* IN A 127.0.0.2\n"}};

// A name server that hears and never answers.
class Deaf {
 public:
  Deaf() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    socklen_t size = sizeof at;
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
  }
  [[nodiscard]] std::string stub(const std::string& zone) const {
    return zone + "=127.0.0.1@" + std::to_string(port_);
  }

 private:
  net::Descriptor fd_;
  std::uint16_t port_ = 0;
};

// The real resolver, but questions about networks for documents (controls) go unanswered on demand.
class WithoutControls final : public net::DnsAsker {
 public:
  void ask(net::DnsQuestion question, milliseconds deadline, Done done) override {
    const std::string& name = question.name;
    const bool control =
        name.contains(".2.0.192.") || name.contains(".100.51.198.") || name.contains(".113.0.203.");
    if (swallow && control) return;  // its end is behind the deadline of who waits for it
    real->ask(std::move(question), deadline, std::move(done));
  }
  net::DnsAsker* real = nullptr;
  std::atomic<bool> swallow = false;
};

class ScreenServiceTest : public testing::Test {
 protected:
  void serve(std::vector<std::pair<ScreenRole, std::string>> words,
             ScreenService::Options options = {.listen = net::Endpoint::tcp("127.0.0.1", 0)}) {
    diagnosis::ChosenScreen chosen;
    for (const auto& [role, word] : words) {
      choose_screen(role, std::vector{word}, {}, {}, chosen);
    }
    options.rules.lists = std::move(chosen.lists);
    for (auto& one : options.rules.lists) {
      if (one.list.zone == "bl.example") one.list.of_v6 = false;
    }
    options.rules.refuse_at = 3;
    net::ResolverOptions dns;
    for (const auto& [zone, text] : zones) dns.stub_zones.push_back(server_.stub(zone));
    dns.stub_zones.push_back(deaf_.stub("deaf.example"));
    resolver_ = net::Resolver::open(dns).value();
    loop_ = net::EventLoop::open().value();
    loop_->start("screening");
    asker_.real = resolver_.get();
    auto opened = ScreenService::open(*loop_, asker_, std::move(options));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    service_ = std::move(opened).value();
    connection_ = net::connect_to(service_->bound(), in(seconds(5))).value();
  }

  // Until every list but `silent` was tried.
  void wait_until_tried(std::size_t silent = 0) {
    for (int i = 0; i < 600; ++i) {
      service_->tick();
      std::size_t untested = 0;
      for (const auto& list : service_->counters().lists) {
        if (list.state == ListState::untested) ++untested;
      }
      if (untested <= silent) return;
      std::this_thread::sleep_for(milliseconds(50));
    }
    FAIL() << "lists were not tried";
  }

  [[nodiscard]] std::string ask(std::string_view client, std::string_view instance = "i1",
                                std::string_view login = "") {
    const std::string request =
        "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=" + std::string(client) +
        "\ninstance=" + std::string(instance) + "\nsasl_username=" + std::string(login) + "\n\n";
    EXPECT_EQ(send(connection_.get(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string out;
    char buffer[4096];
    while (!out.ends_with("\n\n") &&
           net::wait_ready(connection_.get(), POLLIN, in(seconds(20)), "hear")) {
      const ssize_t got = recv(connection_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    if (!out.starts_with("action=") || !out.ends_with("\n\n")) return "no answer: " + out;
    return out.substr(7, out.size() - 9);
  }
  [[nodiscard]] ScreenListFigures figures(std::string_view list) const {
    for (const auto& one : service_->counters().lists) {
      if (one.list == list) return one;
    }
    return {};
  }
  static net::Deadline in(milliseconds span) { return std::chrono::steady_clock::now() + span; }

  WithoutControls asker_;
  net::NameServer server_{zones};
  Deaf deaf_;
  std::unique_ptr<net::EventLoop> loop_;
  std::unique_ptr<ScreenService> service_;
  std::unique_ptr<net::Resolver> resolver_;  // ends first: answers what is pending
  net::Descriptor connection_;
};

constexpr std::string_view refusal =
    "554 5.7.1 Service unavailable; Client host [40.107.21.79] blocked using bl.example; Blocked - "
    "see https://bl.example/?40.107.21.79";

TEST_F(ScreenServiceTest, RefusesWhatABlockingListListsWithListAndPage) {
  serve({{ScreenRole::block, "bl.example"}, {ScreenRole::score, "second.example*1"}},
        {.listen = net::Endpoint::tcp("127.0.0.1", 0), .rules = {}, .enforce = true});
  wait_until_tried();
  EXPECT_EQ(ask("40.107.21.79"), refusal);
  EXPECT_EQ(ask("40.107.21.79"), refusal) << "the next recipient, from memory";
  EXPECT_EQ(ask("40.107.21.80"), "DUNNO");
  EXPECT_EQ(ask("40.107.21.79", "i2", "a@verein.example"), "DUNNO") << "who logged in";
  EXPECT_EQ(ask("10.0.0.1"), "DUNNO");
  EXPECT_EQ(ask("unknown"), "DUNNO");
  const auto counted = service_->counters();
  EXPECT_EQ(counted.requests, 6U);
  EXPECT_EQ(counted.spared, 3U);
  EXPECT_EQ(counted.remembered, 1U);
  EXPECT_EQ(counted.refused, 1U);
  EXPECT_EQ(figures("bl.example").listed, 1U);
  EXPECT_EQ(figures("bl.example").alone, 0U) << "second.example lists it too";
  EXPECT_EQ(figures("bl.example").decided, 1U);
}

TEST_F(ScreenServiceTest, AScoringListAloneIsToldInTheHeaderOfEachMailOnce) {
  serve({{ScreenRole::score, "bl.example*2"}},
        {.listen = net::Endpoint::tcp("127.0.0.1", 0), .rules = {}, .enforce = true});
  wait_until_tried();
  const std::string header =
      "PREPEND X-Leumund-Screen: score=2/3 client=40.107.21.79 bl.example=127.0.0.2*2";
  EXPECT_EQ(ask("40.107.21.79", "i1"), header);
  EXPECT_EQ(ask("40.107.21.79", "i1"), "DUNNO") << "its second recipient";
  EXPECT_EQ(ask("40.107.21.79", "i2"), header) << "the next mail";
}

TEST_F(ScreenServiceTest, AListOfTheOtherKindOfAddressIsNotCountedAsSilent) {
  serve({{ScreenRole::score, "bl.example*2"}, {ScreenRole::score, "six.example*1"}},
        {.listen = net::Endpoint::tcp("127.0.0.1", 0), .rules = {}});
  wait_until_tried();
  EXPECT_EQ(ask("2001:db8::2"),
            "PREPEND X-Leumund-Screen: score=1/3 client=2001:db8::2 six.example=127.0.0.2*1");
  EXPECT_EQ(figures("bl.example").asked, 0U);
}

TEST_F(ScreenServiceTest, ScoresAddUpAndAnAllowListOutweighsAll) {
  serve({{ScreenRole::score, "bl.example*2"},
         {ScreenRole::score, "second.example*1"},
         {ScreenRole::allow, "wl.example"}},
        {.listen = net::Endpoint::tcp("127.0.0.1", 0), .rules = {}, .enforce = true});
  wait_until_tried();
  EXPECT_TRUE(ask("40.107.21.79").starts_with("554 5.7.1 ")) << "2 + 1";
  EXPECT_EQ(ask("40.107.21.81").substr(0, 7), "PREPEND") << "listed on the allow list alone";
  EXPECT_EQ(service_->counters().allowed, 1U);
}

TEST_F(ScreenServiceTest, WhileObservingARefusalIsOnlyTold) {
  serve({{ScreenRole::block, "bl.example"}});
  wait_until_tried();
  EXPECT_EQ(ask("40.107.21.79"),
            "PREPEND X-Leumund-Screen: score=0/3 client=40.107.21.79 "
            "bl.example=127.0.0.2*block would-refuse");
  EXPECT_EQ(service_->counters().refused, 1U);
}

TEST_F(ScreenServiceTest, AListThatListsTheWorldIsNotAskedAndNobodyWaitsForADeafOne) {
  serve({{ScreenRole::block, "world.example"},
         {ScreenRole::block, "deaf.example"},
         {ScreenRole::block, "bl.example"}},
        {.listen = net::Endpoint::tcp("127.0.0.1", 0),
         .rules = {},
         .enforce = true,
         .deadline = milliseconds(1000)});
  wait_until_tried();
  EXPECT_EQ(ask("40.107.21.79"), refusal);
  EXPECT_EQ(ask("40.107.21.80"), "DUNNO");
  EXPECT_EQ(figures("world.example").asked, 0U);
  EXPECT_TRUE(figures("world.example").reason.contains("lists the world"))
      << figures("world.example").reason;
  EXPECT_EQ(figures("deaf.example").asked, 0U);
  EXPECT_EQ(service_->counters().late, 0U);
}

TEST_F(ScreenServiceTest, AListingWhoseControlIsNotAnsweredRefusesNobody) {
  std::atomic<int> minutes = 0;
  serve(
      {{ScreenRole::block, "bl.example"}},
      {.listen = net::Endpoint::tcp("127.0.0.1", 0),
       .rules = {},
       .enforce = true,
       .deadline = milliseconds(1000),
       .clock = [&minutes] { return base::system_now() + std::chrono::minutes(minutes.load()); }});
  wait_until_tried();
  asker_.swallow = true;
  minutes = 1;  // the last control is too old to vouch
  EXPECT_EQ(ask("40.107.21.79", "i1"), "DUNNO");
  asker_.swallow = false;
  EXPECT_EQ(ask("40.107.21.79", "i2"), refusal);
}

TEST_F(ScreenServiceTest, ForTheMilterAHeaderIsKnownFromThePolicyOrAskedFor) {
  serve({{ScreenRole::score, "bl.example*2"}},
        {.listen = net::Endpoint::tcp("127.0.0.1", 0),
         .rules = {},
         .enforce = true,
         .own_networks = {*base::IpPrefix::parse("40.107.99.0/24")},
         .deadline = milliseconds(1000)});
  wait_until_tried();
  const std::string header = "score=2/3 client=40.107.21.79 bl.example=127.0.0.2*2";
  const auto address = [](const char* text) { return *base::IpAddress::parse(text); };
  const auto wait_for = [&](const base::IpAddress& client) {
    const auto begun = std::chrono::steady_clock::now();
    auto said = service_->header_of(client);
    while (!said && std::chrono::steady_clock::now() < begun + seconds(20)) {
      std::this_thread::sleep_for(milliseconds(5));
      said = service_->header_of(client);
    }
    return said.value_or("never known");
  };
  EXPECT_TRUE(ask("40.107.21.79").starts_with("PREPEND X-Leumund-Screen: " + header));
  const auto known = service_->header_of(address("40.107.21.79"));
  ASSERT_TRUE(known) << "as the policy request has it";
  EXPECT_TRUE(known->starts_with(header));
  EXPECT_EQ(service_->counters().marked, 0U);
  EXPECT_EQ(wait_for(address("40.107.21.80")), "");
  EXPECT_EQ(service_->header_of(address("40.107.21.80")), "") << "remembered";
  EXPECT_EQ(service_->counters().marked, 1U);
  EXPECT_EQ(figures("bl.example").asked, 2U);
  EXPECT_EQ(service_->header_of(address("40.107.99.7")), "") << "one of ours";
  EXPECT_EQ(service_->header_of(address("10.0.0.1")), "");
  // Whose mail never comes to its end is concluded all the same.
  EXPECT_FALSE(service_->header_of(address("40.107.21.81")));
  for (int i = 0; i < 240; ++i) {
    service_->tick();
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(service_->header_of(address("40.107.21.81")), "");
  EXPECT_EQ(service_->counters().screened, 1U) << "requests of the policy service alone";
}

TEST(ScreenMarks, RememberTheNewestAndNotForLong) {
  ScreenMarks marks;
  const ScreenMarks::Moment now{std::chrono::hours(1)};
  const auto client = [](std::uint32_t i) { return base::IpAddress::v4(0x0a000000 + i); };
  for (std::uint32_t i = 0; i <= ScreenMarks::most; ++i) {
    marks.note(client(i), "x", now + seconds(60));
  }
  EXPECT_FALSE(marks.find(client(0), now)) << "no room";
  EXPECT_EQ(marks.find(client(1), now), "x");
  EXPECT_FALSE(marks.find(client(1), now + seconds(60)));
  marks.note(client(1), "y", now + seconds(90));
  marks.note(client(99), "x", now + seconds(60));
  EXPECT_EQ(marks.find(client(1), now + seconds(60)), "y") << "noted anew, not the oldest";
}

TEST_F(ScreenServiceTest, BytesThatAreNoRequestPassAndCloseTheConnection) {
  serve({{ScreenRole::block, "bl.example"}});
  ASSERT_GT(send(connection_.get(), "GET / HTTP/1.0\n\n", 16, MSG_NOSIGNAL), 0);
  char buffer[256];
  std::string out;
  while (net::wait_ready(connection_.get(), POLLIN, in(seconds(5)), "hear")) {
    const ssize_t got = recv(connection_.get(), buffer, sizeof buffer, 0);
    if (got <= 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
  }
  EXPECT_EQ(out, "action=DUNNO\n\n");
  EXPECT_EQ(service_->counters().malformed, 1U);
}

}  // namespace
}  // namespace leumund::intake
