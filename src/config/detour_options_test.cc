#include "config/detour_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace leumund::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Surroundings as_root;

TEST(DetourWays, NameAnEgressOrARelayHost) {
  EXPECT_EQ(parse_detour_way("out2")->target, "out2:");
  EXPECT_EQ(parse_detour_way("default")->target, "smtp:");
  EXPECT_EQ(parse_detour_way("relay=[2001:db8::1]:587")->target, "relay:[2001:db8::1]:587");
  for (const char* wrong : {"", "out 2", "out2=", "default=[h]", "relay=a b", "../x", "Out",
                            "relay=x\ny", "relay=[h]; rm"}) {
    EXPECT_FALSE(parse_detour_way(wrong).ok()) << wrong;
  }
}

TEST(DetourWays, AreDefaultAndTheEgressesUnlessTold) {
  auto loaded = load_text("egresses = [\"out2\", \"out3\"]", "t.toml", as_root);
  std::vector<std::string> names;
  for (const auto& way : detour_ways(loaded.settings.run)) names.push_back(way.name);
  EXPECT_THAT(names, ElementsAre("default", "out2", "out3"));
  EXPECT_THAT(detour_warm_up(loaded.settings.run), ElementsAre(50, 100, 200));
  loaded = load_text("[detour]\nways = [\"out3\", \"relay=[h.example]\"]", "t.toml", as_root);
  EXPECT_EQ(detour_ways(loaded.settings.run).back().target, "relay:[h.example]");
}

TEST(DetourOptions, ThatAreWrongAreNamed) {
  const auto loaded =
      load_text("[detour]\nways = [\"a b\"]\nwarm_up = [\"many\"]\n", "t.toml", as_root);
  EXPECT_THAT(loaded.problems,
              testing::UnorderedElementsAre(HasSubstr("detour.ways"), HasSubstr("detour.warm_up")));
}

}  // namespace
}  // namespace leumund::config
