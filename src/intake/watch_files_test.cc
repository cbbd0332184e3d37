#include "intake/watch_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::intake {
namespace {

using testing::HasSubstr;
using testing::Not;

base::TimePoint at(const char* text) { return base::parse_rfc3339(text).value(); }

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
      "10.0.0.0/8 77 2026-01-01T00:00:00Z\n10.1.2.0/24 0 2026-11-01T00:00:00Z\n"
      "10.1.4.0/24 0 2026-11-30T00:00:00Z\n",
      at("2026-11-22T00:00:00Z"));
  ASSERT_TRUE(counters.ok());
  EXPECT_EQ(sent_proof(*counters, {}, "10.1.2.0/24"),
            "no packet to port 25 left 10.1.2.0/24 between 2026-11-01T00:00:00Z "
            "and 2026-11-22T00:00:00Z");
  EXPECT_THAT(sent_proof(*counters, {}, "10.1.4.0/24"), HasSubstr("77 packets"))
      << "what begins behind the writing was not counted";
  EXPECT_THAT(sent_proof(*counters, {}, "10.1.3.0/24"), HasSubstr("77 packets"));
  EXPECT_EQ(unsent_time(sent_proof(*counters, {}, "10.1.2.0/24")),
            (UnsentTime{at("2026-11-01T00:00:00Z"), at("2026-11-22T00:00:00Z"), true}));
  EXPECT_FALSE(unsent_time("no packet to port 25 left 10.1.2.0/24 since 2026-11-01T00:00:00Z"))
      << "until when, nobody knows";
  EXPECT_FALSE(unsent_time(sent_proof(*counters, {}, "10.1.3.0/24"))) << "some were sent";
  EXPECT_FALSE(unsent_time(""));
  EXPECT_EQ(sent_proof(*counters, {}, "192.0.2.0/24"), "");
  EXPECT_EQ(sent_proof(*counters, {}, "example.org"), "");
  EXPECT_EQ(sent_proof({{*base::IpPrefix::parse("10.1.2.0/24"), 0, {}, {}}}, {}, "10.1.0.0/16"), "")
      << "a part proves nothing of the whole";
  for (const char* wrong : {"x 0 2026-01-01T00:00:00Z", "10.0.0.0/8 -1 2026-01-01T00:00:00Z",
                            "10.0.0.0/8 0", "10.0.0.0/8 0 yesterday"}) {
    EXPECT_FALSE(parse_sent_counters(wrong, at("2026-11-22T00:00:00Z")).ok()) << wrong;
  }
}

TEST(WatchFiles, AnyPacketThatWasCountedInAPlaceOutweighsAZero) {
  const auto proof = [](const char* lines, const char* place) {
    const auto counters = parse_sent_counters(lines, at("2026-11-22T00:00:00Z"));
    EXPECT_TRUE(counters.ok());
    return sent_proof(*counters, {}, place);
  };
  const auto place = "198.51.100.0/24";
  EXPECT_THAT(proof("198.51.100.0/24 0 2026-11-01T00:00:00Z\n"
                    "198.51.100.9/24 500 2026-11-03T00:00:00Z\n",
                    place),
              HasSubstr("500 packets to port 25 left 198.51.100.0/24 between 2026-11-01"))
      << "two rules of one network";
  const auto within =
      "198.51.100.0/24 0 2026-11-01T00:00:00Z\n198.51.100.77 44 2026-11-02T00:00:00Z\n"
      "198.51.0.0/16 44 2026-11-02T00:00:00Z\n";
  EXPECT_THAT(proof(within, place),
              HasSubstr("44 packets to port 25 left 198.51.100.77/32 between 2026-11-02"));
  EXPECT_THAT(proof(within, "198.51.100.7"), HasSubstr("no packet to port 25 left 198.51.100.0/24"))
      << "of its neighbour, not of it";
  EXPECT_THAT(proof("198.51.100.0/24 0 2026-11-01T00:00:00Z\n"
                    "198.51.100.0/24 0 2026-11-03T00:00:00Z\n",
                    place),
              HasSubstr("no packet to port 25 left 198.51.100.0/24 between 2026-11-03"))
      << "silent while both counted";
}

constexpr const char* flows_of_november =
    "# covers 192.0.2.0/24 2026-11-01T00:00:00Z 2026-11-05T00:00:00Z\n"
    "# covers 192.0.2.0/24 2026-11-10T00:00:00Z 2026-11-12T00:00:00Z\n"
    "# covers 192.0.0.0/16 2026-11-12T00:00:00Z 2026-11-20T00:00:00Z\n"
    "ts,te,sa,dp,pr\n"
    "2026-11-11 08:00:00,2026-11-11 08:00:09,192.0.2.7,25,TCP\n"
    "2026-11-13 08:00:00,2026-11-13 08:00:09,192.0.2.7,25,TCP\n"
    "2026-11-12 08:00:00,2026-11-12 08:00:09,192.0.2.130,25,TCP\n";

TEST(WatchFiles, FlowDataNameWhoHasSentAndProveSilenceOnlyForTheTimeTheyCover) {
  auto flows = wire::read_flow_file(flows_of_november);
  ASSERT_TRUE(flows.ok());
  EXPECT_EQ(sent_proof({}, *flows, "192.0.2.7"),
            "2 flows to port 25 left 192.0.2.7 between 2026-11-11T08:00:00Z and "
            "2026-11-13T08:00:09Z: somebody sends from there past us");
  EXPECT_THAT(sent_proof({}, *flows, "192.0.2.0/24"),
              HasSubstr("3 flows to port 25 left 192.0.2.7, 192.0.2.130 between"));
  EXPECT_FALSE(unsent_time(sent_proof({}, *flows, "192.0.2.7")));

  // The fifth to the tenth nobody looked.
  const std::string silent = sent_proof({}, *flows, "192.0.2.64/26");
  EXPECT_EQ(silent,
            "no flow to port 25 left 192.0.2.64/26 between 2026-11-10T00:00:00Z and "
            "2026-11-20T00:00:00Z");
  const UnsentTime span{at("2026-11-10T00:00:00Z"), at("2026-11-20T00:00:00Z")};
  EXPECT_EQ(unsent_time(silent), span);
  EXPECT_EQ(sent_proof({}, *flows, "198.51.100.0/24"), "") << "nobody looked there";
  EXPECT_EQ(sent_proof({}, *flows, "192.0.0.0/8"),
            "3 flows to port 25 left 192.0.2.7, 192.0.2.130 "
            "between 2026-11-11T08:00:00Z and 2026-11-13T08:00:09Z: somebody sends from there past "
            "us");

  // A counter comes first; but flows that were seen outweigh it.
  const std::vector<SentCounter> counters = {{*base::IpPrefix::parse("192.0.2.0/24"), 0,
                                              at("2026-11-02T00:00:00Z"),
                                              at("2026-11-22T00:00:00Z")}};
  EXPECT_EQ(unsent_time(sent_proof(counters, *flows, "192.0.2.8")),
            (UnsentTime{at("2026-11-02T00:00:00Z"), at("2026-11-22T00:00:00Z"), true}));
  EXPECT_THAT(sent_proof(counters, *flows, "192.0.2.7"), HasSubstr("2 flows"));

  flows->bad = 1;
  EXPECT_EQ(sent_proof({}, *flows, "192.0.2.64/26"), "") << "the bad line may be from there";
  EXPECT_THAT(sent_proof({}, *flows, "192.0.2.7"), HasSubstr("2 flows"));
}

TEST(WatchFiles, WhatOurOwnServersSendSaysNothingOfTheirNeighbours) {
  const auto place = "192.0.2.0/24";
  const std::vector<base::IpAddress> own = {*base::IpAddress::parse("192.0.2.7"),
                                            *base::IpAddress::parse("192.0.2.130")};
  const auto flows = wire::read_flow_file(flows_of_november);
  ASSERT_TRUE(flows.ok());
  const std::string proof = sent_proof({}, *flows, place, own);
  EXPECT_EQ(proof,
            "no flow to port 25 left 192.0.2.0/24 except from our own servers between "
            "2026-11-10T00:00:00Z and 2026-11-20T00:00:00Z");
  EXPECT_EQ(unsent_time(proof),
            (UnsentTime{at("2026-11-10T00:00:00Z"), at("2026-11-20T00:00:00Z")}));
  EXPECT_THAT(sent_proof({}, *flows, place, {own.front()}), HasSubstr("left 192.0.2.130 between"));
  for (const char* line :
       {"192.0.2.0/24 500 2026-11-01T00:00:00Z", "192.0.0.0/16 0 2026-11-01T00:00:00Z"}) {
    const auto counters = parse_sent_counters(line, at("2026-11-22T00:00:00Z"));
    ASSERT_TRUE(counters.ok());
    EXPECT_EQ(sent_proof(*counters, {}, place, own), "") << line;
    EXPECT_EQ(sent_proof(*counters, *flows, place, own), proof) << line;
  }
}

TEST(WatchFiles, OfSeveralPlacesOnlyWhatHoldsOfAllIsSaid) {
  const UnsentTime early{at("2026-11-01T00:00:00Z"), at("2026-11-10T00:00:00Z")};
  const UnsentTime later{at("2026-11-05T00:00:00Z"), at("2026-11-20T00:00:00Z")};
  const UnsentTime apart{at("2026-11-15T00:00:00Z"), at("2026-11-20T00:00:00Z")};
  const UnsentTime counted{at("2026-11-05T00:00:00Z"), at("2026-11-20T00:00:00Z"), true};
  const UnsentTime both{later.since, early.until};
  EXPECT_EQ(unsent_in_both(early, later), both);
  EXPECT_FALSE(unsent_in_both(early, apart));
  EXPECT_FALSE(unsent_in_both(early, counted));
  const UnsentTime longer{at("2026-11-01T00:00:00Z"), at("2026-11-21T00:00:00Z"), true};
  EXPECT_EQ(unsent_in_both(counted, longer), counted);
}

}  // namespace
}  // namespace leumund::intake
