// Names that change while they are served answer as a table made whole does.
#include "listing/live_names.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

#include "listing/ask.h"

namespace leumund::listing {
namespace {

using wire::DnsCode;

LiveNames names_of_domains() { return {{}, 900, {0x7f000002, "see $"}, true}; }

std::string wire_name(std::string_view text) {
  return std::string(wire::DnsName::parse(text)->relative_bytes());
}

ZoneSet served(LiveNames& names) {
  names.publish(1);
  ZonePlan plan;
  plan.name = *wire::DnsName::parse("dbl.ex");
  plan.datasets = {names.data()};
  return {{plan}, nullptr, {}};
}

// What a table made whole says: listed, only names below, or nothing.
struct Plain {
  std::set<std::string> listed;

  [[nodiscard]] bool lists(std::string name) const {
    for (; name.contains('.'); name.erase(0, name.find('.') + 1)) {
      if (listed.contains(name)) return true;
    }
    return false;
  }
  [[nodiscard]] DnsCode code(const std::string& name) const {
    const bool above = std::ranges::any_of(
        listed, [&](const std::string& one) { return one.ends_with("." + name); });
    return lists(name) || above ? DnsCode::no_error : DnsCode::no_such_name;
  }
};

TEST(LiveNames, AnyOrderOfChangesAndFoldingsAnswersAsATableMadeWhole) {
  std::mt19937 random(7);
  const auto any = [&](std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(random);
  };
  const auto name = [&] {
    std::string out = any(2) == 0 ? "com" : "co.uk";
    for (std::uint32_t labels = 1 + any(3); labels > 0; --labels) {
      out = std::string(1, static_cast<char>('a' + any(4))) + "." + out;
    }
    return out;
  };
  LiveNames names = names_of_domains();
  Plain plain;
  for (int step = 0; step < 4000; ++step) {
    const std::string one = name();
    if (any(2) == 0) {
      names.put(wire_name(one), std::nullopt);
      plain.listed.insert(one);
    } else {
      names.remove(wire_name(one));
      plain.listed.erase(one);
    }
    if (any(300) == 0) names.fold();
    if (step % 97 != 0) continue;
    const ZoneSet zones = served(names);
    for (int i = 0; i < 40; ++i) {
      const std::string asked = i == 0 ? "com" : i == 1 ? "uk" : name();
      const Told told = ask(zones, asked + ".dbl.ex");
      ASSERT_EQ(told.answer.listed, plain.lists(asked)) << asked << " at step " << step;
      ASSERT_EQ(told.answer.code, plain.code(asked)) << asked << " at step " << step;
    }
  }
}

TEST(LiveNames, WhatChangesWhileATableIsFoldedIsNotLost) {
  LiveNames names = names_of_domains();
  EXPECT_FALSE(names.folding_due());
  const auto count = static_cast<int>(LiveNames::delta_max) + 10;
  for (int i = 0; i < count; ++i) names.put(wire_name(fmt::format("n{}.com", i)), std::nullopt);
  const auto folding = names.folding_due();
  ASSERT_TRUE(folding);
  names.remove(wire_name("n1.com"));
  names.put(wire_name("late.com"), std::nullopt);
  ASSERT_TRUE(names.take(*folding, folding->run()));
  EXPECT_FALSE(names.folding_due());
  const ZoneSet zones = served(names);
  EXPECT_LT(names.data()->data.names.itself.size(), 10U) << "the rest is folded";
  EXPECT_TRUE(ask(zones, "www.n2.com.dbl.ex").answer.listed);
  EXPECT_TRUE(ask(zones, "late.com.dbl.ex").answer.listed);
  EXPECT_EQ(ask(zones, "n1.com.dbl.ex").answer.code, DnsCode::no_such_name);
  EXPECT_TRUE(ask(zones, "test.dbl.ex").answer.listed);
  // One that began before another was taken is of a table that is no more.
  EXPECT_FALSE(names.take(*folding, folding->run()));
  EXPECT_TRUE(ask(served(names), "late.com.dbl.ex").answer.listed);
}

TEST(LiveNames, AChangeOfALargeListTakesFarLessThanATenthOfASecond) {
  LiveNames names = names_of_domains();
  for (int i = 0; i < 100'000; ++i) {
    names.put(wire_name(fmt::format("n{}.com", i)), std::nullopt);
  }
  names.fold();
  const auto begun = std::chrono::steady_clock::now();
  names.put(wire_name("new.com"), std::nullopt);
  const ZoneSet zones = served(names);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(50));
  EXPECT_TRUE(ask(zones, "new.com.dbl.ex").answer.listed);
  EXPECT_TRUE(ask(zones, "n99999.com.dbl.ex").answer.listed);
}

TEST(LiveNames, AnAnswerEndsWithTheListingBeforeAndAfterAFolding) {
  LiveNames names = names_of_domains();
  names.put(wire_name("spam.com"), 1000);
  for (const bool folded : {false, true}) {
    if (folded) names.fold();
    const ZoneSet zones = served(names);
    const auto at = [&](std::int64_t now) {
      return ask(zones, "x.spam.com.dbl.ex", 16, base::IpAddress::v4(0xc0000201), now);
    };
    EXPECT_EQ(at(90).ttl, 900);
    EXPECT_EQ(at(960).ttl, 40);
    EXPECT_EQ(at(960).records, std::vector<std::string>{"16 see spam.com"});
    EXPECT_FALSE(at(1003).answer.listed);
  }
}

}  // namespace
}  // namespace leumund::listing
