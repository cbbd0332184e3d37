// What bounds memory and amplification.
#include <gtest/gtest.h>

#include "listing/question_cap.h"
#include "listing/response_limit.h"
#include "listing/top_counts.h"

namespace leumund::listing {
namespace {

using base::IpAddress;
using Verdict = ResponseLimit::Verdict;

TEST(response_limit, a_network_gets_its_credit_and_then_every_second_answer_cut) {
  ResponseLimit limit({.excess_per_second = 1000, .burst_seconds = 2, .slip = 2});
  const IpAddress client = IpAddress::v4(0xc0000201);
  int sent = 0;
  while (limit.judge(client, 40, 140, 0) == Verdict::send) ++sent;
  EXPECT_EQ(sent, 20);
  // Its neighbour has no credit of its own; the first refusal above was a drop.
  EXPECT_EQ(limit.judge(IpAddress::v4(0xc00002ff), 40, 140, 0), Verdict::truncate);
  EXPECT_EQ(limit.judge(client, 40, 140, 0), Verdict::drop);
  EXPECT_EQ(limit.judge(IpAddress::v4(0xc0000301), 40, 140, 0), Verdict::send);
  EXPECT_EQ(limit.judge(client, 40, 40, 0), Verdict::send);         // no gain for an attacker
  EXPECT_EQ(limit.judge(client, 40, 140, 100'000), Verdict::send);  // 100 bytes later
  EXPECT_EQ(limit.judge(client, 40, 140, 100'000), Verdict::drop);
}

TEST(response_limit, what_leaves_in_a_second_is_bounded) {
  ResponseLimit limit({.excess_per_second = 10'000, .burst_seconds = 1, .slip = 2});
  const IpAddress victim = IpAddress::v4(0x01020304);
  std::size_t excess = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    if (limit.judge(victim, 50, 350, i * 100) == Verdict::send) excess += 300;
  }
  EXPECT_LE(excess, 10'000U * 11);  // the burst and ten seconds
  EXPECT_GE(excess, 10'000U * 10);
}

TEST(response_limit, a_flood_of_networks_takes_no_memory_and_leaves_busy_ones_limited) {
  ResponseLimit limit({.excess_per_second = 100, .burst_seconds = 1, .slip = 0});
  const IpAddress busy = IpAddress::v4(0x01020304);
  int sent = 0;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    (void)limit.judge(IpAddress::v4(i << 8), 40, 90, i * 10);
    if (limit.judge(busy, 40, 140, i * 10) == Verdict::send) ++sent;
  }
  EXPECT_LT(sent, 20);  // two seconds at one a second, some times pushed out
}

TEST(response_limit, nobody_can_choose_who_pushes_a_victim_out) {
  // Without a key these four share the victim's place, and once gave it new credit.
  ResponseLimit limit(
      {.excess_per_second = 1000, .burst_seconds = 1, .slip = 0, .key = base::HashKey::random()});
  const IpAddress victim = *IpAddress::parse("203.0.113.7");
  while (limit.judge(victim, 40, 140, 0) == Verdict::send) {
  }
  for (const char* other : {"1.13.77.1", "1.27.246.1", "1.32.52.1", "1.35.220.1"}) {
    (void)limit.judge(*IpAddress::parse(other), 40, 41, 1000);
  }
  EXPECT_EQ(limit.judge(victim, 40, 140, 2000), Verdict::drop);
}

TEST(response_limit, zero_switches_it_off) {
  ResponseLimit limit({.excess_per_second = 0});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(limit.judge(IpAddress::v4(1), 1, 60'000, 0), Verdict::send);
  }
}

TEST(question_cap, who_asks_about_himself_makes_no_busy_server) {
  QuestionCap cap(100, {});
  const IpAddress bot = IpAddress::v4(0xcb007109);
  const auto count = [&](std::uint32_t client, std::uint64_t at) {
    int counted = 0;
    for (int i = 0; i < 5000; ++i) counted += cap.take(IpAddress::v4(client), bot, 0, at) ? 1 : 0;
    return counted;
  };
  EXPECT_EQ(count(0x08080808, 0), 100);
  EXPECT_EQ(count(0x080808ff, 0), 0) << "the same network";
  EXPECT_EQ(count(0x09080808, 0), 100) << "another one";
  EXPECT_TRUE(cap.take(IpAddress::v4(0x08080808), bot, 1, 0)) << "another zone";
  EXPECT_EQ(count(0x08080808, 86'400'000'000), 100) << "the next day";
}

TEST(question_cap, many_honest_askers_are_told_apart) {
  QuestionCap cap(100, {});
  std::uint32_t counted = 0;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    counted += cap.take(IpAddress::v4(i << 8), IpAddress::v4(i % 977), 0, 0) ? 1 : 0;
  }
  EXPECT_EQ(counted, 100'000U);
}

TEST(question_cap, zero_is_no_bound) {
  QuestionCap cap(0, {});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(cap.take(IpAddress::v4(1), IpAddress::v4(2), 0, 0));
  }
}

TEST(top_counts, the_largest_are_kept_while_a_million_others_pass) {
  TopCounts counts(64);
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    counts.count(IpAddress::v4(i * 2654435761U), false);
    if (i % 100 == 0) counts.count(IpAddress::v4(0x7f000001), i % 200 == 0);
  }
  const auto largest = counts.largest(1);
  ASSERT_EQ(largest.size(), 1U);
  EXPECT_EQ(largest[0].address, IpAddress::v4(0x7f000001));
  EXPECT_GE(largest[0].queries, 10'000U);
  EXPECT_LE(largest[0].queries - largest[0].error, 10'000U);
  EXPECT_EQ(counts.largest(10'000).size(), 64U * 8);
  EXPECT_EQ(counts.take().size(), 64U * 8);
  EXPECT_TRUE(counts.largest(10).empty());
}

}  // namespace
}  // namespace leumund::listing
