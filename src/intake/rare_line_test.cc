#include "intake/rare_line.h"

#include <gtest/gtest.h>

namespace leumund::intake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RareLine, WritesTheFirstAndThenOneInTenSeconds) {
  RareLine line("policy");
  const RareLine::Time start(seconds(1));  // a machine that has just come up
  EXPECT_TRUE(line.may_be_written(start));
  EXPECT_FALSE(line.may_be_written(start));
  EXPECT_FALSE(line.may_be_written(start + seconds(10) - milliseconds(1)));
  EXPECT_TRUE(line.may_be_written(start + seconds(10)));
  EXPECT_FALSE(line.may_be_written(start + seconds(11)));
}

}  // namespace
}  // namespace leumund::intake
