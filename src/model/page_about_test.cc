#include "model/page_about.h"

#include <gtest/gtest.h>

namespace leumund::model {
namespace {

TEST(PageAbout, NamesThePlaceOrLeavesOutWhatIsNotKnown) {
  EXPECT_EQ(page_about("https://psbl.org/remove?ip={ip}", "192.0.2.1"),
            "https://psbl.org/remove?ip=192.0.2.1");
  EXPECT_EQ(page_about("https://l.example/{domain}", "example.org"),
            "https://l.example/example.org");
  EXPECT_EQ(page_about("https://l.example/{ip}?ip={ip}", "192.0.2.1"),
            "https://l.example/192.0.2.1?ip=192.0.2.1");
  EXPECT_EQ(page_about("https://l.example/?k={key}&ip={ip}", "192.0.2.1"), "https://l.example/");
  EXPECT_EQ(page_about("https://l.example/", "192.0.2.1"), "https://l.example/");
  EXPECT_EQ(page_about("", "192.0.2.1"), "");
}

TEST(PageAbout, WithoutAPlaceIsThePageWithoutItsQuery) {
  EXPECT_EQ(page_about("https://psbl.org/remove?ip={ip}", ""), "https://psbl.org/remove");
}

}  // namespace
}  // namespace leumund::model
