#include "diagnosis/text_automaton.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace leumund::diagnosis {
namespace {

using Hit = std::pair<std::uint32_t, std::uint32_t>;  // text, end

std::vector<Hit> found(const std::vector<std::string>& texts, std::string_view where) {
  std::vector<Hit> out;
  const TextAutomaton automaton(texts);
  automaton.scan(where,
                 [&](std::uint32_t text, std::uint32_t end) { out.emplace_back(text, end); });
  return out;
}

// The same by looking everywhere.
std::vector<Hit> looked_up(const std::vector<std::string>& texts, std::string_view where) {
  std::vector<Hit> out;
  for (std::uint32_t end = 1; end <= where.size(); ++end) {
    std::vector<std::pair<std::size_t, std::uint32_t>> here;
    for (std::uint32_t i = 0; i < texts.size(); ++i) {
      if (where.substr(0, end).ends_with(texts[i])) here.emplace_back(texts[i].size(), i);
    }
    std::ranges::sort(here, std::greater{});
    for (const auto& [size, i] : here) out.emplace_back(i, end);
  }
  return out;
}

std::string made_of(std::mt19937& random, std::size_t letters, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>('a' + random() % letters);
  return out;
}

TEST(TextAutomaton, FindsTextsWithinTextsLongestFirst) {
  EXPECT_EQ(found({"he", "she", "hers", "his"}, "ushers"),
            (std::vector<Hit>{{1, 4}, {0, 4}, {2, 6}}));
}

TEST(TextAutomaton, FindsWhatLookingEverywhereFinds) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::size_t letters = 1 + random() % 4;
    std::set<std::string> texts;
    for (int i = 0; i < 40; ++i) texts.insert(made_of(random, letters, 1 + random() % 9));
    const std::vector<std::string> given(texts.begin(), texts.end());
    const std::string where = made_of(random, letters, 200);
    ASSERT_EQ(found(given, where), looked_up(given, where)) << where;
  }
}

TEST(TextAutomaton, TakesEveryByteAndNoTextAtAll) {
  std::vector<std::string> bytes;
  for (int c = 0; c < 256; ++c) bytes.emplace_back(1, static_cast<char>(c));
  EXPECT_EQ(found(bytes, std::string_view("\0\xff", 2)), (std::vector<Hit>{{0, 1}, {255, 2}}));
  EXPECT_TRUE(found({}, "anything").empty());
  EXPECT_TRUE(found({"a"}, "").empty());
}

TEST(TextAutomaton, TakesAsManyNodesAsThereAreBeginnings) {
  const std::vector<std::string> texts = {"abc", "abd", "b"};
  EXPECT_EQ(TextAutomaton(texts).node_count(), 6U);  // the root, a, b, ab, abc, abd
}

}  // namespace
}  // namespace leumund::diagnosis
