#include "wire/provider_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/csv_line.h"
#include "wire/provider_values.h"

namespace leumund::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

base::TimePoint at(const char* text) { return base::parse_rfc3339(text).value(); }

TEST(CsvLine, QuotedFieldsMayHoldCommasAndQuotes) {
  EXPECT_THAT(split_csv("a, b ,\"c, \"\"d\"\"\" ,").value(), ElementsAre("a", "b", "c, \"d\"", ""));
  EXPECT_FALSE(split_csv("a,\"b"));
  EXPECT_FALSE(split_csv("a,\"b\"c,d"));
  EXPECT_FALSE(split_csv(std::string(64, ',')));
}

TEST(ProviderValues, DatesAndSharesAreReadAsTheyAreSpelled) {
  EXPECT_EQ(read_provider_date("8/3/2026 7:00 PM"), at("2026-08-03T19:00:00Z"));
  EXPECT_EQ(read_provider_date("12/31/2026 12:00 AM"), at("2026-12-31T00:00:00Z"));
  EXPECT_EQ(read_provider_date("8/3/2026 12:30 pm"), at("2026-08-03T12:30:00Z"));
  EXPECT_EQ(read_provider_date("2026-08-03"), at("2026-08-03T00:00:00Z"));
  EXPECT_EQ(read_provider_date("2026-08-03T19:00:05Z"), at("2026-08-03T19:00:05Z"));
  EXPECT_EQ(read_provider_date("20260803"), at("2026-08-03T00:00:00Z"));
  for (const char* text : {"", "8/3", "13/32/2026", "2026-02-30", "8/3/2026 13:00 PM", "8/3/2026 7",
                           "99999999", "8/3/12345", "x"}) {
    EXPECT_FALSE(read_provider_date(text)) << text;
  }
  EXPECT_DOUBLE_EQ(read_share("2.3%").value().value, 0.023);
  EXPECT_TRUE(read_share("< 0.1%").value().is_below);
  EXPECT_DOUBLE_EQ(read_share("< 0.1%").value().value, 0.001);
  EXPECT_DOUBLE_EQ(read_share("0.5").value().value, 0.5);
  for (const char* text : {"", "%", "101%", "-1%", "nan", "inf", "1.5", "0,1%"}) {
    EXPECT_FALSE(read_share(text)) << text;
  }
}

TEST(ProviderFile, SndsTellsColourComplaintsAndTraps) {
  const auto rows = read_provider_file(
      "192.0.2.25,8/3/2026 12:00 AM,8/3/2026 7:00 PM,1031,1000,1024,GREEN,< 0.1%,,,0,"
      "mail.example.org,a@example.org,\r\n"
      "192.0.2.26,8/3/2026 12:00 AM,8/3/2026 7:00 PM,900,900,880,RED,2.3%,8/3/2026 1:00 AM,"
      "8/3/2026 2:00 AM,4,mail2.example.org,,Blocked\n");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->kind, "snds");
  EXPECT_EQ(rows->bad, 0U);
  ASSERT_EQ(rows->figures.size(), 2U);
  const auto& green = rows->figures[0];
  EXPECT_EQ(green.place, "192.0.2.25");
  EXPECT_EQ(green.colour, "green");
  EXPECT_EQ(green.mails, 1024U);
  EXPECT_TRUE(green.share_is_below);
  EXPECT_EQ(green.until, at("2026-08-03T19:00:00Z"));
  const auto& red = rows->figures[1];
  EXPECT_EQ(red.colour, "red");
  EXPECT_EQ(red.trap_hits, 4U);
  EXPECT_DOUBLE_EQ(red.complaint_share.value(), 0.023);
  EXPECT_EQ(red.comment, "Blocked");
}

TEST(ProviderFile, StatusOfSndsTellsWhoIsBlocked) {
  const auto rows = read_provider_file(
      "192.0.2.26,192.0.2.26,Yes,\"Blocked due to user complaints, or other evidence\"\n"
      "192.0.2.32,192.0.2.63,No,\n");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->kind, "snds-status");
  ASSERT_EQ(rows->figures.size(), 2U);
  EXPECT_EQ(rows->figures[0].colour, "red");
  EXPECT_EQ(rows->figures[0].comment, "Blocked due to user complaints, or other evidence");
  EXPECT_EQ(rows->figures[1].place, "192.0.2.32-192.0.2.63");
}

TEST(ProviderFile, GooglesFiguresAreOfDomainsAndOfSampleAddresses) {
  const auto rows = read_provider_file(R"({"trafficStats":[{
    "name":"domains/example.org/trafficStats/20261120","userReportedSpamRatio":0.004,
    "domainReputation":"LOW","spfSuccessRatio":0.995,"dkimSuccessRatio":1.0,
    "ipReputations":[{"reputation":"BAD","ipCount":"1","sampleIps":["192.0.2.26"]}],
    "deliveryErrors":[{"errorClass":"TEMPORARY_ERROR","errorType":"RATE_LIMIT_EXCEEDED",
                       "errorRatio":0.02}]},
    {"name":"nothing"}]})");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->kind, "postmaster");
  ASSERT_EQ(rows->figures.size(), 2U);
  EXPECT_EQ(rows->figures[0].place, "example.org");
  EXPECT_EQ(rows->figures[0].colour, "yellow");
  EXPECT_DOUBLE_EQ(rows->figures[0].complaint_share.value(), 0.004);
  EXPECT_EQ(rows->figures[0].comment, "SPF 99.5 %, DKIM 100.0 %, RATE_LIMIT_EXCEEDED 2.0 %");
  EXPECT_EQ(rows->figures[1].place, "192.0.2.26");
  EXPECT_EQ(rows->figures[1].colour, "red");
  EXPECT_EQ(rows->figures[1].from, at("2026-11-20T00:00:00Z"));
  EXPECT_EQ(rows->bad, 1U);
  EXPECT_THAT(rows->problems, ElementsAre(HasSubstr("entry 2")));
}

TEST(ProviderFile, SummariesAreReadByTheirTitles) {
  const auto rows = read_provider_file(
      "\xef\xbb\xbf"
      "Date,Mailbox Provider,Source_IP,Delivered,Complaints,Note\n"
      "2026-11-20,Yahoo,192.0.2.25,\"20,000\",12,x\n"
      "2026-11-21,Yahoo,192.0.2.25,0,0,\n");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->kind, "fbl");
  ASSERT_EQ(rows->figures.size(), 2U);
  EXPECT_EQ(rows->figures[0].complaints, 12U);
  EXPECT_EQ(rows->figures[0].mails, 20'000U);
  EXPECT_DOUBLE_EQ(rows->figures[0].complaint_share.value(), 0.0006);
  EXPECT_EQ(rows->figures[0].reporter, "Yahoo");
  EXPECT_FALSE(rows->figures[1].complaint_share);
}

TEST(ProviderFile, BadLinesAreNamedAndTheOthersTaken) {
  const auto rows = read_provider_file(
      "192.0.2.25,192.0.2.25,No,\n"
      "nonsense\n"
      "192.0.2.26,192.0.2.26,Perhaps,\n"
      "192.0.2.27,192.0.2.27,\"Yes,\n"
      "192.0.2.28,192.0.2.28,Yes,\n");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->figures.size(), 2U);
  EXPECT_EQ(rows->bad, 3U);
  EXPECT_THAT(rows->problems, ElementsAre(HasSubstr("line 2: no addresses: 'nonsense'"),
                                          HasSubstr("line 3: neither Yes nor No: 'Perhaps'"),
                                          HasSubstr("line 4: is no CSV")));
}

TEST(ProviderFile, WhatIsNoFileOfAProviderSaysSo) {
  EXPECT_FALSE(read_provider_file("hello world\n"));
  EXPECT_FALSE(read_provider_file("{\"a\":1}"));
  EXPECT_FALSE(read_provider_file("{"));
  EXPECT_FALSE(read_provider_file("Date,Complaints\n"));
  EXPECT_FALSE(read_provider_file(std::string(provider_file_bytes_max + 1, 'x')));
  const auto empty = read_provider_file("\r\n");
  ASSERT_TRUE(empty) << "SNDS sends nothing where nothing was seen";
  EXPECT_TRUE(empty->figures.empty());
}

}  // namespace
}  // namespace leumund::wire
