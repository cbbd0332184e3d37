#include "face/postfix_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::face {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const PostfixFileCopy main_cf{.before = "# mine\na = 1,\n   2\n\nb = x\n",
                              .after = "# mine\na = ours, 1, 2\n\nb = x\nleumund_c = y\n"};

TEST(PostfixText, ReadsDefinitionsWithTheLinesThatContinueThem) {
  const auto found = main_definitions(
      "# a = 0\na=1,\n\t2\n# between\n  3\n\nb = \nno equals\n   \nc = x = y  \na2 =z\nb = 2\n");
  EXPECT_EQ(found.at("a"), "1,\t2  3");
  EXPECT_EQ(found.at("b"), "2");
  EXPECT_EQ(found.at("c"), "x = y");
  EXPECT_EQ(found.at("a2"), "z");
  EXPECT_EQ(found.size(), 4U);
  EXPECT_THAT(main_definitions(""), IsEmpty());
  EXPECT_THAT(main_definitions("   continues nothing\n"), IsEmpty());
}

TEST(PostfixText, GivesBackEveryByteWhereNobodyEdited) {
  const auto undo = undo_text(PostfixFile::main_cf, main_cf.after, main_cf, {"a", "leumund_c"});
  ASSERT_TRUE(undo);
  EXPECT_EQ(undo->text, main_cf.before);
}

TEST(PostfixText, KeepsEveryByteThatSomebodyWroteMeanwhile) {
  const auto undo = undo_text(PostfixFile::main_cf,
                              "# mine\na = ours, 1, 2\n# new\nd  =  z\nb = x2\nleumund_c = y\n#end",
                              main_cf, {"a", "leumund_c"});
  ASSERT_TRUE(undo);
  EXPECT_EQ(undo->text, "# mine\na = 1,\n   2\n# new\nd  =  z\nb = x2\n#end");
  EXPECT_THAT(undo->left, IsEmpty());
}

TEST(PostfixText, WhatSomebodyEditedOrRepeatedIsLeftAndNamed) {
  const auto undo =
      undo_text(PostfixFile::main_cf, "a = ours, 3\nb = x\nleumund_c = y\nleumund_c = y\n", main_cf,
                {"a", "leumund_c"});
  ASSERT_TRUE(undo);
  EXPECT_EQ(undo->text, "a = ours, 3\nb = x\nleumund_c = y\nleumund_c = y\n");
  EXPECT_THAT(undo->left, ElementsAre("a", "leumund_c"));
}

TEST(PostfixText, CopiesThatDoNotFitTogetherAreNotUsed) {
  // postconf keeps a comment from the middle of a definition: the lines of before cannot be put
  // back in one piece.
  const PostfixFileCopy split{"a = 1,\n# why\n  2\n", "a = ours\n# why\n"};
  EXPECT_FALSE(undo_text(PostfixFile::main_cf, "a = ours\n# why\nb = 1\n", split, {"a"}));
  EXPECT_TRUE(undo_text(PostfixFile::main_cf, split.after, split, {"a"}));
}

TEST(PostfixText, GivesBackServicesOfMaster) {
  const PostfixFileCopy copy{
      "smtp inet n - y - - smtpd\nsub  inet  n - y - - smtpd\n  -o a=1\n  -o b=2\n",
      "smtp inet n - y - - smtpd\nsub        inet  n - y - - smtpd\n    -o a=$x,1\n    -o b=2\n"};
  const auto undo = undo_text(
      PostfixFile::master_cf,
      "#\nsmtp inet n - n - - smtpd\nsub        inet  n - y - - smtpd\n    -o a=$x,1\n    -o "
      "b=2\nnew unix n - - - - smtp\n",
      copy, {"sub/inet"});
  ASSERT_TRUE(undo);
  EXPECT_EQ(undo->text,
            "#\nsmtp inet n - n - - smtpd\nsub  inet  n - y - - smtpd\n  -o a=1\n  -o b=2\nnew "
            "unix n - - - - smtp\n");
}

}  // namespace
}  // namespace leumund::face
