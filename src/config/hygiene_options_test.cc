#include "config/hygiene_options.h"

#include <gtest/gtest.h>

namespace leumund::config {
namespace {

TEST(HygieneOptions, SelectorsBelongToADomain) {
  const auto read = parse_dkim_selectors("Example.org  s2026 mail._2");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->domain, "example.org");
  EXPECT_EQ(read->selectors, (std::vector<std::string>{"s2026", "mail._2"}));
  for (const char* text : {"", "example.org", "s1", "example.org s1..x", "example.org .s1",
                           "example.org s/1", "bad_domain! s1"}) {
    const auto none = parse_dkim_selectors(text);
    ASSERT_FALSE(none) << text;
    EXPECT_TRUE(none.error().message.contains("want a domain")) << text;
  }
}

}  // namespace
}  // namespace leumund::config
