#include "wire/milter_packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leumund::wire {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::size_t most = 1 << 20;

TEST(MilterPacket, WaitsUntilAllOfItIsThere) {
  const std::string bytes = "\0\0\0\x06Hpc.x\0"s + "\0\0"s;
  for (std::size_t i = 0; i < 10; ++i) {
    const auto packet = next_milter_packet(std::string_view(bytes).substr(0, i), most);
    ASSERT_TRUE(packet.ok());
    EXPECT_FALSE(packet->has_value()) << i;
  }
  const auto packet = next_milter_packet(bytes, most);
  ASSERT_TRUE(packet.ok() && packet->has_value());
  EXPECT_EQ((*packet)->command, MilterCommand::helo);
  EXPECT_EQ((*packet)->data, "pc.x\0"s);
  EXPECT_EQ((*packet)->bytes, 10U);
}

TEST(MilterPacket, RefusesOneThatIsLongerThanAllowedBeforeItIsThere) {
  const auto packet = next_milter_packet("\x7f\0\0\0"s, most);
  ASSERT_FALSE(packet.ok());
  EXPECT_EQ(packet.error().code, base::ErrorCode::too_large);
  EXPECT_THAT(packet.error().message, HasSubstr("2130706432"));
  EXPECT_FALSE(next_milter_packet("\0\0\0\0"s, most).ok());
}

TEST(MilterPacket, ReadsWhatTheServerOffers) {
  const auto offer = read_milter_offer("\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"s);
  ASSERT_TRUE(offer.ok());
  EXPECT_EQ(offer->version, 6U);
  EXPECT_EQ(offer->actions, 0x1ffU);
  EXPECT_EQ(offer->steps, 0x1fffffU);
  EXPECT_FALSE(read_milter_offer("\0\0\0\x06"s).ok());
}

TEST(MilterPacket, TellsWhoConnected) {
  const std::string v4_bytes = "pc.example\0"s + "4\x30\x39"s + "192.0.2.7\0"s;
  const auto v4 = read_milter_connect(v4_bytes);
  ASSERT_TRUE(v4.ok());
  EXPECT_EQ(v4->host, "pc.example");
  EXPECT_EQ(v4->port, 12345);
  EXPECT_EQ(v4->address, base::IpAddress::parse("192.0.2.7"));
  const std::string v6_bytes = "pc\0"s + "6\0\0"s + "IPv6:2001:db8::1\0"s;
  const auto v6 = read_milter_connect(v6_bytes);
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->address, base::IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(v6->port, 0);
  const std::string local_bytes = "localhost\0L\0\0/run/x\0"s;
  const auto local = read_milter_connect(local_bytes);
  ASSERT_TRUE(local.ok());
  EXPECT_FALSE(local->address);
  for (const auto& broken :
       {""s, "pc"s, "pc\0"s, "pc\0"s + "4"s, "pc\0"s + "4\0\0"s + "192.0.2.7"s}) {
    EXPECT_FALSE(read_milter_connect(broken).ok()) << broken;
  }
}

TEST(MilterPacket, TakesAddressesOutOfTheirBrackets) {
  const auto address = [](const std::string& data) {
    const auto read = read_milter_address(data);
    return read ? std::string(*read) : "error";
  };
  EXPECT_EQ(address("<a@b.example>\0SIZE=1000\0BODY=8BITMIME\0"s), "a@b.example");
  EXPECT_EQ(address("<>\0"s), "");
  EXPECT_EQ(address("a@b.example\0"s), "a@b.example");
  EXPECT_EQ(address("<a@b.example>"s), "error");
}

TEST(MilterPacket, ReadsMacrosWithAndWithoutBraces) {
  std::vector<std::pair<std::string, std::string>> macros;
  const auto take = [&](std::string_view name, std::string_view value) {
    macros.emplace_back(name, value);
  };
  EXPECT_TRUE(read_milter_macros("Mi\0004XyZ\0{auth_authen}\0a@b.example\0"s, take));
  EXPECT_THAT(macros, ElementsAre(Pair("i", "4XyZ"), Pair("auth_authen", "a@b.example")));
  EXPECT_FALSE(read_milter_macros("Mi\0004XyZ\0{auth_authen}"s, take));
  EXPECT_FALSE(read_milter_macros("", take));
}

TEST(MilterPacket, ReadsAHeaderWithAnEmptyValue) {
  const std::string bytes = "Subject\0\0"s;
  const auto header = read_milter_header(bytes);
  ASSERT_TRUE(header.ok());
  EXPECT_THAT(*header, Pair("Subject", ""));
  EXPECT_FALSE(read_milter_header("Subject\0x"s).ok());
  EXPECT_FALSE(read_milter_header("Subject"s).ok());
}

TEST(MilterPacket, WritesRepliesThatCannotBreakTheProtocol) {
  std::string out;
  append_milter_reply("550 5.7.1 100 % sure\r\n250 ok\xc3\xa4", out);
  EXPECT_EQ(out, "\0\0\0\x21y550 5.7.1 100 %% sure??250 ok??\0"s);
  out.clear();
  append_milter_reply(std::string(5000, 'x'), out);
  EXPECT_EQ(out.size(), 4U + 1 + 400 + 1);
}

TEST(MilterPacket, WritesWhatLibmilterWrites) {
  std::string out;
  append_milter_offer({.version = 6, .actions = 0x21, .steps = 0x1080}, out);
  EXPECT_EQ(out, "\0\0\0\x0dO\0\0\0\x06\0\0\0\x21\0\0\x10\x80"s);
  out.clear();
  append_milter_insert_header("X-A", "b", out);
  EXPECT_EQ(out, "\0\0\0\x0bi\0\0\0\0X-A\0b\0"s);
  out.clear();
  append_milter_delete_header(2, "X-A", out);
  EXPECT_EQ(out, "\0\0\0\x0am\0\0\0\2X-A\0\0"s);
  out.clear();
  append_milter_quarantine("held: a\nb", out);
  EXPECT_EQ(out, "\0\0\0\x0bqheld: a?b\0"s);
  out.clear();
  append_milter_continue(out);
  append_milter_skip(out);
  append_milter_progress(out);
  append_milter_accept(out);
  EXPECT_EQ(out, "\0\0\0\x01"s + "c\0\0\0\x01"s + "s\0\0\0\x01"s + "p\0\0\0\x01"s + "a"s);
}

}  // namespace
}  // namespace leumund::wire
