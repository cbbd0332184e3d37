#include "wire/flow_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

base::TimePoint at(const char* text) { return base::parse_rfc3339(text).value(); }

constexpr const char* old_titles = "ts,te,td,sa,da,sp,dp,pr,flg\n";

TEST(FlowFile, FlowsToPort25AreCountedBySender) {
  const auto read = read_flow_file(
      std::string("# covers 192.0.2.0/24 2026-11-22T21:00:00Z 2026-11-22T22:00:00Z\n") +
      old_titles +
      "2026-11-22 21:54:18,2026-11-22 21:54:21,3.000,192.0.2.7,203.0.113.9,40000,25,TCP,...AP.SF\n"
      "2026-11-22 21:14:18,2026-11-22 21:14:21,3.000,192.0.2.7,203.0.113.9,40001,25,TCP,...AP.SF\n"
      "2026-11-22 21:55:58,2026-11-22 21:55:58,0.000,192.0.2.8,203.0.113.9,0,2048,ICMP,......\n"
      "2026-11-22 21:55:58,2026-11-22 21:55:58,0.000,192.0.2.8,203.0.113.9,9,443,TCP,......\n"
      "2026-11-22 21:55:58,2026-11-22 21:55:58,0.000,203.0.113.9,192.0.2.8,25,9999,TCP,......\n"
      "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n3,1200,20,96,0,60\n\n");
  ASSERT_TRUE(read.ok()) << read.error().message;
  const FlowSender seven{*base::IpAddress::parse("192.0.2.7"), 2, at("2026-11-22T21:14:18Z"),
                         at("2026-11-22T21:54:21Z")};
  EXPECT_THAT(read->senders, ElementsAre(seven));
  ASSERT_EQ(read->covers.size(), 1U);
  EXPECT_EQ(read->covers.front().network.to_string(), "192.0.2.0/24");
  EXPECT_EQ(read->covers.front().until, at("2026-11-22T22:00:00Z"));
  EXPECT_EQ(read->bad, 0U);
}

TEST(FlowFile, ColumnsOfLaterVersionsAreToldByTheirTitles) {
  const auto read = read_flow_file(
      "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
      "2026-11-20 10:00:00.500,63.500,TCP,2001:db8::7,40000,2001:db8:f::1,25,10,600,1\n"
      "2026-11-20 10:00:00.500,00:01:00.000,6,192.0.2.7,40000,203.0.113.1,25,10,600,1\n"
      "2026-11-20 10:00:00.123,0.000,ICMP,192.0.2.7,0,203.0.113.1,8.0,10,600,1\n");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_THAT(read->problems, IsEmpty());
  ASSERT_EQ(read->senders.size(), 2U);
  EXPECT_EQ(read->senders[0].last - read->senders[0].first,
            read->senders[0].address.is_v4() ? std::chrono::seconds(60)
                                             : std::chrono::milliseconds(63'500));
}

TEST(FlowFile, BadLinesAreNamedAndTheOthersTaken) {
  const auto read = read_flow_file(
      std::string("# covers 192.0.2.0/24 2026-11-22T22:00:00Z 2026-11-22T21:00:00Z\n") +
      old_titles +
      "2026-11-22 21:54:18,2026-11-22 21:54:21,3.000,192.0.2.7,203.0.113.9,40000,25,TCP\n"
      "2026-11-22 21:54:18,2026-11-22 21:54:21,3.000,192.0.2.300,203.0.113.9,40000,25,TCP\n"
      "2026-11-22 21:54:18,2026-11-22 21:54:21,3.000,192.0.2.8,0.0.0.0,0,0,TCP\n"
      "2026-11-22 21:54:18,2026-11-22 21:54:21,3.000,192.0.2.8,0.0.0.0,0,0,0\n"
      "yesterday,today,3.000,192.0.2.8,203.0.113.9,40000,25,TCP\n"
      "2026-11-22 21:5\n");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->senders.size(), 1U);
  EXPECT_THAT(read->problems,
              ElementsAre(HasSubstr("line 1: ends before it begins"),
                          HasSubstr("line 4: no address: '192.0.2.300'"),
                          HasSubstr("line 5: no port (-A leaves it out): '0'"),
                          HasSubstr("line 6: no protocol"), HasSubstr("line 7: no time"),
                          HasSubstr("line 8: no protocol")));
  EXPECT_EQ(read->bad, 6U);
}

TEST(FlowFile, SaysNothingWhereThereWasNothing) {
  const std::string cover = "# covers 192.0.2.0/24 2026-11-01T00:00:00Z 2026-11-02T00:00:00Z\n";
  for (const std::string& none :
       {cover + "No matching flows\n", cover + old_titles + "No matching flows\nSummary\na\n0\n"}) {
    const auto read = read_flow_file(none);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_THAT(read->senders, IsEmpty());
    EXPECT_EQ(read->covers.size(), 1U);
    EXPECT_EQ(read->bad, 0U);
  }
}

TEST(FlowFile, IsRefusedWholeWithoutTitlesOrWithTooMuch) {
  for (const std::string& text :
       {std::string(), std::string("Date first seen   Duration Proto\n"),
        std::string(
            "2026-11-22 21:54:18,2026-11-22 21:54:21,3.000,192.0.2.7,203.0.113.9,4,25\n")}) {
    EXPECT_FALSE(read_flow_file(text).ok()) << text;
  }
  std::string many = old_titles;
  for (int i = 0; i <= 100'000; ++i) {
    many += "2026-11-22 21:54:18,2026-11-22 21:54:21,3.000,10." + std::to_string(i >> 16) + "." +
            std::to_string((i >> 8) & 255) + "." + std::to_string(i & 255) + ",2.2.2.2,4,25,TCP\n";
  }
  const auto read = read_flow_file(many);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, base::ErrorCode::too_large);
}

}  // namespace
}  // namespace leumund::wire
