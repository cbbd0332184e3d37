#include "fingerprint/template_marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::fingerprint {
namespace {

std::string line_of(std::vector<std::string_view> texts) {
  return template_line(mark_template(texts));
}

TEST(TemplateMarks, WhatDiffersIsMarked) {
  EXPECT_EQ(line_of({"Dear Ann, your parcel 17 waits at the station today",
                     "Dear Bob, your parcel 99 waits at the station today",
                     "Dear Eva, your parcel 30 waits at the station today"}),
            "[...] waits at the station today");
  EXPECT_EQ(line_of({"We bought your house for a fair price Karin and pay at once",
                     "We bought your house for a fair price Peter and pay at once"}),
            "We bought your house for a fair price [...] and pay at once");
}

TEST(TemplateMarks, OrderOfSentencesDoesNotMatter) {
  EXPECT_EQ(line_of({"One fine day came. Two small dogs barked.",
                     "Two small dogs barked. One fine day came."}),
            "One fine day came. Two small dogs barked.");
}

TEST(TemplateMarks, SharesAreOfTheOtherTexts) {
  const std::vector<std::string_view> texts = {"a b c x y z", "a b c", "a b c", "q"};
  const auto parts = mark_template(texts);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_FALSE(parts[0].varies);
  EXPECT_NEAR(parts[0].share, 2.0 / 3, 1e-9);
  EXPECT_TRUE(parts[1].varies);
  EXPECT_EQ(parts[1].text, "x y z");
}

TEST(TemplateMarks, OneTextAndNoneAreNoTemplate) {
  EXPECT_EQ(line_of({"only one text"}), "only one text");
  EXPECT_EQ(line_of({}), "");
}

TEST(TemplateMarks, LongTextsAreCut) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "w" + std::to_string(i) + " ";
  const std::vector<std::string_view> texts(80, text);
  const auto parts = mark_template(texts);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_THAT(parts[0].text, testing::EndsWith("w1999"));
}

}  // namespace
}  // namespace leumund::fingerprint
