#include "intake/client_facts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace leumund::intake {
namespace {

// A MaxMind database with one record for 128.0.0.0/1, written after the format's specification
// (maxmind.github.io/MaxMind-DB): a tree of one node with 24-bit records, the data, the metadata.
class TinyDatabase {
 public:
  explicit TinyDatabase(const std::string& record) {
    path_ = std::filesystem::temp_directory_path() / ("leumund-geo-" + std::to_string(getpid()));
    std::string bytes;
    bytes += number(1);       // addresses starting with 0: node_count = not found
    bytes += number(1 + 16);  // addresses starting with 1: the first data record
    bytes += std::string(16, '\0');
    bytes += record;
    bytes += "\xab\xcd\xefMaxMind.com";
    bytes += map(9) + text("binary_format_major_version") + u16(2) +
             text("binary_format_minor_version") + u16(0) + text("build_epoch") +
             std::string("\x01\x02\x01", 3) + text("database_type") + text("Test") +
             text("description") + map(0) + text("ip_version") + u16(4) + text("languages") +
             std::string("\x00\x04", 2) + text("node_count") + u32(1) + text("record_size") +
             u16(24);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TinyDatabase() { std::filesystem::remove(path_); }
  TinyDatabase(const TinyDatabase&) = delete;
  TinyDatabase& operator=(const TinyDatabase&) = delete;
  [[nodiscard]] std::string file() const { return path_.string(); }

  static std::string map(int size) { return std::string(1, static_cast<char>(0xe0 | size)); }
  static std::string text(const std::string& s) {
    return std::string(1, static_cast<char>(0x40 | s.size())) + s;
  }
  static std::string u16(int v) { return std::string("\xa2\x00", 2) + static_cast<char>(v); }
  static std::string u32(int v) {
    return std::string("\xc4\x00\x00", 3) + static_cast<char>(v >> 8) + static_cast<char>(v);
  }

 private:
  static std::string number(int v) { return std::string("\0\0", 2) + static_cast<char>(v); }
  std::filesystem::path path_;
};

TEST(ClientFacts, FindsCountryAndNetworkOfAnAddress) {
  using T = TinyDatabase;
  const TinyDatabase country(T::map(1) + T::text("country") + T::map(1) + T::text("iso_code") +
                             T::text("DE"));
  auto source = ClientFactsSource::open({.country = country.file(), .as_number = ""});
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->look_up(*base::IpAddress::parse("198.51.100.7")).country, "DE");
  EXPECT_EQ((*source)->look_up(*base::IpAddress::parse("9.9.9.9")).country, "");
  EXPECT_EQ((*source)->look_up(*base::IpAddress::parse("2001:db8::1")).country, "");
}

TEST(ClientFacts, FindsTheNetworkNumber) {
  using T = TinyDatabase;
  const TinyDatabase networks(T::map(1) + T::text("autonomous_system_number") + T::u32(64500));
  auto source = ClientFactsSource::open({.country = "", .as_number = networks.file()});
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ((*source)->look_up(*base::IpAddress::parse("198.51.100.7")).as_number, 64500U);
}

TEST(ClientFacts, AreUnknownWithoutFilesAndAWrongFileIsNamed) {
  auto none = ClientFactsSource::open({});
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE((*none)->empty());
  EXPECT_EQ((*none)->look_up(*base::IpAddress::parse("198.51.100.7")), model::ClientFacts());
  const auto wrong = ClientFactsSource::open({.country = "/etc/hostname", .as_number = ""});
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("/etc/hostname"), std::string::npos);
}

}  // namespace
}  // namespace leumund::intake
