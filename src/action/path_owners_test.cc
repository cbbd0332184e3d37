#include "action/path_owners.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace leumund::action {
namespace {

namespace fs = std::filesystem;

constexpr uid_t stranger = 65534;

class PathOwners : public ::testing::Test {
 protected:
  PathOwners() {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    fs::create_directories(folder_ + "/a/b");
    std::ofstream(folder_ + "/a/b/file") << "x";
    for (const char* path : {"/a", "/a/b"}) ::chmod((folder_ + path).c_str(), 0755);
    ::chmod(at("a/b/file").c_str(), 0644);
  }
  ~PathOwners() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string at(const std::string& path) const { return folder_ + "/" + path; }
  // Where others reach it, without our folder; "" when they do not.
  [[nodiscard]] std::string found(const std::string& path) const {
    const auto place = foreign_place(at(path), ::geteuid());
    if (!place) return "";
    EXPECT_FALSE(place->why.empty());
    return place->path.starts_with(at("")) ? place->path.substr(at("").size()) : place->path;
  }

 private:
  std::string folder_ = "/tmp/path_owners.XXXXXX";
};

TEST_F(PathOwners, FindsNothingWhereRootAndWeAreAlone) {
  EXPECT_EQ(found("a/b/file"), "");
  EXPECT_EQ(found("a/./b/../b/file"), "");
  EXPECT_EQ(found("a/none/at/all"), "");
  EXPECT_FALSE(foreign_place("/usr/bin", 0));
}

TEST_F(PathOwners, FindsWhatOthersMayWrite) {
  ::chmod(at("a/b/file").c_str(), 0664);
  EXPECT_EQ(found("a/b/file"), "a/b/file");
  ::chmod(at("a").c_str(), 0777);
  EXPECT_EQ(found("a/b/file"), "a");
  EXPECT_EQ(found("a/none"), "a");
}

TEST_F(PathOwners, TakesAStickyFolderOnTheWayButNotAtTheEnd) {
  ::chmod(at("a").c_str(), 01777);
  EXPECT_EQ(found("a/b/file"), "");
  EXPECT_EQ(found("a"), "a");
  EXPECT_EQ(found("a/"), "a");
}

TEST_F(PathOwners, FollowsLinksAndLooksAtTheirWayToo) {
  fs::create_symlink("a/b", at("near"));
  fs::create_symlink(at("a/../a/b"), at("far"));
  fs::create_symlink("round", at("round"));
  EXPECT_EQ(found("near/file"), "");
  EXPECT_EQ(found("far/file"), "");
  EXPECT_EQ(found("round/file"), "round");
  ::chmod(at("a").c_str(), 0775);
  EXPECT_EQ(found("near/file"), "a");
  EXPECT_EQ(found("far/file"), "a");
}

TEST_F(PathOwners, FindsTheFolderOfAnotherUserAndTellsWhose) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chown(at("a").c_str(), stranger, 0), 0);
  EXPECT_EQ(found("a/b/file"), "a");
  const auto place = foreign_place(at("a/b/file"), 0);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->owner, stranger);
  EXPECT_EQ(place->why, "belongs to user 65534");
  EXPECT_FALSE(foreign_place(at("a/b/file"), stranger)) << "not to that user itself";
}

TEST_F(PathOwners, FindsTheLinkOfAnotherUserInAStickyFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ::chmod(at("a").c_str(), 01777);
  fs::create_symlink("b", at("a/link"));
  ASSERT_EQ(::lchown(at("a/link").c_str(), stranger, stranger), 0);
  EXPECT_EQ(found("a/link/file"), "a/link");
}

}  // namespace
}  // namespace leumund::action
