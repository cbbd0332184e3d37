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

#include "intake/log_following.h"

namespace leumund::intake {
namespace {

namespace fs = std::filesystem;
using log_test::Keeper;
using log_test::LogFollowing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

}  // namespace
}  // namespace leumund::intake
