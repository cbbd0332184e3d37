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

TEST(CaseOptions, ADomainAndWhoIsToldOfItsMail) {
  const auto pair = parse_customer_domain("Verein.Example=Vorstand@verein.example");
  ASSERT_TRUE(pair.ok()) << pair.error().message;
  EXPECT_EQ(pair->first, "verein.example");
  EXPECT_EQ(pair->second, "vorstand@verein.example");
  for (const char* wrong : {"", "verein.example", "verein.example=", "=a@b.example",
                            "verein.example=vorstand", "a b=c@d.example", "x=a@b.example\n"}) {
    EXPECT_FALSE(parse_customer_domain(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace leumund::config
