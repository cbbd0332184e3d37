#include "apps/daemon/provider_domains.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace leumund::apps {
namespace {

using std::chrono::days;

const base::TimePoint now = base::parse_rfc3339("2026-11-21T09:00:00Z").value();

struct Folder {
  Folder() { EXPECT_NE(::mkdtemp(path.data()), nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file() const { return path + "/provider_domains"; }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    out << std::ifstream(file()).rdbuf();
    return out.str();
  }
  [[nodiscard]] unsigned mode() const {
    return static_cast<unsigned>(std::filesystem::status(file()).permissions());
  }
  std::string path = "/tmp/leumund-domains-XXXXXX";
};

TEST(ProviderDomains, NobodyElseReadsTheFile) {
  const Folder folder;
  ProviderDomains first(folder.file());
  EXPECT_TRUE(first.learn("kunde.example", "gmx", now));
  EXPECT_TRUE(first.save());
  EXPECT_EQ(folder.mode(), 0600U);
  std::filesystem::permissions(folder.file(), std::filesystem::perms(0644));
  ProviderDomains again(folder.file());
  EXPECT_TRUE(again.load(now));
  EXPECT_EQ(folder.mode(), 0600U) << "one that an older version has written";
  EXPECT_TRUE(again.learn("laden.example", "gmx", now));
  EXPECT_TRUE(again.save());
  EXPECT_EQ(folder.mode(), 0600U);
}

TEST(ProviderDomains, WhereNobodyWritesAnyMoreIsForgotten) {
  const Folder folder;
  {
    ProviderDomains first(folder.file());
    first.learn("silent.example", "gmx", now);
    first.learn("busy.example", "gmx", now);
    first.see("busy.example", now + 400 * days(1));
    first.see("never-learnt.example", now);
    EXPECT_TRUE(first.save());
  }
  EXPECT_EQ(folder.text(), "busy.example gmx 21178\nsilent.example gmx 20778\n");
  const auto later = now + 400 * days(1);
  ProviderDomains again(folder.file());
  EXPECT_TRUE(again.load(later));
  EXPECT_FALSE(again.forget(later - 400 * days(1))) << "the day itself is kept";
  EXPECT_TRUE(again.forget(later - 399 * days(1)));
  EXPECT_EQ(again.provider_of("silent.example"), "");
  EXPECT_EQ(again.provider_of("busy.example"), "gmx");
  EXPECT_TRUE(again.save());
  EXPECT_EQ(folder.text(), "busy.example gmx 21178\n");
}

TEST(ProviderDomains, AFileWithoutDaysIsReadAndAgesFromThenOn) {
  const Folder folder;
  std::ofstream(folder.file()) << "old.example gmx\nwrong.example gmx soon\nnew.example web 20778\n"
                                  "ahead.example web 2999999\n";
  ProviderDomains domains(folder.file());
  EXPECT_TRUE(domains.load(now));
  EXPECT_TRUE(domains.save());
  EXPECT_EQ(folder.text(),
            "ahead.example web 20778\nnew.example web 20778\nold.example gmx 20778\n");
}

TEST(ProviderDomains, AreAllInTheFileHoweverManyAndReadAgain) {
  std::string folder = "/tmp/leumund-domains-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  ProviderDomains first(folder + "/provider_domains");
  for (int i = 0; i < 3000; ++i) {
    EXPECT_TRUE(first.learn("d" + std::to_string(i) + ".example", i % 2 == 0 ? "gmx" : "web", now));
  }
  EXPECT_TRUE(first.save());
  ProviderDomains again(folder + "/provider_domains");
  EXPECT_TRUE(again.load(now));
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
