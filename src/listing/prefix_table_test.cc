// The tables against a plain list of prefixes that is searched from end to end.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "listing/prefix_table4.h"
#include "listing/prefix_table6.h"
#include "wire/zone_address.h"

namespace leumund::listing {
namespace {

// Numbers from a seed.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

// The longest prefix around an address and its first value, the slow way.
struct Plain4 {
  std::map<std::pair<unsigned, std::uint32_t>, std::uint32_t> rows;

  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t address) const {
    for (unsigned bits = 33; bits-- > 0;) {
      const auto found = rows.find({bits, address & wire::mask4(bits)});
      if (found != rows.end()) return found->second;
    }
    return std::nullopt;
  }
};

TEST(prefix_table4, finds_what_a_plain_search_finds_small_and_large) {
  for (const std::size_t count : {200U, 100'000U}) {
    Dice dice(5);
    Plain4 plain;
    PrefixTable4Builder builder(PrefixTable4Builder::Kind::trie);
    for (std::size_t i = 0; i < count; ++i) {
      const unsigned bits = dice() % 4 == 0 ? 8 + dice() % 25 : 32;
      const std::uint32_t network = dice() & 0x1fff'ffff & wire::mask4(bits);
      const std::uint32_t value = dice() % 3;
      builder.add_prefix(network, bits, value);
      plain.rows.emplace(std::pair(bits, network), value);  // the first stays
    }
    const PrefixTable4 table = builder.build();
    EXPECT_EQ(table.size(), plain.rows.size());
    EXPECT_EQ(table.repeated(), count - plain.rows.size());
    for (const auto& [place, value] : plain.rows) {
      EXPECT_TRUE(table.holds(place.second, place.first));
    }
    for (int i = 0; i < 100'000; ++i) {
      const std::uint32_t address = dice() & 0x1fff'ffff;
      const auto match = table.find(address);
      const auto expected = plain.find(address);
      ASSERT_EQ(match.level != nullptr, expected.has_value());
      if (expected) {
        ASSERT_EQ(match.level->value(match.rows.first), *expected);
      }
    }
    std::size_t seen = 0;
    each_network4(table, [&](std::uint32_t network, unsigned bits, std::uint32_t value) {
      ++seen;
      EXPECT_EQ(plain.rows.at({bits, network}), value);
    });
    EXPECT_EQ(seen, plain.rows.size());
  }
}

TEST(prefix_table4, a_set_splits_ranges_into_octets_and_keeps_several_values) {
  PrefixTable4Builder builder(PrefixTable4Builder::Kind::set);
  builder.add_range(0x0a0001fe, 0x0a0103ff, 7);  // 10.0.1.254-10.1.3.255
  builder.add_range(0x0a000202, 0x0a000202, 9);
  builder.add_range(0x0a000202, 0x0a000202, 8);
  builder.add_range(0x0a000202, 0x0a000202, 9);
  builder.add_range(0, 0xffff'ffff, 1);
  const PrefixTable4 table = builder.build();
  const auto match = table.find(0x0a000202);
  ASSERT_NE(match.level, nullptr);
  EXPECT_EQ(match.rows.last - match.rows.first, 2U);
  EXPECT_EQ(match.level->value(match.rows.first), 8U);
  EXPECT_EQ(table.find(0x0a0001ff).level->value(table.find(0x0a0001ff).rows.first), 7U);
  EXPECT_EQ(table.find(0x0a010400).level->value(table.find(0x0a010400).rows.first), 1U);
  EXPECT_EQ(table.levels().size(), 3U);  // no /16 fits into the range, but 256 /8 into all
}

TEST(prefix_table4, a_million_addresses_take_three_bytes_each) {
  Dice dice(3);
  PrefixTable4Builder builder(PrefixTable4Builder::Kind::set);
  for (int i = 0; i < 1'000'000; ++i) builder.add_prefix(dice(), 32, 1 + dice() % 200);
  const PrefixTable4 table = builder.build();
  EXPECT_GT(table.size(), 999'000U);
  EXPECT_LT(static_cast<double>(table.memory_bytes()) / static_cast<double>(table.size()), 3.5);
}

TEST(prefix_table4, knows_whether_something_lies_below_a_network) {
  PrefixTable4Builder builder(PrefixTable4Builder::Kind::trie);
  builder.add_prefix(0x0a010203, 32, 1);
  builder.add_prefix(0xc0000000, 8, 1);
  builder.add_prefix(0xc0a80000, 16, 0);
  const PrefixTable4 table = builder.build();
  EXPECT_TRUE(table.any_below(0x0a000000, 8));
  EXPECT_TRUE(table.any_below(0x0a010200, 24));
  EXPECT_FALSE(table.any_below(0x0a010300, 24));
  EXPECT_TRUE(table.any_below(0xc0010000, 16));   // covered from above
  EXPECT_FALSE(table.any_below(0xc0a80100, 24));  // excluded from above
}

TEST(prefix_table4, a_table_of_changes_stands_over_the_one_below) {
  PrefixTable4Builder below(PrefixTable4Builder::Kind::trie);
  below.add_prefix(0x0a000000, 8, 1);
  below.add_prefix(0x0a010203, 32, 2);
  below.add_prefix(0x0b000001, 32, 3);
  const PrefixTable4 under = below.build();
  PrefixTable4Builder above(PrefixTable4Builder::Kind::trie);
  above.add_prefix(0x0a010203, 32, removed_value);
  above.add_prefix(0x0b000000, 24, 4);
  const PrefixTable4 over = above.build();
  const auto value = [&](std::uint32_t address) {
    const auto match = over.find_over(under, address);
    return match.level == nullptr ? 0 : match.level->value(match.rows.first);
  };
  EXPECT_EQ(value(0x0a010203), 1U);  // its network below is still listed
  EXPECT_EQ(value(0x0b000001), 3U);  // the longer one below
  EXPECT_EQ(value(0x0b000002), 4U);
  EXPECT_EQ(value(0x0c000000), 0U);
}

TEST(prefix_table6, finds_the_longest_network_and_what_lies_below) {
  const auto key = [](std::string_view text) {
    return Key6::of(wire::read_prefix6(text)->address);
  };
  PrefixTable6Builder builder;
  builder.add(key("2001:db8::"), 32, 1);
  builder.add(key("2001:db8:0:1::"), 64, 2);
  builder.add(key("2001:db8:0:1::5"), 128, 0);
  builder.add(key("2001:db8:0:1::"), 64, 9);
  const PrefixTable6 table = builder.build();
  EXPECT_EQ(table.repeated(), 1U);
  EXPECT_EQ(table.find(key("2001:db8:0:1::4")), 2U);
  EXPECT_EQ(table.find(key("2001:db8:0:1::5")), 0U);
  EXPECT_EQ(table.find(key("2001:db8:0:2::5")), 1U);
  EXPECT_EQ(table.find(key("2001:db9::")), std::nullopt);
  EXPECT_TRUE(table.any_below(key("2000::"), 4));
  EXPECT_TRUE(table.any_below(key("2001:db8:5::"), 48));
  EXPECT_FALSE(table.any_below(key("2001:db9::"), 32));
  EXPECT_EQ(key("2001:db8::").bytes(), wire::masked6(key("2001:db8::ff").bytes(), 64));
}

TEST(value_column, takes_as_few_bytes_as_the_different_values_need) {
  for (const std::uint64_t different : {1U, 200U, 60'000U, 100'000U}) {
    std::vector<std::uint64_t> rows;
    for (std::uint64_t i = 0; i < 200'000; ++i) {
      rows.push_back(i << 32 | (i * 7919 % different + 5));
    }
    const ValueColumn column(rows);
    for (std::size_t i = 0; i < rows.size(); i += 997) {
      ASSERT_EQ(column.at(i), static_cast<std::uint32_t>(rows[i]));
    }
    const double each = static_cast<double>(column.memory_bytes()) / 200'000.0;
    EXPECT_LE(each, different == 1        ? 0.01
                    : different == 200    ? 1.01
                    : different == 60'000 ? 3.3
                                          : 4.01);
  }
}

}  // namespace
}  // namespace leumund::listing
