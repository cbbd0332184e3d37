#include "config/detour_pool.h"

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
  auto loaded = load_text("egresses = [\"default address=192.0.2.25\", \"out2\", \"out3\"]",
                          "t.toml", as_root);
  std::vector<std::string> names;
  for (const auto& way : detour_ways(loaded.settings.run)) names.push_back(way.name);
  EXPECT_THAT(names, ElementsAre("default", "out2", "out3"));
  EXPECT_THAT(detour_warm_up(loaded.settings.run), ElementsAre(50, 100, 200));
  loaded = load_text("[detour]\nways = [\"out3\", \"relay=[h.example]\"]", "t.toml", as_root);
  EXPECT_EQ(detour_ways(loaded.settings.run).back().target, "relay:[h.example]");
}

TEST(SpareWays, AreNobodysUsualOne) {
  const std::string ways =
      "[detour]\nways = [\"default\", \"out2\", \"out3\"]\n"
      "pools = [\"tenant ways=out3,out4 senders=@t.example\"]\n";
  auto loaded = load_text(ways, "t.toml", as_root);
  EXPECT_THAT(spare_ways(loaded.settings.run), ElementsAre("out2", "out4"));
  loaded = load_text(ways + "mode = \"off\"", "t.toml", as_root);
  EXPECT_THAT(spare_ways(loaded.settings.run), ElementsAre());
}

TEST(DetourPools, NameWaysAndSenders) {
  const auto pool = parse_detour_pool(
      "tenant ways=out3,relay=[h.example]:587 senders=@Tenant.Example,chief@c.example,<>");
  ASSERT_TRUE(pool.ok()) << pool.error().message;
  EXPECT_EQ(pool->name, "tenant");
  EXPECT_EQ(pool->ways.back().target, "relay:[h.example]:587");
  EXPECT_THAT(pool->senders, ElementsAre("@tenant.example", "chief@c.example", "<>"));
  for (const char* wrong :
       {"", "tenant", "tenant ways=out3", "tenant senders=@a.b", "Ten ways=out3 senders=@a.b",
        "t ways=out 3 senders=@a.b", "t ways=out3,out3 senders=@a.b", "t ways=out3 senders=a.b",
        "t ways=out3 senders=@", "t ways=out3 senders=,", "t ways= senders=@a.b",
        "t ways=out3 senders=@a.b colour=red", "t ways=out3 senders=@a.b\n"}) {
    EXPECT_FALSE(parse_detour_pool(wrong).ok()) << wrong;
  }
}

TEST(DetourPools, FindASenderAsPostfixDoes) {
  const DetourPools pools({"a ways=out2 senders=@a.example,x@b.example", "broken",
                           "b ways=out3 senders=@b.example,<>,@a.example",
                           "a ways=out9 senders=@c.example"});
  const auto name = [&](const char* sender) {
    const DetourPool* pool = pools.of_sender(sender);
    return pool == nullptr ? std::string("none") : pool->name;
  };
  EXPECT_EQ(name("Any@A.Example"), "a") << "the first that names it";
  EXPECT_EQ(name("x@b.example"), "a");
  EXPECT_EQ(name("x+list@b.example"), "a") << "without the extension";
  EXPECT_EQ(name("y@b.example"), "b");
  EXPECT_EQ(name("y@c.example"), "a") << "a name that comes again adds senders";
  EXPECT_EQ(pools.find("a")->ways.front().name, "out2") << "... and keeps its ways";
  EXPECT_EQ(name(""), "b");
  EXPECT_EQ(name("y@sub.b.example"), "none");
  EXPECT_EQ(name("b.example"), "none");
  EXPECT_THAT(pools.find("b")->senders, ElementsAre("@b.example", "<>"));
}

TEST(DetourOptions, ThatAreWrongAreNamed) {
  const auto loaded =
      load_text("[detour]\nways = [\"a b\"]\nwarm_up = [\"many\"]\npools = [\"t ways=x\"]\n",
                "t.toml", as_root);
  EXPECT_THAT(loaded.problems,
              testing::UnorderedElementsAre(HasSubstr("detour.ways"), HasSubstr("detour.warm_up"),
                                            HasSubstr("detour.pools")));
}

}  // namespace
}  // namespace leumund::config
