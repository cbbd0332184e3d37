#include "action/suspended_file.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace leumund::action {
namespace {

using model::DecisionKind;
using model::Level;
using model::Restriction;
using model::Subject;
using model::SubjectKind;
namespace fs = std::filesystem;

const base::TimePoint t0 = base::TimePoint(std::chrono::seconds(1'800'000'000));

Restriction restriction(const std::string& name, std::uint64_t decision,
                        Level level = Level::no_sending) {
  Restriction made;
  made.subject = {SubjectKind::account, name};
  made.level = level;
  made.reason = "burst: x";
  made.by = "burst";
  made.decision = decision;
  return made;
}

class SuspendedFileTest : public testing::Test {
 protected:
  SuspendedFileTest() {
    std::string name = (fs::temp_directory_path() / "leumund_file_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ / "suspended_senders";
    file_ = std::make_unique<SuspendedFile>(
        SuspendedFileOptions{.path = path_, .bytes_max = 1 << 20, .releases_max = 5});
  }
  ~SuspendedFileTest() override {
    ::chmod(folder_.c_str(), 0755);
    fs::remove_all(folder_);
  }

  std::string content() const {
    std::ifstream in(path_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write_in_place(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }
  // As an editor does it: another inode.
  void replace(const std::string& text) {
    std::ofstream(path_.string() + "~") << text;
    fs::rename(path_.string() + "~", path_);
  }
  // Two polls, as the thread would within half a second.
  std::vector<FileCommand> take() {
    auto commands = file_->poll(t0);
    for (auto& command : file_->poll(t0)) commands.push_back(std::move(command));
    return commands;
  }
  void suspend(const std::string& name, std::uint64_t number, Level level = Level::no_sending) {
    file_->set({SubjectKind::account, name}, restriction(name, number, level), number);
    EXPECT_TRUE(file_->flush().ok());
  }

  fs::path folder_;
  fs::path path_;
  std::unique_ptr<SuspendedFile> file_;
};

TEST_F(SuspendedFileTest, ShowsDecisionsAndForgetsThemWhenReleased) {
  EXPECT_TRUE(file_->start({}, 0, t0).empty());
  suspend("a@v.example", 1);
  EXPECT_NE(content().find("\na@v.example no_sending # burst: x\n"), std::string::npos)
      << content();
  EXPECT_TRUE(take().empty());  // our own writing is no edit
  file_->set({SubjectKind::account, "a@v.example"}, std::nullopt, 2);
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_EQ(content().find("a@v.example"), std::string::npos);
}

TEST_F(SuspendedFileTest, TakesUpAnAddedAndARemovedLine) {
  (void)file_->start({}, 0, t0);
  suspend("a@v.example", 1);
  replace(content() + "b@v.example\n");
  auto commands = take();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_TRUE(commands[0].suspend);
  EXPECT_EQ(commands[0].restriction.subject.name, "b@v.example");
  EXPECT_EQ(commands[0].restriction.by, "file");
  // The decision that follows changes nothing in the file.
  const auto before = content();
  file_->set(commands[0].restriction.subject, commands[0].restriction, 2);
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_NE(content().find("b@v.example\n"), std::string::npos);

  write_in_place("# leumund: as of decision 2\n# only b left\nb@v.example\n");
  commands = take();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_FALSE(commands[0].suspend);
  EXPECT_EQ(commands[0].restriction.subject.name, "a@v.example");
  EXPECT_TRUE(take().empty());
}

TEST_F(SuspendedFileTest, DoesNotTakeUpAFileThatIsStillBeingWritten) {
  (void)file_->start({}, 0, t0);
  suspend("a@v.example", 1);
  suspend("b@v.example", 2);
  write_in_place("# leumund: as of decision 2\n# h\n");
  EXPECT_TRUE(file_->poll(t0).empty());
  write_in_place("# leumund: as of decision 2\n# h\na@v.example\nb@v.exam");
  EXPECT_TRUE(take().empty());  // no line feed: waits longer
  write_in_place("# leumund: as of decision 2\n# h\na@v.example\nb@v.example\n");
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(file_->size(), 2u);
}

TEST_F(SuspendedFileTest, TakesUpATextWithoutLastLineFeedAfterAWhile) {
  (void)file_->start({}, 0, t0);
  write_in_place("a@v.example");
  std::vector<FileCommand> commands;
  int polls = 0;
  for (; polls < 20 && commands.empty(); ++polls) commands = file_->poll(t0);
  EXPECT_EQ(commands.size(), 1u);
  EXPECT_GE(polls, 8);
}

TEST_F(SuspendedFileTest, AnOldTextSavedLateDoesNotReleaseWhatWasDecidedSince) {
  (void)file_->start({}, 0, t0);
  suspend("a@v.example", 1);
  const auto opened_in_editor = content();
  suspend("hacked@v.example", 2);
  replace(opened_in_editor + "c@v.example\n");
  const auto commands = take();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_EQ(commands[0].restriction.subject.name, "c@v.example");
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_NE(content().find("hacked@v.example"), std::string::npos);
  // And what was released since does not come back.
  const auto opened_again = content();
  file_->set({SubjectKind::account, "a@v.example"}, std::nullopt, 4);
  ASSERT_TRUE(file_->flush().ok());
  replace(opened_again);
  EXPECT_TRUE(take().empty());
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_EQ(content().find("a@v.example\n"), std::string::npos);
  EXPECT_EQ(content().find("\na@v.example"), std::string::npos);
}

TEST_F(SuspendedFileTest, AVanishedFileReleasesNobodyAndComesBack) {
  (void)file_->start({}, 0, t0);
  suspend("a@v.example", 1);
  fs::remove(path_);
  EXPECT_TRUE(take().empty());
  EXPECT_NE(file_->trouble().find("gone"), std::string::npos);
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_NE(content().find("a@v.example"), std::string::npos);
  EXPECT_EQ(file_->trouble(), "");
}

TEST_F(SuspendedFileTest, AnEmptiedFileIsAnAccidentButACommentAloneIsAnEdit) {
  (void)file_->start({}, 0, t0);
  suspend("a@v.example", 1);
  write_in_place("");
  EXPECT_TRUE(take().empty());
  EXPECT_NE(file_->trouble().find("empty"), std::string::npos);
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_NE(content().find("a@v.example"), std::string::npos);
  write_in_place("# nobody\n");
  const auto commands = take();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_FALSE(commands[0].suspend);
}

TEST_F(SuspendedFileTest, AFileThatCannotBeReadReleasesNobodyAndIsNotOverwritten) {
  (void)file_->start({}, 0, t0);
  suspend("a@v.example", 1);
  write_in_place(std::string(2 << 20, 'x'));
  EXPECT_TRUE(take().empty());
  EXPECT_NE(file_->trouble().find("more than 1048576 bytes"), std::string::npos)
      << file_->trouble();
  file_->set({SubjectKind::account, "b@v.example"}, restriction("b@v.example", 2), 2);
  EXPECT_TRUE(file_->flush().ok());
  EXPECT_EQ(fs::file_size(path_), 2u << 20);
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_TRUE(take().empty());
  EXPECT_NE(file_->trouble().find("not a regular file"), std::string::npos) << file_->trouble();
  fs::remove(path_);
  EXPECT_TRUE(take().empty());
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_NE(content().find("b@v.example"), std::string::npos);
}

TEST_F(SuspendedFileTest, AnEditThatReleasesVeryManyIsNotBelieved) {
  (void)file_->start({}, 0, t0);
  for (int i = 0; i < 6; ++i) suspend(std::to_string(i), static_cast<std::uint64_t>(i + 1));
  write_in_place("# h\n");
  EXPECT_TRUE(take().empty());
  EXPECT_NE(file_->trouble().find("release 6 senders at once"), std::string::npos);
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_NE(content().find("5 no_sending"), std::string::npos);
}

TEST_F(SuspendedFileTest, BadBytesChangeNothingAndStay) {
  (void)file_->start({}, 0, t0);
  suspend("a@v.example", 1);
  const std::string bad = "\xff\xfe bad\n";
  write_in_place(content() + bad);
  EXPECT_TRUE(take().empty());
  EXPECT_NE(file_->trouble().find("no text"), std::string::npos) << file_->trouble();
  suspend("b@v.example", 2);
  EXPECT_NE(content().find(bad), std::string::npos);
}

TEST_F(SuspendedFileTest, WhileALineMayNameAnybodyAnEditReleasesNobody) {
  EXPECT_TRUE(file_->start({}, 0, t0).empty());
  suspend("m\xc3\xbcller@v.example", 1);
  suspend("b@v.example", 2);
  // An editor has saved it as Latin-1.
  replace("# leumund: as of decision 2\nm\xfcller@v.example no_sending\n");
  EXPECT_TRUE(take().empty());
  EXPECT_NE(file_->trouble().find("nobody is released"), std::string::npos) << file_->trouble();
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_NE(content().find("\nb@v.example"), std::string::npos) << content();
  replace("# leumund: as of decision 2\nm\xc3\xbcller@v.example no_sending\n");
  const auto commands = take();
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_EQ(commands[0].restriction.subject.name, "b@v.example");
  EXPECT_FALSE(commands[0].suspend);
  EXPECT_EQ(file_->trouble(), "");
}

// Else it would be taken for our own writing, and nobody would ever look at it.
TEST_F(SuspendedFileTest, AnEditRightAfterOurWritingIsSeen) {
  const FileIdentity written{.device = 1, .inode = 2, .modified_ns = 3, .changed_ns = 4, .size = 5};
  FileIdentity now = written;
  now.changed_ns = 9;
  EXPECT_EQ(told_as_written(written, now), now) << "the rename";
  now.size = 6;
  EXPECT_EQ(told_as_written(written, now), written);
  now = written;
  now.modified_ns = 9;
  EXPECT_EQ(told_as_written(written, now), written);

  EXPECT_TRUE(file_->start({}, 0, t0).empty());
  suspend("a@v.example", 1);
  for (std::uint64_t round = 2; round < 152; ++round) {
    const std::string edited = fmt::format("edit{}@v.example", round);
    std::thread editor([&, inode = identify_file(path_)->inode] {
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      while (identify_file(path_)->inode == inode && std::chrono::steady_clock::now() < end) {
      }
      std::ofstream(path_, std::ios::app) << edited + "\n";
    });
    suspend(fmt::format("a{}@v.example", round), round);
    editor.join();
    const auto commands = take();
    ASSERT_EQ(commands.size(), 1U) << content();
    EXPECT_EQ(commands[0].restriction.subject.name, edited);
    ASSERT_TRUE(file_->flush().ok());
  }
}

TEST_F(SuspendedFileTest, AnEditMadeWhileWeWereAwayIsTakenUpAtStart) {
  write_in_place(
      "# leumund: as of decision 5\n# h\nstays@v.example no_sending\nby-hand@v.example\n");
  const std::vector standing = {restriction("stays@v.example", 3),
                                restriction("removed@v.example", 4),
                                restriction("decided-last@v.example", 6)};
  const auto commands = file_->start(standing, 6, t0);
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_FALSE(commands[0].suspend);
  EXPECT_EQ(commands[0].restriction.subject.name, "removed@v.example");
  EXPECT_TRUE(commands[1].suspend);
  EXPECT_EQ(commands[1].restriction.subject.name, "by-hand@v.example");
  // Killed between journal and file: the newest decision is not taken for a removed line.
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_NE(content().find("decided-last@v.example"), std::string::npos);
}

// Killed between the release and the writing of the file.
TEST_F(SuspendedFileTest, ALineOfWhoWasReleasedSinceIsNoOrderOfAPerson) {
  const std::string text = "# leumund: as of decision 1\n# h\nAnna@v.example no_sending\n";
  write_in_place(text);
  const auto decided = [](DecisionKind kind, std::uint64_t number, const char* name) {
    model::Decision decision;
    decision.kind = kind;
    decision.number = number;
    decision.subject = {SubjectKind::account, name};
    return decision;
  };
  const std::vector journal = {decided(DecisionKind::released, 2, "anna@v.example"),
                               decided(DecisionKind::released, 3, "bert@v.example")};
  const auto after = [&](std::uint64_t number) {
    std::vector<model::Decision> page;  // one a page
    for (const auto& one : journal) {
      if (one.number > number && page.empty()) page.push_back(one);
    }
    return page;
  };
  EXPECT_TRUE(file_->start({}, 3, t0, after).empty());
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_EQ(content().find("Anna"), std::string::npos) << "the file is put right";
  // What a person writes after that is his order.
  write_in_place(content() + "anna@v.example\n");
  EXPECT_EQ(take().size(), 1u);
}

TEST_F(SuspendedFileTest, RestoresWhoWasSuspendedWhenTheStoreIsLost) {
  write_in_place("# leumund: as of decision 90\n# h\na@v.example\nb@v.example hold\n");
  const auto commands = file_->start({}, 0, t0);
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_TRUE(commands[0].suspend && commands[1].suspend);
}

TEST_F(SuspendedFileTest, NamesDifferInCaseOnlyOnPaper) {
  (void)file_->start({}, 0, t0);
  suspend("Anna@V.example", 1);
  replace(content() + "# x\n");
  EXPECT_TRUE(take().empty());
  write_in_place("# leumund: as of decision 1\n");
  const auto commands = take();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_EQ(commands[0].restriction.subject.name, "Anna@V.example");  // as the book knows it
}

TEST_F(SuspendedFileTest, ALineWhoseEndIsOverDoesNotSuspend) {
  (void)file_->start({}, 0, t0);
  write_in_place("# h\na@v.example until=2001-01-01T00:00:00Z\n");
  EXPECT_TRUE(take().empty());
  ASSERT_TRUE(file_->flush().ok());
  EXPECT_EQ(content().find("a@v.example"), std::string::npos);
}

TEST_F(SuspendedFileTest, KeepsModeAndASymbolicLink) {
  const auto real = folder_ / "real";
  std::ofstream(real) << "# h\n";
  fs::permissions(real, fs::perms(0664));
  fs::create_symlink(real, path_);
  (void)file_->start({}, 0, t0);
  suspend("a@v.example", 1);
  EXPECT_TRUE(fs::is_symlink(path_));
  EXPECT_EQ(fs::status(real).permissions(), fs::perms(0664));
  EXPECT_NE(content().find("a@v.example"), std::string::npos);
}

TEST_F(SuspendedFileTest, AFolderThatCannotBeWrittenIsAnErrorNamingIt) {
  SuspendedFile lost({.path = (folder_ / "no" / "such" / "file").string()});
  (void)lost.start({}, 0, t0);
  lost.set({SubjectKind::account, "a"}, restriction("a", 1), 1);
  const auto status = lost.flush();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("no/such/file"), std::string::npos);
  fs::create_directories(folder_ / "no" / "such");
  EXPECT_TRUE(lost.flush().ok());  // tried again
  EXPECT_EQ(lost.writes(), 1u);
}

}  // namespace
}  // namespace leumund::action
