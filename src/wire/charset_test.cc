#include "wire/charset.h"

#include <gtest/gtest.h>

#include <string>

namespace leumund::wire {
namespace {

std::string utf8(std::string_view bytes, std::string_view label) {
  CharsetReader reader;
  std::string out;
  reader.append_utf8(bytes, label, out);
  return out;
}

TEST(Charset, ReadsWhatTheLabelSays) {
  EXPECT_EQ(utf8("B\xFCro", "ISO-8859-1"), "B\xC3\xBCro");
  EXPECT_EQ(utf8("\x80 5", "iso_8859-1"), "\xE2\x82\xAC 5");  // the euro sign of Windows
  EXPECT_EQ(utf8("\xF0\xD2\xC9", "KOI8-R"), "\xD0\x9F\xD1\x80\xD0\xB8");
  EXPECT_EQ(utf8("\xC4\xE3", "gb2312"), "\xE4\xBD\xA0");
  EXPECT_EQ(utf8("\x83\x81", "Shift_JIS"), "\xE3\x83\xA1");
  EXPECT_EQ(utf8("a+AOQ-b", "UTF-7"),
            "a\xC3\xA4"
            "b");
  EXPECT_EQ(utf8("\x1b$B%a\x1b(B!", "iso-2022-jp"), "\xE3\x83\xA1!");
}

TEST(Charset, TrustsTheBytesMoreThanAWrongLabel) {
  EXPECT_EQ(utf8("B\xC3\xBCro", "us-ascii"), "B\xC3\xBCro");
  EXPECT_EQ(utf8("B\xFCro", ""), "B\xC3\xBCro");
  EXPECT_EQ(utf8("B\xFCro", "x-nobody-knows"), "B\xC3\xBCro");
  EXPECT_EQ(utf8("\xA5\xE1", "iso-2022-jp"), "\xE3\x83\xA1");  // EUC-JP
  EXPECT_EQ(utf8("\x1b$B%a\x1b(B", ""), "\xE3\x83\xA1");
}

TEST(Charset, MarksWhatCannotBeRead) {
  EXPECT_EQ(utf8("a\xFF\xFF\xC3\xBC", "utf-8"), "a\xEF\xBF\xBD\xC3\xBC");
  EXPECT_TRUE(valid_utf8(utf8("\x81\xFFx\xE3", "Shift_JIS")));
}

TEST(Charset, RefusesOverlongFormsAndSurrogates) {
  EXPECT_FALSE(valid_utf8("\xC0\x80"));
  EXPECT_FALSE(valid_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(valid_utf8("\xF4\x90\x80\x80"));
  EXPECT_TRUE(valid_utf8("\xF0\x9F\x98\x80"));
}

}  // namespace
}  // namespace leumund::wire
