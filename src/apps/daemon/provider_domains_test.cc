#include "apps/daemon/provider_domains.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace leumund::apps {
namespace {

TEST(ProviderDomains, AreAllInTheFileHoweverManyAndReadAgain) {
  std::string folder = "/tmp/leumund-domains-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  ProviderDomains first(folder + "/provider_domains");
  for (int i = 0; i < 3000; ++i) {
    EXPECT_TRUE(first.learn("d" + std::to_string(i) + ".example", i % 2 == 0 ? "gmx" : "web"));
  }
  EXPECT_TRUE(first.save());
  ProviderDomains again(folder + "/provider_domains");
  EXPECT_TRUE(again.load());
  EXPECT_EQ(again.size(), 3000U);
  EXPECT_EQ(again.of("gmx"), first.of("gmx"));
  EXPECT_EQ(again.provider_of("d2999.example"), "web");
  std::filesystem::remove(folder + "/provider_domains");
  EXPECT_TRUE(first.save());
  EXPECT_FALSE(std::filesystem::exists(folder + "/provider_domains")) << "nothing is new";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace leumund::apps
