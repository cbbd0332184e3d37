#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "intake/log_follower.h"
#include "intake/log_following.h"

namespace leumund::intake {
namespace {

namespace fs = std::filesystem;

// A writer, a rotation and a follower that is killed, each doing something at random.
class LogFollowerCrash : public log_test::LogFollowing {
 protected:
  void begin(unsigned seed) {
    random_.seed(seed);
    fs::remove_all(folder_);
    fs::create_directory(folder_);
    keeper_ = log_test::Keeper{};
    follower_.reset();
    next_ = 0;
    text_.clear();
    written_ = 0;
    rotations_ = 0;
    append("");
    open(settings());
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }

  // Every third mail comes from this host, so that it waits for a filter's answer before it is
  // told. Stamps are those of the moment of writing, as in a log.
  std::string new_mail() {
    const std::string id = fmt::format("4AA{:07X}", next_);
    const std::string origin = next_ % 3 == 0 ? "smtpd[9]: " + id + ": client=localhost[127.0.0.1]"
                                              : "pickup[9]: " + id + ": uid=33 from=<w>";
    return fmt::format(
        "{0} mx postfix/{1}\n{0} mx postfix/qmgr[7]: {2}: from=<w@c.test>, "
        "size={3}, nrcpt=1 (queue active)\n",
        base::format_rfc3339(now_), origin, id, next_++);
  }
  // Some bytes, which may end in the middle of a line.
  void write_some() {
    for (std::size_t i = below(5); i > 0; --i) text_ += new_mail();
    const std::size_t size = std::min(text_.size() - written_, below(900));
    append(text_.substr(written_, size));
    written_ += size;
  }
  // A writer finishes its line before the file is rotated; the names move on by one.
  void rotate() {
    if (const std::size_t end = text_.find('\n', written_ == 0 ? 0 : written_ - 1);
        end != std::string::npos) {
      append(text_.substr(written_, end + 1 - written_));
      written_ = end + 1;
    }
    for (int i = rotations_; i > 0; --i) {
      for (const char* packed : {"", ".gz"}) {
        const auto name = [&](int n) { return folder_ / fmt::format("mail.log.{}{}", n, packed); };
        if (fs::exists(name(i))) fs::rename(name(i), name(i + 1));
      }
    }
    ++rotations_;
    fs::rename(log_, folder_ / "mail.log.1");
    append("");
  }
  // The last but one is packed some time after its rotation, as with "delaycompress".
  void pack() {
    const fs::path plain = folder_ / "mail.log.2";
    if (!fs::exists(plain)) return;
    std::ifstream in(plain, std::ios::binary);
    gzip(folder_ / "mail.log.2.gz", std::string((std::istreambuf_iterator<char>(in)), {}));
    fs::remove(plain);
  }
  // kill -9: what was not kept with a position is lost, and told again by the next follower.
  void kill(bool after_a_look) {
    if (after_a_look) poll();
    open(settings(), keeper_.position);
    keeper_.pending.clear();
  }
  void step() {
    write_some();
    switch (below(6)) {
      case 0: poll(); break;
      case 1: poll(std::chrono::seconds(8)); break;  // long enough to tell what waits
      case 2: kill(true); break;
      case 3: kill(false); break;
      case 4: rotate(); break;
      default: pack();
    }
  }
  void finish() {
    append(text_.substr(written_));
    poll();
    poll(std::chrono::seconds(20));
  }

  std::mt19937 random_;
  int next_ = 0;
  std::string text_;
  std::size_t written_ = 0;
  int rotations_ = 0;
};

// Cut, kill, rotate and restart at any byte: every mail is told exactly once.
TEST_F(LogFollowerCrash, NeitherLosesNorDoublesALine) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    begin(seed);
    while (next_ < 150) step();
    finish();
    std::vector<int> sorted = told();  // those that wait are told later than others
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(sorted, numbers(0, next_));
    ASSERT_EQ(follower_->status().positions_lost, 0U);
  }
}

}  // namespace
}  // namespace leumund::intake
