#include "evidence/bit_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace leumund::evidence {
namespace {

TEST(BitStream, GivesBackNumbersOfEverySizeUnderEveryOrder) {
  std::vector<std::uint64_t> values = {0,  1,  2,   7,          8,
                                       31, 32, 255, 0xffffffff, (1ULL << 62) + 12345};
  std::mt19937_64 random(5);
  for (int i = 0; i < 200; ++i) values.push_back(random() >> (1 + random() % 63));
  for (unsigned order = 0; order <= 32; ++order) {
    std::string out;
    BitWriter writer(out);
    for (const std::uint64_t value : values) {
      writer.number(value, order);
      writer.signed_number(-static_cast<std::int64_t>(value / 2), order);
      writer.bits(value, order);
      writer.unary(value % 200);
      writer.rice(value % 5000 << (order / 2), std::min(order, 31U));
    }
    writer.finish();
    BitReader reader(out);
    for (const std::uint64_t value : values) {
      ASSERT_EQ(reader.number(order), value) << order;
      ASSERT_EQ(reader.signed_number(order), -static_cast<std::int64_t>(value / 2)) << order;
      ASSERT_EQ(reader.bits(order), value & ((1ULL << order) - 1)) << order;
      ASSERT_EQ(reader.unary(), value % 200) << order;
      ASSERT_EQ(reader.rice(std::min(order, 31U)), value % 5000 << (order / 2)) << order;
    }
    EXPECT_FALSE(reader.failed());
    EXPECT_TRUE(reader.rest().empty());
  }
}

TEST(BitStream, WhatFollowsTheBitsBeginsAtAByte) {
  std::string out;
  BitWriter writer(out);
  writer.number(5, 0);
  writer.finish();
  out += "after";
  BitReader reader(out);
  EXPECT_EQ(reader.number(0), 5U);
  EXPECT_EQ(reader.rest(), "after");
}

TEST(BitStream, TheEndAndImpossibleCodesAreFailuresAndNothingMore) {
  BitReader empty("");
  EXPECT_EQ(empty.number(3), 0U);
  EXPECT_TRUE(empty.failed());

  const std::string ones(40, '\xff');
  BitReader endless(ones);
  EXPECT_EQ(endless.unary(), 0U);
  EXPECT_TRUE(endless.failed());

  const std::string hundreds = ones + std::string(40, '\0');
  BitReader too_long(hundreds);
  EXPECT_EQ(too_long.number(0), 0U);
  EXPECT_TRUE(too_long.failed());
  EXPECT_TRUE(too_long.rest().empty());

  std::string nine;
  BitWriter writer(nine);
  writer.number(9, 0);
  writer.finish();
  BitReader bounded(nine);
  EXPECT_EQ(bounded.number_to(8, 0), 0U);
  EXPECT_TRUE(bounded.failed());
}

TEST(BitStream, SmallNumbersAreShort) {
  std::string out;
  BitWriter writer(out);
  for (int i = 0; i < 80; ++i) writer.number(0, 0);
  writer.finish();
  EXPECT_EQ(out.size(), 10U);
}

}  // namespace
}  // namespace leumund::evidence
