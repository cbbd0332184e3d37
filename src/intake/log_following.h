// For the tests of LogFollower: a log in a folder of its own, and what was told of it.
#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "intake/log_events_as_text.h"
#include "intake/log_follower.h"

namespace leumund::intake::log_test {

namespace fs = std::filesystem;

// Keeps events as a daemon does: what came after the last position is lost by a crash.
class Keeper : public LogReceiver {
 public:
  void on_event(const model::MailEvent& event) override {
    pending.push_back(log_test::text_of(event));
  }
  void on_position(const std::string& text) override {
    kept.insert(kept.end(), pending.begin(), pending.end());
    pending.clear();
    position = text;
  }
  [[nodiscard]] std::vector<std::string> all() const {
    std::vector<std::string> out = kept;
    out.insert(out.end(), pending.begin(), pending.end());
    return out;
  }

  std::vector<std::string> kept;
  std::vector<std::string> pending;
  std::string position;
};

class LogFollowing : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "leumund_log_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    log_ = folder_ / "mail.log";
  }
  void TearDown() override {
    std::error_code ignored;
    fs::permissions(folder_, fs::perms::owner_all, ignored);
    fs::remove_all(folder_, ignored);
  }

  LogFollowerSettings settings() {
    LogFollowerSettings out;
    out.path = log_;
    out.start = LogStart::everything;
    out.utc_offset = std::chrono::seconds(0);
    out.correlator.own_hosts = {"mx"};
    return out;
  }
  void open(const LogFollowerSettings& wanted, const std::string& position = "") {
    auto opened = LogFollower::open(wanted, position);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    follower_ = std::move(*opened);
  }
  void poll(std::chrono::seconds later = std::chrono::seconds(1)) {
    now_ += later;
    follower_->poll(keeper_, now_);
  }
  void append(const std::string& text, const fs::path& to = {}) {
    std::ofstream(to.empty() ? log_ : to, std::ios::app | std::ios::binary) << text;
  }
  // A mail of a script: two lines that make one submission, told when the second is read.
  static std::string mail(int number) {
    return fmt::format(
        "2026-10-13T16:{:02}:{:02}Z mx postfix/pickup[9]: 4AA{:07X}: uid=33 from=<w>\n"
        "2026-10-13T16:{:02}:{:02}Z mx postfix/qmgr[7]: 4AA{:07X}: from=<w@c.test>, size={}, "
        "nrcpt=1 "
        "(queue active)\n",
        number / 60 % 60, number % 60, number, number / 60 % 60, number % 60, number, number);
  }
  static std::string mails(int from, int to) {
    std::string out;
    for (int i = from; i < to; ++i) out += mail(i);
    return out;
  }
  // The numbers of the mails that were told, in order.
  [[nodiscard]] std::vector<int> told() const {
    std::vector<int> out;
    for (const std::string& text : keeper_.all()) {
      const std::size_t at = text.find("size=");
      if (at != std::string::npos) out.push_back(std::stoi(text.substr(at + 5)));
    }
    return out;
  }
  static std::vector<int> numbers(int from, int to) {
    std::vector<int> out;
    for (int i = from; i < to; ++i) out.push_back(i);
    return out;
  }
  static void gzip(const fs::path& path, const std::string& bytes) {
    const gzFile file = ::gzopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(::gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
              static_cast<int>(bytes.size()));
    ::gzclose(file);
  }
  static void zstd(const fs::path& path, const std::string& bytes) {
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
    std::ofstream(path, std::ios::binary) << packed;
  }

  fs::path folder_;
  fs::path log_;
  Keeper keeper_;
  std::unique_ptr<LogFollower> follower_;
  base::TimePoint now_ = base::parse_rfc3339("2026-10-13T18:00:00Z").value();
};

}  // namespace leumund::intake::log_test
