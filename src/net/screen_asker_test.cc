#include "net/screen_asker.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/need_peer.h"
#include "net/dns_packet.h"
#include "net/name_server.h"

namespace leumund::net {
namespace {

using std::chrono::milliseconds;

// Counts what comes to it and answers "yes".
struct CountingResolver final : DnsAsker {
  std::atomic<int> asked = 0;
  void ask(DnsQuestion, milliseconds, Done done) override {
    ++asked;
    DnsAnswer answer;
    answer.found = Found::yes;
    done(answer);
  }
};

DnsAnswer ask(DnsAsker& asker, const std::string& name) {
  std::atomic<bool> done = false;
  DnsAnswer out;
  asker.ask({name, RecordType::a}, milliseconds(3000), [&](const DnsAnswer& answer) {
    out = answer;
    done = true;
  });
  for (int i = 0; i < 1000 && !done; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(done) << name;
  return out;
}

TEST(ScreenAsker, TakesANoAndSendsEverythingElseToTheResolver) {
  NEED_PEER(NameServer::program, "nsd");
  const std::vector<std::pair<std::string, std::string>> zones = {
      {"bl.example", "2.0.0.127 IN A 127.0.0.2\n"}};
  const NameServer server(zones);
  CountingResolver resolver;
  ResolverOptions options;
  options.stub_zones = {server.stub("bl.example")};
  auto screen = ScreenAsker::open(options, resolver);
  ASSERT_TRUE(screen.ok());
  // The server needs a moment to listen; until then the resolver is asked.
  for (int i = 0; i < 100 && (*screen)->counters().absent == 0; ++i) {
    static_cast<void>(ask(**screen, "1.0.0.127.bl.example"));
  }
  resolver.asked = 0;
  const DnsAnswer no = ask(**screen, "9.0.0.127.bl.example");
  EXPECT_EQ(no.found, Found::no);
  EXPECT_EQ(no.ttl, std::chrono::seconds(60)) << "the SOA's minimum";
  EXPECT_EQ(resolver.asked, 0);
  EXPECT_EQ(ask(**screen, "2.0.0.127.bl.example").found, Found::yes);
  EXPECT_EQ(resolver.asked, 1) << "a listing is the resolver's to say";
  EXPECT_EQ(ask(**screen, "1.0.0.127.other.example").found, Found::yes);
  EXPECT_EQ(resolver.asked, 2) << "no server is configured for that zone";
  EXPECT_EQ(ask(**screen, "a..b.bl.example").found, Found::yes);
  EXPECT_EQ(resolver.asked, 3);
}

TEST(ScreenAsker, AServerThatIsSilentLeavesTheQuestionToTheResolver) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  CountingResolver resolver;
  ResolverOptions options;
  options.forwarders = {"127.0.0.1@" + std::to_string(ntohs(address.sin_port))};
  auto screen = ScreenAsker::open(options, resolver);
  ASSERT_TRUE(screen.ok());
  EXPECT_EQ(ask(**screen, "1.0.0.127.bl.example").found, Found::yes);
  EXPECT_EQ(resolver.asked, 1);
  char packet[64];
  int seen = 0;
  while (::recv(fd, packet, sizeof packet, MSG_DONTWAIT) > 0) ++seen;
  EXPECT_EQ(seen, 2) << "sent again once";
  std::atomic<int> ended = 0;
  for (int i = 0; i < 10; ++i) {
    (*screen)->ask({"1.0.0.127.bl.example", RecordType::a}, milliseconds(3000),
                   [&](const DnsAnswer&) { ++ended; });
  }
  screen->reset();
  EXPECT_EQ(ended, 10) << "nothing is left without an answer";
  ::close(fd);
}

TEST(ScreenAsker, OnlyTheAnswerToThisQuestionIsANo) {
  const std::string asked = dns_question_packet(7, {"2.0.0.127.bl.example", RecordType::a}, true);
  std::string answer = asked;
  EXPECT_FALSE(read_dns_negative(answer, asked)) << "a question is no answer";
  answer[2] = static_cast<char>(0x85);
  answer[3] = static_cast<char>(0x83);
  EXPECT_EQ(read_dns_negative(answer, asked), std::chrono::seconds(0));
  const auto changed = [&](std::size_t at, int value) {
    std::string other = answer;
    other[at] = static_cast<char>(value);
    return read_dns_negative(other, asked).has_value();
  };
  EXPECT_FALSE(changed(0, 1)) << "another number";
  EXPECT_FALSE(changed(3, 0x82)) << "the server failed";
  EXPECT_FALSE(changed(3, 0x80)) << "no error, but no SOA either: a referral";
  EXPECT_FALSE(changed(2, 0x87)) << "cut";
  EXPECT_FALSE(changed(7, 1)) << "it has an answer";
  EXPECT_FALSE(changed(13, '3')) << "another name";
  EXPECT_FALSE(read_dns_negative(answer.substr(0, 20), asked));
  EXPECT_TRUE(dns_question_packet(7, {std::string(300, 'a'), RecordType::a}, true).empty());
}

}  // namespace
}  // namespace leumund::net
