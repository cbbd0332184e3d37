#include "apps/diagnose/own_patterns.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace leumund::apps {
namespace {

class OwnPatterns : public ::testing::Test {
 protected:
  std::string file(const std::string& text) {
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ = std::filesystem::temp_directory_path() /
                            ("leumund-patterns-" + std::to_string(getpid()) + ".toml");
};

TEST_F(OwnPatterns, NoFileIsWhatIsShipped) {
  EXPECT_TRUE(open_patterns(""));
  EXPECT_TRUE(pattern_problems("").empty());
}

TEST_F(OwnPatterns, AreReadOnTopOfTheShippedOnes) {
  const auto reader =
      open_patterns(file("[[concept]]\nid = \"unknown-user\"\n"
                         "words = [{ re = 'kennt hier keiner', sample = '550 den kennt hier "
                         "keiner' }]\n"));
  ASSERT_TRUE(reader) << reader.error().message;
  diagnosis::Reader::Session session(**reader);
  EXPECT_EQ((*reader)->diagnose({.text = "550 kennt hier keiner"}, session).kind,
            diagnosis::Kind::unknown_user);
  EXPECT_TRUE(pattern_problems(path_).empty());
}

TEST_F(OwnPatterns, ProblemsNameFileLineAndReason) {
  const auto first = [](const std::vector<std::string>& problems) {
    return problems.empty() ? std::string("none") : problems.front();
  };
  EXPECT_NE(first(pattern_problems(path_)).find(path_), std::string::npos) << "no such file";
  file("[[concept]]\nid = \"blocked\"\nwords = [{ re = '(' }]\n");
  EXPECT_TRUE(first(pattern_problems(path_)).starts_with(path_ + ":3: concept blocked"))
      << first(pattern_problems(path_));
  EXPECT_FALSE(open_patterns(path_));
  file("[[concept]]\nid = \"blocked\"\nwords = [{ re = 'geht nicht' }]\n");
  EXPECT_TRUE(first(pattern_problems(path_)).ends_with("has no sample"));
  EXPECT_TRUE(open_patterns(path_)) << "what compiles is taken; config check tells the rest";
}

}  // namespace
}  // namespace leumund::apps
