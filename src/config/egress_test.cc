#include "config/egress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(Egress, ReadsWhatIsKnownOfIt) {
  const auto egress = parse_egress(
      "out1 address=192.0.2.25  address=2001:db8::25 helo=Mail.Example.org syslog_name=out/1");
  ASSERT_TRUE(egress.ok());
  EXPECT_EQ(egress->name, "out1");
  ASSERT_EQ(egress->addresses.size(), 2U);
  EXPECT_EQ(egress->helo, "mail.example.org");
  EXPECT_EQ(egress->syslog_name, "out/1");
  EXPECT_EQ(parse_egress("out2")->syslog_name, "postfix/out2");
}

TEST(Egress, SaysWhatIsWrong) {
  for (const char* text : {"", "  ", "Out 1", "out1 192.0.2.1", "out1 address=x", "out1 helo=a b",
                           "out1 address=192.0.2.1 address=192.0.2.2", "out1 colour=red",
                           "out1 syslog_name=a;b", "out\n1"}) {
    EXPECT_FALSE(parse_egress(text).ok()) << text;
  }
  EXPECT_THAT(parse_egress("out1 colour=red").error().message, HasSubstr("syslog_name"));
}

TEST(Egress, IsKnownByEveryNameThatALogOrReplyGivesIt) {
  EXPECT_THAT(egress_names({"out1 address=192.0.2.25 syslog_name=postfix/erster", "wrong one"}),
              ElementsAre(Pair("192.0.2.25", "out1"), Pair("erster", "out1"), Pair("out1", "out1"),
                          Pair("postfix/erster", "out1")));
}

TEST(OwnAddresses, AreThoseOfEgressesAndThoseThatAreWatchedEachOnce) {
  const auto own =
      own_addresses({"out1 address=192.0.2.25 address=2001:db8::25 helo=mx.example.org",
                     "no egress at all =", "out2 address=192.0.2.26", "relay"},
                    {"192.0.2.25", "198.51.100.1", "nonsense"});
  ASSERT_EQ(own.size(), 4U);
  EXPECT_EQ(own[0].address.to_string(), "192.0.2.25");
  EXPECT_EQ(own[0].egress, "out1");
  EXPECT_EQ(own[0].helo, "mx.example.org");
  EXPECT_TRUE(own[0].watched) << "named by both: the egress's, and watched";
  EXPECT_FALSE(own[1].watched);
  EXPECT_EQ(own[2].egress, "out2");
  EXPECT_EQ(own[3].address.to_string(), "198.51.100.1");
  EXPECT_EQ(own[3].egress, "");
  EXPECT_TRUE(own[3].watched);
}

}  // namespace
}  // namespace leumund::config
