// The server over real sockets: changes while it runs, the response limit, TCP, both families.
#include "face/dns_list_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "listing/ask.h"
#include "listing/live_list.h"
#include "net/descriptor.h"

namespace leumund::face {
namespace {

using namespace std::chrono_literals;
using base::IpAddress;

std::vector<std::uint8_t> question(std::string_view name, std::uint8_t type = 1) {
  std::vector<std::uint8_t> out = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const std::string bytes = wire::DnsName::parse(name)->bytes();
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.insert(out.end(), {0, type, 0, 1});
  return out;
}

// The answer; empty when there is none in time.
std::vector<std::uint8_t> ask_at(const net::SocketAddress& where,
                                 const std::vector<std::uint8_t>& packet,
                                 std::chrono::milliseconds patience = 5s) {
  const net::Descriptor fd(::socket(where.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval wait{patience / 1s, (patience % 1s) / 1us};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  if (::connect(fd.get(), where.get(), where.size()) != 0) return {};
  if (::send(fd.get(), packet.data(), packet.size(), 0) < 0) return {};
  std::vector<std::uint8_t> answer(4096);
  const ssize_t got = ::recv(fd.get(), answer.data(), answer.size(), 0);
  answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return answer;
}

std::shared_ptr<const listing::ZoneSet> zones_of(const listing::LiveList& list) {
  listing::ZonePlan plan;
  plan.name = *wire::DnsName::parse("bl.ex");
  plan.datasets = list.datasets();
  return std::make_shared<const listing::ZoneSet>(std::vector{plan}, nullptr,
                                                  listing::ZoneSetOptions{});
}

std::unique_ptr<DnsListServer> open_server(std::vector<net::SocketAddress> where,
                                           listing::ResponseLimitSettings limit = {}) {
  DnsListServerOptions options;
  options.addresses = std::move(where);
  options.threads = 2;
  options.responder.version = "test";
  options.responder.limit = limit;
  options.responder.count_addresses = true;
  // The port that the system gives for UDP may be taken for TCP.
  for (int tries = 0; tries < 20; ++tries) {
    auto server = DnsListServer::open(options);
    if (server.ok()) return std::move(*server);
  }
  return nullptr;
}

const net::SocketAddress loopback(IpAddress::v4(0x7f000001), 0);

TEST(dns_list_server, a_change_is_answered_within_a_tenth_of_a_second) {
  listing::LiveList list({}, {}, {});
  const auto server = open_server({loopback});
  ASSERT_TRUE(server);
  server->start(zones_of(list));
  const auto& where = server->bound()[0];
  EXPECT_EQ(ask_at(where, question("1.2.0.192.bl.ex")).at(3), 3);
  for (int round = 0; round < 4; ++round) {
    const bool listed = round % 2 == 0;
    const auto begun = std::chrono::steady_clock::now();
    const listing::ListChange change[] = {
        {*base::IpPrefix::parse("192.0.2.1"),
         listed ? std::optional(listing::ListChange::Value{}) : std::nullopt}};
    list.change(change, 1);
    server->publish(zones_of(list));
    EXPECT_EQ(ask_at(where, question("1.2.0.192.bl.ex")).at(3), listed ? 0 : 3);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 100ms);
  }
  EXPECT_EQ(server->counters().at(0).queries, 5U);
  // Who asked is counted behind the answer.
  for (int tries = 0; tries < 5000 && server->clients(5).at(0).queries < 5; ++tries) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(server->clients(5).at(0).queries, 5U);
  const auto asked = server->take_addresses();
  ASSERT_EQ(asked.size(), 1U);
  ASSERT_EQ(asked[0].size(), 1U);
  EXPECT_EQ(asked[0][0].address.to_string(), "192.0.2.1");
  EXPECT_EQ(asked[0][0].listed, 2U);
}

TEST(dns_list_server, answers_on_ipv6_and_from_the_address_that_was_asked) {
  listing::LiveList list({}, {}, {});
  const auto server = open_server(
      {net::SocketAddress(IpAddress::v4(0), 0), net::SocketAddress(*IpAddress::parse("::1"), 0)});
  ASSERT_TRUE(server);
  server->start(zones_of(list));
  // A connected socket takes an answer from the address it asked only.
  const net::SocketAddress other(IpAddress::v4(0x7f000005), server->bound()[0].port());
  EXPECT_EQ(ask_at(other, question("2.0.0.127.bl.ex")).at(7), 1);
  EXPECT_EQ(ask_at(server->bound()[1], question("2.0.0.127.bl.ex")).at(7), 1);
}

TEST(dns_list_server, beyond_the_limit_a_client_is_told_to_come_by_tcp) {
  listing::LiveList list({}, {}, {0x7f000002, std::string(250, 'x')});
  const auto server =
      open_server({loopback}, {.excess_per_second = 1, .burst_seconds = 1, .slip = 1});
  ASSERT_TRUE(server);
  server->start(zones_of(list));
  const auto packet = question("2.0.0.127.bl.ex", 16);
  const auto cut = ask_at(server->bound()[0], packet);
  ASSERT_EQ(cut.size(), packet.size());
  EXPECT_EQ(cut[2] & 0x02, 0x02);
  const net::Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(fd.get(), server->bound()[0].get(), server->bound()[0].size()), 0);
  std::vector<std::uint8_t> framed = {0, static_cast<std::uint8_t>(packet.size())};
  framed.insert(framed.end(), packet.begin(), packet.end());
  ASSERT_EQ(::send(fd.get(), framed.data(), framed.size(), 0), static_cast<ssize_t>(framed.size()));
  std::vector<std::uint8_t> answer(1024);
  const ssize_t got = ::recv(fd.get(), answer.data(), answer.size(), 0);
  ASSERT_GT(got, 280);
  EXPECT_EQ(answer[2 + 2] & 0x02, 0);
}

TEST(dns_list_server, garbage_is_survived_and_counted) {
  listing::LiveList list({}, {}, {});
  const auto server = open_server({loopback});
  ASSERT_TRUE(server);
  server->start(zones_of(list));
  const auto& where = server->bound()[0];
  EXPECT_TRUE(ask_at(where, {1, 2, 3}, 100ms).empty());
  EXPECT_TRUE(ask_at(where, std::vector<std::uint8_t>(1400, 0), 100ms).empty());
  EXPECT_EQ(ask_at(where, std::vector<std::uint8_t>(600, 0)).size(), 12U);
  EXPECT_EQ(ask_at(where, question("2.0.0.127.bl.ex")).at(7), 1);
  EXPECT_EQ(server->counters().back().errors, 2U);
}

}  // namespace
}  // namespace leumund::face
