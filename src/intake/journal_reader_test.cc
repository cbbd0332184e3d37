#include "intake/journal_reader.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/need_peer.h"
#include "intake/log_events_as_text.h"

namespace leumund::intake {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* journal_maker = "/lib/systemd/systemd-journal-remote";

class Keeper : public LogReceiver {
 public:
  void on_event(const model::MailEvent& event) override {
    events.push_back(base::format_rfc3339(event.occurred_at) + " " + log_test::text_of(event));
  }
  void on_position(const std::string& text) override { position = text; }

  std::vector<std::string> events;
  std::string position;
};

// Journals of this test's own, made by systemd's tool from its export format.
class JournalReading : public testing::Test {
 protected:
  void SetUp() override {
    NEED_PEER(journal_maker, "systemd-journal-remote");
    std::string name = (fs::temp_directory_path() / "leumund_journal_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void entry(int second, const std::string& tag, const std::string& message, int facility = 2) {
    const std::uint64_t micros =
        1'790'000'000'000'000ULL + static_cast<std::uint64_t>(second) * 1'000'000;
    export_ += fmt::format(
        "__REALTIME_TIMESTAMP={0}\n__MONOTONIC_TIMESTAMP={1}\n_BOOT_ID={2:032x}\n_MACHINE_ID={2:"
        "032x}\n"
        "_HOSTNAME=mx\nSYSLOG_FACILITY={3}\nSYSLOG_IDENTIFIER={4}\nSYSLOG_PID=77\nMESSAGE={5}\n\n",
        micros, micros - 1'780'000'000'000'000ULL, 7, facility, tag, message);
  }
  void mail(int second) {
    entry(second, "postfix/pickup", fmt::format("4AA{:07X}: uid=33 from=<w>", second));
    entry(
        second, "postfix/qmgr",
        fmt::format("4AA{:07X}: from=<w@c.test>, size={}, nrcpt=1 (queue active)", second, second));
  }
  // Adds what was entered since to the journal.
  void write() {
    const fs::path source = folder_ / "entries.export";
    std::ofstream(source, std::ios::binary) << export_;
    export_.clear();
    const fs::path folder = folder_ / "journal";
    fs::create_directory(folder);
    const std::string command =
        fmt::format("{} --output={}/remote.journal {} >{}/log 2>&1", journal_maker, folder.string(),
                    source.string(), folder_.string());
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  void open(const std::string& position = "", LogStart start = LogStart::everything) {
    JournalReaderSettings settings;
    settings.folder = folder_ / "journal";
    settings.start = start;
    settings.correlator.own_hosts = {"mx"};
    auto opened = JournalReader::open(settings, position);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    reader_ = std::move(*opened);
  }
  void poll(int later = 1) {
    now_ += std::chrono::seconds(later);
    reader_->poll(keeper_, now_);
  }
  // The sizes of the mails told tell them apart.
  [[nodiscard]] std::vector<int> told() const {
    std::vector<int> out;
    for (const std::string& text : keeper_.events) {
      const std::size_t at = text.find("size=");
      if (at != std::string::npos) out.push_back(std::stoi(text.substr(at + 5)));
    }
    return out;
  }

  fs::path folder_;
  std::string export_;
  Keeper keeper_;
  std::unique_ptr<JournalReader> reader_;
  base::TimePoint now_{std::chrono::seconds(1'790'001'000)};
};

TEST_F(JournalReading, TellsEventsWithTheStampsOfTheJournal) {
  entry(1, "postfix/submission/smtpd",
        "4AA0000001: client=pc[192.0.2.7], sasl_method=PLAIN, sasl_username=a@c.test");
  entry(2, "postfix/qmgr", "4AA0000001: from=<a@c.test>, size=5, nrcpt=2 (queue active)");
  entry(3, "dovecot",
        "imap-login: Login: user=<b@c.test>, method=PLAIN, rip=192.0.2.8, lip=192.0.2.1, TLS");
  entry(4, "postfix/qmgr", "4AA0000002: of another facility", 3);
  entry(5, "sshd", "of another program");
  write();
  open();
  poll();
  EXPECT_THAT(
      keeper_.events,
      ElementsAre("2026-09-21T14:13:21Z login a@c.test 192.0.2.7 submission ok",
                  "2026-09-21T14:13:22Z submission 4AA0000001 account=a@c.test client=192.0.2.7 "
                  "from=<a@c.test> recipients=2 size=5",
                  "2026-09-21T14:13:23Z login b@c.test 192.0.2.8 imap ok"));
  EXPECT_EQ(reader_->status().lines, 4U);
  EXPECT_EQ(reader_->status().problem, "");
}

TEST_F(JournalReading, GoesOnAtItsCursorAndKnowsTheMailsInFlight) {
  mail(1);
  mail(2);
  entry(3, "postfix/pickup", "4AA0000003: uid=33 from=<w>");
  write();
  open();
  poll();
  EXPECT_EQ(told(), (std::vector<int>{1, 2}));
  entry(4, "postfix/qmgr", "4AA0000003: from=<w@c.test>, size=3, nrcpt=1 (queue active)");
  mail(5);
  write();
  open(keeper_.position);
  poll();
  EXPECT_EQ(told(), (std::vector<int>{1, 2, 3, 5}));
  EXPECT_THAT(keeper_.events[2], HasSubstr("script=uid33"));
  EXPECT_EQ(reader_->status().positions_lost, 0U);
  open(keeper_.position);
  poll();
  EXPECT_EQ(told().size(), 4U);
}

TEST_F(JournalReading, NoticesNewEntries) {
  mail(1);
  write();
  open();
  poll();
  mail(2);
  write();
  poll();
  EXPECT_EQ(told(), (std::vector<int>{1, 2}));
}

TEST_F(JournalReading, BeginsAtTheEnd) {
  mail(1);
  entry(2, "postfix/pickup", "4AA0000002: uid=33 from=<w>");
  write();
  open("", LogStart::end);
  poll();
  EXPECT_THAT(keeper_.events, IsEmpty());
  entry(3, "postfix/qmgr", "4AA0000002: from=<w@c.test>, size=2, nrcpt=1 (queue active)");
  write();
  poll();
  EXPECT_EQ(told(), (std::vector<int>{2}));
}

TEST_F(JournalReading, DoesNotTellAgainWhatItToldWhenTheLogFellSilent) {
  entry(1, "postfix/smtpd", "4AA0000001: client=localhost[127.0.0.1]");
  entry(1, "postfix/qmgr", "4AA0000001: from=<s@c.test>, size=1, nrcpt=1 (queue active)");
  write();
  open();
  poll();
  EXPECT_THAT(keeper_.events, IsEmpty());
  poll(4);
  EXPECT_EQ(told(), (std::vector<int>{1}));
  mail(2);  // stamped within the wait, as after a jam
  write();
  poll();
  open(keeper_.position);
  poll();
  poll(10);
  EXPECT_EQ(told(), (std::vector<int>{1, 2}));
}

TEST(JournalPosition, IsRefusedWhenItIsNone) {
  for (const char* text : {"file1 1 2 3 4 5 - 1", "journal1", "journal1 -", "journal1  x"}) {
    const auto opened = JournalReader::open({}, text);
    ASSERT_FALSE(opened.ok()) << text;
    EXPECT_THAT(opened.error().message, HasSubstr("no position in the journal"));
  }
}

TEST(JournalPosition, NamesAFolderThatIsMissing) {
  JournalReaderSettings settings;
  settings.folder = "/nonexistent/journal";
  const auto opened = JournalReader::open(settings, "");
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, HasSubstr("/nonexistent/journal"));
}

}  // namespace
}  // namespace leumund::intake
