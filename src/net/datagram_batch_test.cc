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
