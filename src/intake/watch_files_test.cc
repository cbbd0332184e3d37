#include "intake/watch_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::intake {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(WatchFiles, KeysAreReadAndNeverShown) {
  const auto keys =
      parse_list_keys("# ours\nspamhaus-dqs abcdefgh12345678\n\nabusix 0123456789 # x\n");
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->at("spamhaus-dqs"), "abcdefgh12345678");
  EXPECT_EQ(keys->size(), 2U);
  const auto wrong = parse_list_keys("spamhaus-dqs abcdefgh.evil.example\n");
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("line 1"));
  EXPECT_THAT(wrong.error().message, Not(HasSubstr("evil")));
  EXPECT_FALSE(parse_list_keys("alone\n").ok());
}

TEST(WatchFiles, TheNarrowestCounterProvesThatNothingWasSent) {
  const auto counters = parse_sent_counters(
      "10.0.0.0/8 77 2026-01-01T00:00:00Z\n10.1.2.0/24 0 2026-11-01T00:00:00Z\n");
  ASSERT_TRUE(counters.ok());
  EXPECT_EQ(sent_proof(*counters, "10.1.2.0/24"),
            "no packet to port 25 left 10.1.2.0/24 since 2026-11-01T00:00:00Z");
  EXPECT_THAT(sent_proof(*counters, "10.1.3.0/24"), HasSubstr("77 packets"));
  EXPECT_EQ(unsent_since(sent_proof(*counters, "10.1.2.0/24")),
            base::parse_rfc3339("2026-11-01T00:00:00Z").value());
  EXPECT_FALSE(unsent_since(sent_proof(*counters, "10.1.3.0/24"))) << "some were sent";
  EXPECT_FALSE(unsent_since(""));
  EXPECT_EQ(sent_proof(*counters, "192.0.2.0/24"), "");
  EXPECT_EQ(sent_proof(*counters, "example.org"), "");
  EXPECT_EQ(sent_proof({{*base::IpPrefix::parse("10.1.2.0/24"), 0, {}}}, "10.1.0.0/16"), "")
      << "a part proves nothing of the whole";
  for (const char* wrong : {"x 0 2026-01-01T00:00:00Z", "10.0.0.0/8 -1 2026-01-01T00:00:00Z",
                            "10.0.0.0/8 0", "10.0.0.0/8 0 yesterday"}) {
    EXPECT_FALSE(parse_sent_counters(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace leumund::intake
