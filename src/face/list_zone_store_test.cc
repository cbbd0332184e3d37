// Zone files on disk: loading, loading again, and what happens when they are wrong.
#include "face/list_zone_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "listing/ask.h"

namespace leumund::face {
namespace {

namespace fs = std::filesystem;
using listing::ask;
using wire::DnsCode;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("zones" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  // As an operator does: a new file under the old name.
  std::string put(const std::string& name, const std::string& text) {
    const fs::path temporary = path_ / (name + ".new");
    std::ofstream(temporary) << text;
    fs::rename(temporary, path_ / name);
    return (path_ / name).string();
  }
  std::string pack(const std::string& name, const std::string& text) {
    const std::string file = (path_ / name).string();
    const gzFile out = gzopen(file.c_str(), "wb");
    gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
    gzclose(out);
    return file;
  }

 private:
  fs::path path_;
};

TEST(list_zone_store, names_what_is_wrong_with_a_zone_argument) {
  ListZoneStore store({});
  for (const char* bad :
       {"bl.ex", "bl.ex:nosuch:file", "bl.ex:ip4set:", ":ip4set:f", "bl.ex:ip4set"}) {
    EXPECT_FALSE(store.add(bad).ok()) << bad;
  }
  EXPECT_TRUE(store.add(":acl:f").ok());
  EXPECT_FALSE(store.add(":acl:g").ok());
  EXPECT_TRUE(store.add("bl.ex:ip4set:a,b").ok());
}

TEST(list_zone_store, loads_files_again_only_when_they_changed) {
  Folder folder;
  const std::string file = folder.put("bl", "192.0.2.1\n");
  ListZoneStore store({});
  ASSERT_TRUE(store.add("bl.ex:ip4set:" + file).ok());
  ASSERT_TRUE(store.add("copy.ex:ip4set:" + file).ok());
  EXPECT_EQ(store.refresh(1000).loaded.size(), 1U);  // one dataset for both zones
  EXPECT_EQ(ask(*store.zone_set(), "1.2.0.192.copy.ex").answer.code, DnsCode::no_error);
  EXPECT_FALSE(store.refresh(1000).changed());
  folder.put("bl", "192.0.2.2\n192.0.2.3\n");
  EXPECT_EQ(store.refresh(1000).loaded.at(0).entries, 2U);
  EXPECT_EQ(ask(*store.zone_set(), "1.2.0.192.bl.ex").answer.code, DnsCode::no_such_name);
}

TEST(list_zone_store, keeps_what_it_has_when_a_file_is_gone_or_of_the_future) {
  Folder folder;
  const std::string file = folder.put("bl", "192.0.2.1\n");
  ListZoneStore store({});
  ASSERT_TRUE(store.add("bl.ex:ip4set:" + file).ok());
  (void)store.refresh(1000);
  folder.put("bl", "$TIMESTAMP 2026:01:01\n192.0.2.9\n");
  EXPECT_THAT(store.refresh(1000).errors, testing::SizeIs(1));
  fs::remove(file);
  EXPECT_THAT(store.refresh(1000).errors, testing::SizeIs(1));
  EXPECT_EQ(ask(*store.zone_set(), "1.2.0.192.bl.ex").answer.code, DnsCode::no_error);
}

TEST(list_zone_store, an_expired_dataset_is_not_served_until_it_is_renewed) {
  Folder folder;
  const std::string file = folder.put("bl", "$TIMESTAMP 1970:01:01:00:10 +10m\n192.0.2.1\n");
  ListZoneStore store({});
  ASSERT_TRUE(store.add("bl.ex:ip4set:" + file).ok());
  EXPECT_TRUE(store.refresh(1200).expired.empty());
  EXPECT_THAT(store.refresh(1201).expired, testing::SizeIs(1));
  EXPECT_EQ(ask(*store.zone_set(), "1.2.0.192.bl.ex").answer.code, DnsCode::server_failure);
  EXPECT_FALSE(store.refresh(1202).changed());  // told once
  folder.put("bl", "$TIMESTAMP 1970:01:01:00:20 +10m\n192.0.2.1\n");
  EXPECT_TRUE(store.refresh(1203).changed());
  EXPECT_EQ(ask(*store.zone_set(), "1.2.0.192.bl.ex").answer.code, DnsCode::no_error);
}

TEST(list_zone_store, reads_packed_files_and_refuses_damaged_ones) {
  Folder folder;
  const std::string text = "192.0.2.1\n" + std::string(5000, '#') + "\n192.0.2.2\n";
  const std::string file = folder.pack("bl.gz", text);
  ListZoneStore store({});
  ASSERT_TRUE(store.add("bl.ex:ip4set:" + file).ok());
  EXPECT_EQ(store.refresh(1000).loaded.at(0).entries, 2U);
  fs::resize_file(file, fs::file_size(file) - 9);
  EXPECT_THAT(store.refresh(1000).errors, testing::SizeIs(1));
  ListZoneStore strict({.gzip = false});
  ASSERT_TRUE(strict.add("bl.ex:ip4set:" + folder.pack("b.gz", text)).ok());
  EXPECT_THAT(strict.refresh(1000).errors, testing::SizeIs(1));
  EXPECT_FALSE(strict.zone_set()->served(0));
}

}  // namespace
}  // namespace leumund::face
