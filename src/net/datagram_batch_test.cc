// Datagrams in batches, over real sockets.
#include "net/datagram_batch.h"

#include <gtest/gtest.h>

namespace leumund::net {
namespace {

TEST(datagram_batch, gives_back_to_each_sender_what_was_written_for_it) {
  auto batch = DatagramBatch::open(SocketAddress(base::IpAddress::v4(0x7f000001), 0));
  ASSERT_TRUE(batch.ok());
  std::vector<Descriptor> senders;
  for (std::uint8_t i = 0; i < 100; ++i) {
    senders.emplace_back(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto& where = (*batch)->bound();
    ASSERT_EQ(::connect(senders.back().get(), where.get(), where.size()), 0);
    ASSERT_EQ(::send(senders.back().get(), &i, 1, 0), 1);
  }
  for (std::size_t seen = 0; seen < 100;) {
    const std::size_t got = (*batch)->receive();
    ASSERT_GT(got, 0U);
    for (std::size_t i = 0; i < got; ++i) {
      ASSERT_EQ((*batch)->datagram(i).size(), 1U);
      EXPECT_EQ((*batch)->peer(i).ip().to_string(), "127.0.0.1");
      const std::uint8_t number = (*batch)->datagram(i)[0];
      (*batch)->room(i)[1] = static_cast<std::uint8_t>(number + 1);
      if (number != 50) (*batch)->reply(i, 2);  // one gets no answer
    }
    (*batch)->send();
    seen += got;
  }
  for (std::uint8_t i = 0; i < 100; ++i) {
    std::array<std::uint8_t, 4> answer{};
    const ssize_t got = ::recv(senders[i].get(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (i == 50) {
      EXPECT_LT(got, 0);
      continue;
    }
    ASSERT_EQ(got, 2);
    EXPECT_EQ(answer[0], i);
    EXPECT_EQ(answer[1], i + 1);
  }
}

// `count` datagrams of one socket, of two lengths, and what came back for each.
void ask_and_compare(DatagramBatch& batch, const Descriptor& sender, std::uint8_t count) {
  for (std::uint8_t i = 0; i < count; ++i) {
    const std::vector<std::uint8_t> bytes(i % 5 == 0 ? 20 : 10, i);
    ASSERT_GT(::send(sender.get(), bytes.data(), bytes.size(), 0), 0);
  }
  for (std::size_t seen = 0; seen < count;) {
    const std::size_t got = batch.receive();
    ASSERT_GT(got, 0U);
    for (std::size_t i = 0; i < got; ++i) {
      batch.room(i)[0] ^= 0xff;
      batch.reply(i, batch.datagram(i).size());
    }
    batch.send();
    seen += got;
  }
  std::vector<bool> answered(count);
  for (int i = 0; i < count; ++i) {
    std::array<std::uint8_t, 64> answer{};
    const ssize_t got = ::recv(sender.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    ASSERT_GT(got, 0);
    EXPECT_EQ(got, answer[1] % 5 == 0 ? 20 : 10);
    EXPECT_EQ(answer[0], answer[1] ^ 0xff);
    EXPECT_FALSE(answered.at(answer[1]));
    answered.at(answer[1]) = true;
  }
}

TEST(datagram_batch, answers_to_one_place_go_together_and_arrive_one_by_one) {
  for (const auto& where : {SocketAddress(base::IpAddress::v4(0x7f000001), 0),
                            SocketAddress(*base::IpAddress::parse("::1"), 0)}) {
    auto batch = DatagramBatch::open(where);
    ASSERT_TRUE(batch.ok());
    const Descriptor sender(::socket(where.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto& bound = (*batch)->bound();
    ASSERT_EQ(::connect(sender.get(), bound.get(), bound.size()), 0);
    for (int round = 0; round < 3; ++round) ask_and_compare(**batch, sender, 150);
    EXPECT_GT((*batch)->joined(), 0U);
    EXPECT_EQ((*batch)->unsent(), 0U);
  }
}

TEST(datagram_batch, what_the_system_does_not_cut_goes_singly) {
  auto batch = DatagramBatch::open(SocketAddress(base::IpAddress::v4(0x7f000001), 0));
  ASSERT_TRUE(batch.ok());
  const int on = 1;  // segments need checksums
  ASSERT_EQ(setsockopt((*batch)->fd(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
  const Descriptor sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto& bound = (*batch)->bound();
  ASSERT_EQ(::connect(sender.get(), bound.get(), bound.size()), 0);
  ask_and_compare(**batch, sender, 100);
  EXPECT_EQ((*batch)->joined(), 0U);
  EXPECT_EQ((*batch)->unsent(), 0U);
}

TEST(datagram_batch, each_answer_leaves_from_the_address_that_was_asked) {
  auto batch = DatagramBatch::open(SocketAddress(base::IpAddress::v4(0), 0));
  ASSERT_TRUE(batch.ok());
  const Descriptor sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  constexpr std::size_t count = 60;
  for (std::uint8_t i = 0; i < count; ++i) {
    const SocketAddress asked(base::IpAddress::v4(0x7f000001U + i % 3), (*batch)->bound().port());
    ASSERT_EQ(::sendto(sender.get(), &i, 1, 0, asked.get(), asked.size()), 1);
  }
  for (std::size_t seen = 0; seen < count;) {
    const std::size_t got = (*batch)->receive();
    ASSERT_GT(got, 0U);
    for (std::size_t i = 0; i < got; ++i) (*batch)->reply(i, 1);
    (*batch)->send();
    seen += got;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t number = 0;
    sockaddr_in from{};
    socklen_t size = sizeof from;
    ASSERT_EQ(::recvfrom(sender.get(), &number, 1, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from),
                         &size),
              1);
    EXPECT_EQ(ntohl(from.sin_addr.s_addr), 0x7f000001U + number % 3);
  }
  EXPECT_GT((*batch)->joined(), 0U);
}

TEST(datagram_batch, says_which_datagram_is_cut) {
  auto batch = DatagramBatch::open(SocketAddress(base::IpAddress::v4(0x7f000001), 0));
  ASSERT_TRUE(batch.ok());
  const Descriptor sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto& where = (*batch)->bound();
  ASSERT_EQ(::connect(sender.get(), where.get(), where.size()), 0);
  const std::vector<char> large(2000);
  ASSERT_EQ(::send(sender.get(), large.data(), large.size(), 0), 2000);
  ASSERT_EQ((*batch)->receive(), 1U);
  EXPECT_TRUE((*batch)->cut(0));
}

TEST(datagram_batch, several_share_a_port_and_a_taken_address_is_named) {
  auto first = DatagramBatch::open(SocketAddress(base::IpAddress::v4(0x7f000001), 0));
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(DatagramBatch::open((*first)->bound()).ok());
  const auto foreign = DatagramBatch::open(SocketAddress(base::IpAddress::v4(0xc0000201), 1));
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.error().message.find("192.0.2.1/1"), std::string::npos);
}

}  // namespace
}  // namespace leumund::net
