#include <gtest/gtest.h>

#include "base/ascii.h"
#include "base/bounded_queue.h"
#include "base/filled.h"
#include "base/hash.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"

namespace leumund::base {
namespace {

TEST(Time, Rfc3339RoundTripsAndHonoursTheOffset) {
  const auto utc = parse_rfc3339("2022-01-08T19:42:12.572958+00:00");
  ASSERT_TRUE(utc.ok());
  EXPECT_EQ(utc->time_since_epoch().count(), 1641670932572958);
  const auto cet = parse_rfc3339("2022-01-08T20:42:12+01:00");
  ASSERT_TRUE(cet.ok());
  EXPECT_EQ(format_rfc3339(*cet), "2022-01-08T19:42:12Z");
}

TEST(Time, Rfc3339RefusesNonsenseAndNamesIt) {
  for (const char* bad : {"", "2022-13-01T00:00:00Z", "2022-02-30T00:00:00Z", "2022-01-01 00:00",
                          "2022-01-01T25:00:00Z", "2022-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(parse_rfc3339(bad).ok()) << bad;
  }
  EXPECT_NE(parse_rfc3339("yesterday").error().message.find("yesterday"), std::string::npos);
}

TEST(Time, SpansParseInPartsAndRefuseOverflow) {
  EXPECT_EQ(parse_span("1h30m").value().count(), 5400);
  EXPECT_EQ(parse_span("45").value().count(), 45);
  EXPECT_EQ(parse_span("2w").value().count(), 1209600);
  EXPECT_FALSE(parse_span("99999999999999999999").ok());
  EXPECT_FALSE(parse_span("5y").ok());
  EXPECT_FALSE(parse_span("-5m").ok());
  EXPECT_EQ(format_span(std::chrono::seconds(93784)), "1d2h3m4s");
}

TEST(IpAddress, ParsesBothFamiliesAndPostfixDecoration) {
  EXPECT_EQ(IpAddress::parse("[192.0.2.1]")->to_string(), "192.0.2.1");
  EXPECT_EQ(IpAddress::parse("IPv6:2001:db8::1")->to_string(), "2001:db8::1");
  EXPECT_EQ(*IpAddress::parse("::ffff:192.0.2.1"), *IpAddress::parse("192.0.2.1"));
  EXPECT_FALSE(IpAddress::parse("192.0.2.256"));
  EXPECT_FALSE(IpAddress::parse("unknown"));
  EXPECT_FALSE(IpAddress::parse(std::string(5000, '1')));
}

TEST(IpAddress, MasksToItsNetwork) {
  EXPECT_EQ(IpAddress::parse("198.51.100.77")->masked(16, 48).to_string(), "198.51.0.0");
  EXPECT_EQ(IpAddress::parse("2001:db8:1:2::3")->masked(16, 48).to_string(), "2001:db8:1::");
}

TEST(IpPrefix, ContainsOnlyItsOwnFamily) {
  const auto prefix = IpPrefix::parse("10.0.0.0/8");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("11.0.0.1")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("::a00:1")));
  EXPECT_FALSE(IpPrefix::parse("10.0.0.0/33"));
}

TEST(Ascii, LowersLettersAndNothingElse) {
  EXPECT_EQ(ascii_lower("AZaz@[`{09-\xc3\x84"), "azaz@[`{09-\xc3\x84");
  for (int c = 0; c < 256; ++c) {
    const char given = static_cast<char>(c);
    EXPECT_EQ(ascii_lower(given) != given, c >= 'A' && c <= 'Z') << c;
  }
}

TEST(Filled, TakesTheFormThatFitsTheNumberBeforeIt) {
  const auto with = [](std::string_view text, std::vector<std::string> values) {
    return filled(text, values);
  };
  constexpr std::string_view text = "{}: {} <line|lines>, {} <entry|entries>";
  EXPECT_EQ(with(text, {"f", "1", "2"}), "f: 1 line, 2 entries");
  EXPECT_EQ(with(text, {"f", "0", "1"}), "f: 0 lines, 1 entry");
  EXPECT_EQ(with("{,} of {} {,}", {"1.50", "1.50", "127.0.0.2"}), "1,50 of 1.50 127.0.0.2");
  EXPECT_EQ(with("a -> b < c {", {}), "a -> b < c ");
  EXPECT_EQ(all_forms("{} <line|lines>"), (std::vector<std::string>{"{} lines", "{} line"}));
  EXPECT_EQ(all_forms("a -> b").size(), 1U);
  EXPECT_EQ(with_comma("-0.50"), "-0,50");
  EXPECT_EQ(with_comma("1.5.2"), "1.5.2");
}

TEST(Hash, DependsOnTheKey) {
  HashKey one;
  HashKey two;
  two.bytes[0] = 1;
  EXPECT_EQ(keyed_hash(one, "a"), keyed_hash(one, "a"));
  EXPECT_NE(keyed_hash(one, "a"), keyed_hash(two, "a"));
}

TEST(BoundedQueue, DropsTheOldestOrPushesBackAsChosen) {
  BoundedQueue<int> dropping(2, WhenFull::drop_oldest);
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(dropping.push(int(i)));
  EXPECT_EQ(dropping.dropped(), 1U);
  EXPECT_EQ(dropping.pop(std::chrono::milliseconds(0)), 2);
  BoundedQueue<int> strict(1, WhenFull::push_back);
  EXPECT_TRUE(strict.push(1));
  EXPECT_FALSE(strict.push(2));
  strict.close();
  EXPECT_FALSE(strict.push(3));
  EXPECT_EQ(strict.pop(std::chrono::milliseconds(0)), 1);
  EXPECT_EQ(strict.pop(std::chrono::milliseconds(0)), std::nullopt);
}

TEST(Result, HoldsTheErrorWithItsSentence) {
  const Result<int> failed = Error{ErrorCode::too_large, "size 9 is over the limit of 8"};
  ASSERT_FALSE(failed.ok());
  EXPECT_STREQ(error_code_name(failed.error().code), "too_large");
}

}  // namespace
}  // namespace leumund::base
