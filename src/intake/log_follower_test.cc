#include "intake/log_follower.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "intake/log_events_as_text.h"

namespace leumund::intake {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

TEST_F(LogFollowing, ReadsWhatIsAppended) {
  append(mails(0, 2));
  open(settings());
  poll();
  EXPECT_EQ(told(), numbers(0, 2));
  append(mails(2, 4));
  poll();
  EXPECT_EQ(told(), numbers(0, 4));
  EXPECT_TRUE(keeper_.pending.empty());
}

TEST_F(LogFollowing, BeginsAtTheEndButKnowsTheMailsInFlight) {
  append("2026-10-13T16:00:00Z mx postfix/pickup[9]: 4AA0000001: uid=33 from=<w>\n");
  LogFollowerSettings at_end = settings();
  at_end.start = LogStart::end;
  open(at_end);
  poll();
  EXPECT_THAT(keeper_.all(), IsEmpty());
  EXPECT_NE(keeper_.position, "");
  append(
      "2026-10-13T16:00:00Z mx postfix/qmgr[7]: 4AA0000001: from=<w@c.test>, size=1, nrcpt=2 "
      "(queue active)\n");
  poll();
  EXPECT_THAT(keeper_.all(), ElementsAre("submission 4AA0000001 script=uid33 from=<w@c.test> "
                                         "recipients=2 size=1"));
}

TEST_F(LogFollowing, WaitsForTheEndOfALine) {
  const std::string text = mails(0, 2);
  append(text.substr(0, text.size() - 30));
  open(settings());
  poll();
  EXPECT_EQ(told(), numbers(0, 1));
  append(text.substr(text.size() - 30));
  poll();
  EXPECT_EQ(told(), numbers(0, 2));
}

TEST_F(LogFollowing, FollowsARotationByRenameWithoutLosingTheWritersLastLines) {
  append(mails(0, 2));
  open(settings());
  poll();
  fs::rename(log_, folder_ / "mail.log.1");
  append(mails(2, 3), folder_ / "mail.log.1");  // the writer has not reopened yet
  poll();
  EXPECT_THAT(follower_->status().problem, HasSubstr("No such file"));
  append("");  // logrotate's "create"
  append(mails(3, 4), folder_ / "mail.log.1");
  poll();
  append(mails(4, 5));
  poll();
  append(mails(5, 6));
  poll();
  EXPECT_EQ(told(), numbers(0, 6));
  EXPECT_EQ(follower_->status().rotations, 1U);
  EXPECT_EQ(follower_->status().problem, "");
}

TEST_F(LogFollowing, ReadsAllFilesOfSeveralRotationsBetweenTwoLooks) {
  append(mails(0, 2));
  open(settings());
  poll();
  append(mails(2, 4));
  fs::rename(log_, folder_ / "mail.log.3");
  append(mails(4, 6), folder_ / "mail.log.2");
  append(mails(6, 8), folder_ / "mail.log.1");
  append(mails(8, 9));
  poll();
  EXPECT_EQ(told(), numbers(0, 9));
}

TEST_F(LogFollowing, FollowsACopyTruncatedFile) {
  append(mails(0, 5));
  open(settings());
  poll();
  append(mails(5, 7));
  fs::copy_file(log_, folder_ / "mail.log.1");
  fs::resize_file(log_, 0);
  append(mails(7, 8));
  poll();
  EXPECT_EQ(told(), numbers(0, 8));
  EXPECT_EQ(follower_->status().truncations, 1U);
}

TEST_F(LogFollowing, NoticesATruncatedFileThatGrewPastItsOldSize) {
  append(mails(0, 5));
  open(settings());
  poll();
  fs::resize_file(log_, 0);
  append(mails(5, 50));
  poll();
  EXPECT_EQ(told(), numbers(0, 50));
  EXPECT_EQ(follower_->status().truncations, 1U);
}

TEST_F(LogFollowing, SkipsTheNulsOfAWriterThatDoesNotAppend) {
  append(mails(0, 1));
  open(settings());
  poll();
  fs::resize_file(log_, 0);
  poll();
  append(std::string(3'000'000, '\0') + mails(1, 3));
  poll();
  EXPECT_EQ(told(), numbers(0, 3));
  EXPECT_EQ(follower_->status().cut_lines, 0U);
}

TEST_F(LogFollowing, CatchesUpFromRotatedFilesOfEveryKind) {
  gzip(folder_ / "mail.log.4.gz", mails(0, 10));
  zstd(folder_ / "mail.log.3.zst", mails(10, 20));
  gzip(folder_ / "mail.log.2.gz", mails(20, 30));
  append(mails(30, 40), folder_ / "mail.log.1");
  append(mails(40, 50));
  append("no log", folder_ / "mail.log.save");
  append("no log", folder_ / "mail.log.5.xz");
  open(settings());
  poll();
  EXPECT_EQ(told(), numbers(0, 50));
  EXPECT_EQ(follower_->status().files_skipped, 1U);  // the one in a packing nobody knows
}

TEST_F(LogFollowing, PutsDatedFilesInOrder) {
  gzip(folder_ / "mail.log-20261010.gz", mails(0, 10));
  zstd(folder_ / "mail.log-20261011.zst", mails(10, 20));
  append(mails(20, 30), folder_ / "mail.log-20261012");
  append(mails(30, 40));
  open(settings());
  poll();
  EXPECT_EQ(told(), numbers(0, 40));
}

TEST_F(LogFollowing, TellsWhatABrokenPackedFileStillHoldsAndGoesOn) {
  gzip(folder_ / "mail.log.1.gz", mails(0, 3000));
  fs::resize_file(folder_ / "mail.log.1.gz", fs::file_size(folder_ / "mail.log.1.gz") / 2);
  append(mails(3000, 3002));
  open(settings());
  poll();
  ASSERT_GT(told().size(), 100U);
  EXPECT_EQ(told().front(), 0);
  EXPECT_EQ(told().back(), 3001);
  EXPECT_EQ(follower_->status().files_skipped, 1U);
}

TEST_F(LogFollowing, SaysThatADirectoryStandsInTheFilesPlaceAndGoesOnLater) {
  fs::create_directory(log_);
  open(settings());
  poll();
  EXPECT_THAT(follower_->status().problem, HasSubstr("mail.log is a directory, not a file"));
  fs::remove(log_);
  poll();
  EXPECT_THAT(follower_->status().problem, HasSubstr("No such file"));
  append(mails(0, 1));
  poll();
  EXPECT_EQ(told(), numbers(0, 1));
  EXPECT_EQ(follower_->status().problem, "");
  // The same while it is followed.
  fs::rename(log_, folder_ / "mail.log.1");
  fs::create_directory(log_);
  append(mails(1, 2), folder_ / "mail.log.1");
  poll();
  EXPECT_THAT(follower_->status().problem, HasSubstr("is a directory"));
  fs::remove(log_);
  append(mails(2, 3));
  poll();
  EXPECT_EQ(told(), numbers(0, 3));
}

TEST_F(LogFollowing, DoesNotHangOnANamedPipe) {
  ASSERT_EQ(::mkfifo(log_.c_str(), 0600), 0);
  open(settings());
  poll();
  EXPECT_THAT(follower_->status().problem, HasSubstr("pipe"));
}

TEST_F(LogFollowing, SaysThatAFileMayNotBeRead) {
  append(mails(0, 1));
  fs::permissions(log_, fs::perms::none);
  fs::permissions(folder_, fs::perms::others_exec | fs::perms::owner_all);
  const bool root = ::geteuid() == 0;  // who may read every file
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  open(settings());
  poll();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_THAT(follower_->status().problem, HasSubstr("Permission denied"));
}

TEST_F(LogFollowing, ReadsALineOfAGigabyteInBoundedMemory) {
  const auto peak_kib = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  append(mails(0, 1));
  open(settings());
  poll();
  const auto before = peak_kib();
  {
    std::ofstream out(log_, std::ios::app | std::ios::binary);
    const std::string piece(1 << 20, 'x');
    out << "2026-10-13T16:00:00Z mx postfix/qmgr[7]: 4AA0000001: ";
    for (int i = 0; i < 1024; ++i) out << piece;
    out << '\n' << mails(1, 2);
  }
  poll();
  EXPECT_EQ(told(), numbers(0, 2));
  EXPECT_EQ(follower_->status().cut_lines, 1U);
  EXPECT_LT(peak_kib() - before, 32 * 1024);
}

TEST_F(LogFollowing, TakesAnyBytesForALine) {
  std::string bytes;
  std::mt19937 random(7);
  for (int i = 0; i < 200'000; ++i) bytes += static_cast<char>(random());
  append(bytes + "\n" + mails(0, 1));
  open(settings());
  poll();
  EXPECT_EQ(told(), numbers(0, 1));
}

TEST_F(LogFollowing, TellsWhatWaitsWhenTheLogFallsSilent) {
  append(
      "2026-10-13T16:00:00Z mx postfix/smtpd[5]: 4AA0918552: client=localhost[127.0.0.1]\n"
      "2026-10-13T16:00:00Z mx postfix/qmgr[7]: 4AA0918552: from=<s@c.test>, size=4, nrcpt=1 "
      "(queue active)\n");
  open(settings());
  poll();
  EXPECT_THAT(keeper_.all(), IsEmpty());
  poll(std::chrono::seconds(2));
  EXPECT_THAT(keeper_.all(), IsEmpty());
  poll(std::chrono::seconds(2));
  EXPECT_THAT(keeper_.kept, ElementsAre("submission 4AA0918552 client=127.0.0.1 from=<s@c.test> "
                                        "recipients=1 size=4"));
  // After a restart it is not told again.
  const std::string position = keeper_.position;
  open(settings(), position);
  poll();
  poll(std::chrono::seconds(10));
  EXPECT_EQ(keeper_.all().size(), 1U);
}

TEST_F(LogFollowing, RefusesAPositionThatIsNone) {
  for (const char* text : {"x", "file1", "file1 1 2 3 zz 5 0 1", "file1 1 2 900 0 5 0 1",
                           "file1 1 2 3 4 5 6 1", "journal1 - s=1"}) {
    const auto opened = LogFollower::open(settings(), text);
    ASSERT_FALSE(opened.ok()) << text;
    EXPECT_THAT(opened.error().message, HasSubstr("no position in a log file"));
  }
}

TEST_F(LogFollowing, GoesOnInAFileThatWasRotatedAndPackedMeanwhile) {
  append(mails(0, 20));
  open(settings());
  poll();
  append(mails(20, 30));  // not seen before the stop
  const std::string position = keeper_.position;
  std::ifstream in(log_, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  gzip(folder_ / "mail.log.2.gz", bytes);
  fs::remove(log_);
  append(mails(30, 40), folder_ / "mail.log.1");
  append(mails(40, 50));
  open(settings(), position);
  poll();
  EXPECT_EQ(told(), numbers(0, 50));
  EXPECT_EQ(follower_->status().positions_lost, 0U);
}

TEST_F(LogFollowing, GoesOnInTheCopyOfAFileTruncatedMeanwhile) {
  append(mails(0, 20));
  open(settings());
  poll();
  append(mails(20, 30));
  fs::copy_file(log_, folder_ / "mail.log.1");
  fs::resize_file(log_, 0);
  append(mails(30, 31));
  open(settings(), keeper_.position);
  poll();
  EXPECT_EQ(told(), numbers(0, 31));
}

TEST_F(LogFollowing, GoesOnByTheStampsWhenItsFileIsGone) {
  append(mails(0, 20));
  open(settings());
  poll();
  fs::remove(log_);
  append(
      "2026-10-13T15:00:00Z mx postfix/master[1]: reload -- version 3.7.11, configuration "
      "/etc/postfix\n" +
      mails(10, 30));
  open(settings(), keeper_.position);
  poll();
  EXPECT_EQ(told(), numbers(0, 30));
  EXPECT_EQ(follower_->status().positions_lost, 1U);
}

TEST_F(LogFollowing, RunsUntilItIsStopped) {
  append(mails(0, 2));
  LogFollowerSettings quick = settings();
  quick.poll_span = std::chrono::milliseconds(1);
  open(quick);
  {
    std::jthread thread([&](const std::stop_token& stop) { follower_->run(stop, keeper_); });
    while (follower_->status().lines < 4) std::this_thread::yield();
  }
  EXPECT_EQ(told(), numbers(0, 2));
}

// Cut, kill, rotate and restart at any byte: every mail is told exactly once.
TEST_F(LogFollowing, NeitherLosesNorDoublesALineWhereverItIsKilled) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    const auto below = [&](std::size_t limit) { return random() % limit; };
    fs::remove_all(folder_);
    fs::create_directory(folder_);
    keeper_ = Keeper{};
    follower_.reset();
    // Every third mail comes from this host, so that it waits for a filter's answer before it is
    // told. Stamps are those of the moment of writing, as in a log.
    int next = 0;
    const auto new_mail = [&] {
      const std::string stamp = base::format_rfc3339(now_);
      const std::string id = fmt::format("4AA{:07X}", next);
      const std::string origin = next % 3 == 0 ? "smtpd[9]: " + id + ": client=localhost[127.0.0.1]"
                                               : "pickup[9]: " + id + ": uid=33 from=<w>";
      return fmt::format(
          "{0} mx postfix/{1}\n{0} mx postfix/qmgr[7]: {2}: from=<w@c.test>, "
          "size={3}, nrcpt=1 (queue active)\n",
          stamp, origin, id, next++);
    };
    std::string text;
    std::size_t written = 0;
    int rotations = 0;
    append("");
    open(settings());
    while (next < 150) {
      for (std::size_t i = below(5); i > 0; --i) text += new_mail();
      const std::size_t size = std::min(text.size() - written, below(900));
      append(text.substr(written, size));
      written += size;
      switch (below(6)) {
        case 0: poll(); break;
        case 1: poll(std::chrono::seconds(8)); break;  // long enough to tell what waits
        case 2:
          poll();
          keeper_.pending.clear();  // kill -9: what was not kept with a position is lost
          open(settings(), keeper_.position);
          break;
        case 3:
          open(settings(), keeper_.position);
          keeper_.pending.clear();
          break;
        case 4:
          // A writer finishes its line before the file is rotated; the names move on by one.
          if (const std::size_t end = text.find('\n', written == 0 ? 0 : written - 1);
              end != text.npos) {
            append(text.substr(written, end + 1 - written));
            written = end + 1;
          }
          for (int i = rotations; i > 0; --i) {
            for (const char* packed : {"", ".gz"}) {
              const auto name = [&](int n) {
                return folder_ / fmt::format("mail.log.{}{}", n, packed);
              };
              if (fs::exists(name(i))) fs::rename(name(i), name(i + 1));
            }
          }
          ++rotations;
          fs::rename(log_, folder_ / "mail.log.1");
          append("");
          break;
        default:
          // The last but one is packed some time after its rotation, as with "delaycompress".
          if (const fs::path plain = folder_ / "mail.log.2"; fs::exists(plain)) {
            std::ifstream in(plain, std::ios::binary);
            gzip(folder_ / "mail.log.2.gz", std::string((std::istreambuf_iterator<char>(in)), {}));
            fs::remove(plain);
          }
      }
    }
    append(text.substr(written));
    poll();
    poll(std::chrono::seconds(20));
    std::vector<int> sorted = told();  // those that wait are told later than others
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(sorted, numbers(0, next));
    ASSERT_EQ(follower_->status().positions_lost, 0U);
  }
}

}  // namespace
}  // namespace leumund::intake
