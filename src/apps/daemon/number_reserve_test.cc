#include "apps/daemon/number_reserve.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace leumund::apps {
namespace {

namespace fs = std::filesystem;

const base::TimePoint now = base::from_unix_seconds(1'700'000'000);

class NumberReserveTest : public testing::Test {
 protected:
  NumberReserveTest() {
    std::string name = (fs::temp_directory_path() / "leumund_numbers_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~NumberReserveTest() override { fs::remove_all(folder_); }
  [[nodiscard]] NumberReserve open(std::uint64_t last) const {
    return NumberReserve::open(folder_, last, now);
  }
  void write(const std::string& text) const {
    std::ofstream(folder_ / "decision_number", std::ios::trunc) << text;
  }
  fs::path folder_;
};

TEST_F(NumberReserveTest, BeginsAtOneAndGoesOnWithoutAGapAfterAnOrderlyEnd) {
  auto first = open(0);
  EXPECT_EQ(first.first(), 0U);
  first.keep_ahead(7);
  first.settle(7);
  EXPECT_EQ(open(7).first(), 7U);
}

TEST_F(NumberReserveTest, NoNumberIsGivenTwiceAfterAKillAndALostStore) {
  auto first = open(0);
  std::uint64_t last = 0;
  for (; last < 1000; ++last) first.keep_ahead(last);  // killed here: nothing is settled
  const auto second = open(0);                         // and the store is gone
  EXPECT_GE(second.first(), last - 1);
  EXPECT_LE(second.first(), last + NumberReserve::block);
  EXPECT_GE(open(0).first(), second.first() + NumberReserve::block) << "killed at once again";
}

TEST_F(NumberReserveTest, TheStoreMayKnowMore) {
  write("5\n");
  EXPECT_EQ(open(2'000).first(), 2'000U);
}

TEST_F(NumberReserveTest, ADamagedFileStartsFromTheTime) {
  for (const char* text :
       {"", "x\n", "12", "12 \n", "-3\n", "99999999999999999999999\n", "18446744073709551615\n"}) {
    write(text);
    const auto reserve = open(3);
    EXPECT_EQ(reserve.first(), 1'700'000'000U) << text;
    EXPECT_NE(reserve.trouble(), "") << text;
    EXPECT_EQ(open(3).trouble(), "") << "mended";
  }
  write(std::string(1000, '1'));
  EXPECT_EQ(open(3).first(), 1'700'000'000U);
}

TEST_F(NumberReserveTest, WithoutAPlaceToNoteThemNumbersStartFromTheTime) {
  const auto reserve = NumberReserve::open(folder_ / "nowhere", 3, now);
  EXPECT_EQ(reserve.first(), 1'700'000'000U);
  EXPECT_NE(reserve.trouble().find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace leumund::apps
