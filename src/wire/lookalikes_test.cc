#include "wire/lookalikes.h"

#include <gtest/gtest.h>

#include <string>

namespace leumund::wire {
namespace {

std::string folded(std::string_view text) {
  std::string out;
  append_folded(text, out);
  return out;
}

TEST(Lookalikes, LettersOfOtherAlphabetsReadAsLatin) {
  EXPECT_EQ(folded("\xD0\xA0\xD0\xB0\xD1\x83\xD0\xA0\xD0\xB0l"), "paypal");      // Cyrillic
  EXPECT_EQ(folded("\xCE\x91\xCE\xBD\xCE\xBF"), "avo");                          // Greek
  EXPECT_EQ(folded("\xEF\xBC\xB6\xEF\xBD\x89\xEF\xBC\x91"), "vi1");              // fullwidth
  EXPECT_EQ(folded("\xF0\x9D\x95\x8D\xF0\x9D\x9A\x92\xF0\x9D\x9F\x97"), "vi9");  // mathematical
  EXPECT_EQ(folded("\xE2\x93\xA5\xE2\x85\xB0"), "vi");                           // circled, Roman
}

TEST(Lookalikes, AccentsGoAndLigaturesFall) {
  EXPECT_EQ(folded("\xC3\x89t\xC3\xA9 \xC3\x9F \xEF\xAC\x81 u\xCC\x88"), "ete ss fi u");
}

TEST(Lookalikes, WhatNobodySeesGoes) {
  EXPECT_EQ(folded("a\xE2\x80\x8B"
                   "b\xC2\xAD"
                   "c\xE2\x80\xAE"
                   "d\xEF\xBB\xBF"
                   "e\xEF\xB8\x8F"),
            "abcde");
}

TEST(Lookalikes, OtherScriptsStayAndAreInLowerCase) {
  EXPECT_EQ(folded("\xD0\x96\xD0\x94"), "\xD0\xB6\xD0\xB4");
  EXPECT_EQ(folded("\xE6\xBC\xA2\xE2\x82\xAC"), "\xE6\xBC\xA2\xE2\x82\xAC");
}

TEST(Lookalikes, IllFormedBytesAreReplaced) {
  EXPECT_EQ(folded("a\xFF\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  std::string_view text = "\xF4\x90\x80\x80";
  EXPECT_EQ(take_code_point(text), 0xFFFDU);
}

}  // namespace
}  // namespace leumund::wire
