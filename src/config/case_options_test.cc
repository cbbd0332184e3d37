#include "config/case_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace leumund::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;

const Surroundings as_root;

TEST(CaseOptions, ReviewsAreReadAsSpansSoonestFirst) {
  auto loaded = load_text("", "t.toml", as_root);
  EXPECT_THAT(case_reviews(loaded.settings.run), ElementsAre(days(7), days(30)));
  loaded = load_text("[cases]\nreviews = [\"30d\", \"36h\"]", "t.toml", as_root);
  EXPECT_THAT(case_reviews(loaded.settings.run), ElementsAre(hours(36), days(30)));
}

TEST(CaseOptions, AReviewThatIsNoSpanOrNeverComesIsNamed) {
  for (const char* text : {"soon", "0s", "99999d", ""}) {
    const auto loaded =
        load_text(std::string("[cases]\nreviews = [\"") + text + "\"]", "t.toml", as_root);
    EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("cases.reviews"))) << text;
  }
}

}  // namespace
}  // namespace leumund::config
