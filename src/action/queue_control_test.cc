#include "action/queue_control.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "action/queue_id.h"
#include "net/socket.h"

namespace leumund::action {
namespace {

namespace fs = std::filesystem;
using model::QueueKey;

// A program in the helper's place that tells how it was called. The real one, with a real Postfix,
// is in tests/component/suspended/.
class QueueControlTest : public testing::Test {
 protected:
  QueueControlTest() {
    std::string name = (fs::temp_directory_path() / "leumund_queue_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~QueueControlTest() override { fs::remove_all(folder_); }

  QueueControl control(const std::string& script) {
    const auto path = folder_ / "helper";
    std::ofstream(path) << "#!/bin/sh\necho \"$*\" >> " << (folder_ / "calls").string() << "\n"
                        << script;
    fs::permissions(path, fs::perms::owner_all);
    return QueueControl({.helper = path,
                         .host = "mail1",
                         .folders = {{"", "/etc/postfix"}, {"postfix-out", "/etc/postfix-out"}},
                         .pause = std::chrono::milliseconds(1)});
  }
  std::string calls() const {
    std::ifstream in(folder_ / "calls");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
};

TEST(QueueId, TakesShortAndLongIdsAndNothingElse) {
  for (const auto* good : {"2B7A31234", "4XyZbcdFGh1z", "4jX1C54L6Bz1cXhB", "ABCDE"}) {
    EXPECT_TRUE(is_queue_id(good)) << good;
  }
  for (const auto* bad : {"ALL", "", "-", "../x1", "ABCD E", "ABCDE\n", "-rABCDE", "ABCDE*", "ABCD",
                          "123456789012345678901", "\xc3\xa4\xc3\xa4\xc3\xa4"}) {
    EXPECT_FALSE(is_queue_id(bad)) << bad;
  }
}

TEST_F(QueueControlTest, AHelperThatHangsIsGivenUpHoweverMuchItIsTold) {
  const auto path = (folder_ / "socket").string();
  auto listening = net::ListeningSocket::open(net::Endpoint::unix_socket(path), {});
  ASSERT_TRUE(listening.ok()) << listening.error().message;  // nobody accepts, nobody reads
  const QueueControl queue({.helper = path,
                            .host = "mail1",
                            .folders = {{"", "/etc/postfix"}},
                            .ids_per_run = 50'000,
                            .tries = 1,
                            .patience = std::chrono::milliseconds(200)});
  std::vector<QueueKey> keys;
  for (int i = 0; i < 40'000; ++i) {
    keys.push_back({"", "", "4XyZbcdFGh1z" + std::to_string(10'000 + i)});
  }
  const auto began = std::chrono::steady_clock::now();
  const auto result = queue.run(QueueVerb::hold, keys);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_TRUE(result.missing.empty()) << "nobody knows";
  EXPECT_EQ(left_of(keys, result), keys);
  EXPECT_NE(result.trouble, "");
}

// What systemd does for leumund-queue.socket: each connection is a program's input and output.
class Behind {
 public:
  Behind(const fs::path& socket, std::vector<std::string> program) {
    auto listening = net::ListeningSocket::open(net::Endpoint::unix_socket(socket.string()), {});
    EXPECT_TRUE(listening.ok());
    listening_ = std::make_unique<net::ListeningSocket>(std::move(*listening));
    thread_ = std::jthread([this, program](const std::stop_token& stop) {
      while (!stop.stop_requested()) serve(program);
    });
  }

 private:
  void serve(std::vector<std::string> program) {
    pollfd wait{listening_->fd(), POLLIN, 0};
    if (::poll(&wait, 1, 50) <= 0) return;
    const int fd = ::accept4(listening_->fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    std::vector<char*> arguments;
    for (std::string& one : program) arguments.push_back(one.data());
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      const int flags = ::fcntl(fd, F_GETFL);
      ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
      ::dup2(fd, 0);
      ::dup2(fd, 1);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(fd);
    ::waitpid(child, nullptr, 0);
  }

  std::unique_ptr<net::ListeningSocket> listening_;
  std::jthread thread_;
};

// The real helper, which lets nobody who speaks by its socket have a folder that root did not name.
TEST_F(QueueControlTest, WhatTheHelperRefusesByItsSocketIsNoEmptyQueueAndNoFlush) {
  const fs::path helper = fs::read_symlink("/proc/self/exe").parent_path() / "leumund-queue";
  ASSERT_TRUE(fs::exists(helper)) << helper;
  const Behind behind(folder_ / "socket", {helper.string(), "request"});
  const QueueControl queue({.helper = folder_ / "socket",
                            .host = "mail1",
                            .folders = {{"", "/nowhere/etc/postfix"}},
                            .pause = std::chrono::milliseconds(1)});
  const auto list = queue.list();
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code, base::ErrorCode::refused);
  EXPECT_NE(list.error().message.find("does not stand in"), std::string::npos)
      << list.error().message;
  const std::vector<QueueKey> keys = {{"", "", "AAAAA1"}, {"", "", "AAAAA2"}};
  const auto flushed = queue.flush(keys);
  EXPECT_TRUE(flushed.done.empty());
  EXPECT_NE(flushed.trouble.find("does not stand in"), std::string::npos) << flushed.trouble;
  const auto held = queue.run(QueueVerb::hold, keys);
  EXPECT_TRUE(held.done.empty() && held.missing.empty()) << "they may still be there";
  EXPECT_NE(held.trouble, "");
}

TEST_F(QueueControlTest, AnAnswerBySocketWithoutItsEndIsTrouble) {
  const auto list_of = [&](const char* says) {
    fs::remove(folder_ / "socket");
    const Behind behind(folder_ / "socket", {"/usr/bin/printf", says});
    return QueueControl({.helper = folder_ / "socket", .host = "mail1", .list_bytes_max = 200})
        .list();
  };
  const auto older = list_of("");
  ASSERT_FALSE(older.ok());
  EXPECT_NE(older.error().message.find("without a status"), std::string::npos);
  EXPECT_FALSE(list_of("\nleumund-queue: status").ok());
  EXPECT_FALSE(list_of("\nleumund-queue: status 0 and more\n").ok());
  EXPECT_FALSE(list_of("{\"queue_id\": \"AAAAA1\"}\n\nleumund-queue: status 69\n").ok());
  const auto list = list_of("{\"queue_id\": \"AAAAA1\"}\n\nleumund-queue: status 0\n");
  ASSERT_TRUE(list.ok()) << list.error().message;
  EXPECT_EQ(list->size(), 1u);
  const auto cut = list_of("{\"queue_id\": \"AAAAA1\"}\n%500s\nleumund-queue: status 0\n");
  ASSERT_TRUE(cut.ok()) << cut.error().message;
  EXPECT_EQ(cut->size(), 1u);
}

TEST_F(QueueControlTest, AHelperThatHangsOnOneMailIsNotAskedForTheNext) {
  const auto path = (folder_ / "socket").string();
  auto listening = net::ListeningSocket::open(net::Endpoint::unix_socket(path), {});
  ASSERT_TRUE(listening.ok()) << listening.error().message;  // nobody accepts
  const std::vector<QueueKey> keys(100, {"", "", "AAAAA1"});
  const auto queue =
      QueueControl({.helper = path, .host = "mail1"}).within(std::chrono::milliseconds(300), {});
  const auto began = std::chrono::steady_clock::now();
  const auto result = queue.flush(keys);
  EXPECT_TRUE(result.timed_out);
  EXPECT_TRUE(result.done.empty() && result.missing.empty()) << "nobody knows";
  EXPECT_TRUE(queue.run(QueueVerb::hold, keys).timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST_F(QueueControlTest, WhoeverIsStoppedWaitsNoLonger) {
  const auto path = (folder_ / "socket").string();
  auto listening = net::ListeningSocket::open(net::Endpoint::unix_socket(path), {});
  ASSERT_TRUE(listening.ok()) << listening.error().message;
  const auto began = std::chrono::steady_clock::now();
  for (const auto& queue :
       {QueueControl({.helper = path, .host = "mail1"}), control("sleep 60\n")}) {
    std::stop_source stop;
    std::jthread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      stop.request_stop();
    });
    EXPECT_FALSE(queue.within(std::chrono::seconds(30), stop.get_token()).list().ok());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST_F(QueueControlTest, TriesAsManyAsItHasTimeFor) {
  const auto queue = control("sleep 0.2\n");
  const std::vector<QueueKey> keys(100, {"", "", "AAAAA1"});
  const auto result = queue.flush(keys, std::chrono::milliseconds(500));
  EXPECT_GE(result.done.size(), 1u);
  EXPECT_LT(result.done.size(), 10u);
  EXPECT_EQ(result.trouble, "");
}

TEST_F(QueueControlTest, TellsWhatWasHeldAndWhatIsGone) {
  const auto queue = control("grep AAAAA1 | sed 's/.*/postsuper: &: placed on hold/' >&2\n");
  const std::vector<QueueKey> keys = {{"", "", "AAAAA1"}, {"mail1", "postfix", "BBBBB2"}};
  const auto result = queue.run(QueueVerb::hold, keys);
  EXPECT_EQ(result.done, (std::vector<QueueKey>{{"", "", "AAAAA1"}}));
  EXPECT_EQ(result.missing, (std::vector<QueueKey>{{"mail1", "postfix", "BBBBB2"}}));
  EXPECT_EQ(result.trouble, "");
  EXPECT_EQ(calls(), "hold\nhold\nhold\n");  // what it missed was asked for again
}

TEST(QueueResult, WhatNothingWasDoneToIsLeftUnlessItIsGone) {
  std::vector<QueueKey> wanted(3);
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i].queue_id = "4jXZ" + std::to_string(i);
  QueueResult result;
  result.done = {wanted[0]};
  result.missing = {wanted[2]};
  EXPECT_EQ(left_of(wanted, result), std::vector<QueueKey>{wanted[1]});
}

TEST_F(QueueControlTest, FindsMailThatWasBetweenTwoQueues) {
  const auto queue = control(
      "n=$(wc -l < \"$(dirname $0)/calls\"); [ $n -lt 2 ] || sed 's/.*/postsuper: &: placed on "
      "hold/'\n");
  const auto result = queue.run(QueueVerb::hold, std::vector<QueueKey>{{"", "", "AAAAA1"}});
  EXPECT_EQ(result.done.size(), 1u);
  EXPECT_TRUE(result.missing.empty());
}

TEST_F(QueueControlTest, AsksEachInstanceInItsFolderAndLeavesOtherHostsAlone) {
  const auto queue = control("sed 's/.*/postsuper: &: removed/'\n");
  const auto result =
      queue.run(QueueVerb::remove, std::vector<QueueKey>{{"", "", "AAAAA1"},
                                                         {"mail1", "postfix-out", "BBBBB2"},
                                                         {"mail2", "", "CCCCC3"},
                                                         {"", "postfix-other", "DDDDD4"}});
  EXPECT_EQ(result.done.size(), 2u);
  EXPECT_EQ(result.elsewhere.size(), 2u);
  EXPECT_EQ(calls(), "delete\ndelete --config-dir /etc/postfix-out\n");
}

TEST_F(QueueControlTest, RunsInBatches) {
  const auto queue = control("sed 's/.*/postsuper: &: released from hold/'\n");
  std::vector<QueueKey> keys;
  for (int i = 0; i < 2500; ++i) keys.push_back({"", "", "AAAAA" + std::to_string(i)});
  EXPECT_EQ(queue.run(QueueVerb::release, keys).done.size(), 2500u);
  EXPECT_EQ(calls(), "release\nrelease\nrelease\n");
}

TEST_F(QueueControlTest, NeverPassesOnWhatIsNoQueueId) {
  const auto queue = control("cat >&2\n");
  const auto result =
      queue.run(QueueVerb::remove, std::vector<QueueKey>{{"", "", "ALL"}, {"", "", ""}});
  EXPECT_EQ(result.missing.size(), 2u);
  EXPECT_EQ(calls(), "");
}

TEST_F(QueueControlTest, TellsWhyItFailed) {
  const auto queue = control("echo 'leumund-queue: no' >&2; exit 3\n");
  const std::vector<QueueKey> keys = {{"", "", "AAAAA1"}};
  const auto result = queue.run(QueueVerb::hold, keys);
  EXPECT_TRUE(result.missing.empty()) << "it may still be there";
  EXPECT_EQ(left_of(keys, result), keys);
  EXPECT_NE(result.trouble.find("leumund-queue: no"), std::string::npos) << result.trouble;
  EXPECT_EQ(calls(), "hold\n");  // not allowed: once is enough
  const auto off = QueueControl({}).run(QueueVerb::hold, keys);
  EXPECT_NE(off.trouble, "");
  EXPECT_EQ(left_of(keys, off), keys);
}

TEST_F(QueueControlTest, ReadsTheListAndSkipsWhatIsNoLine) {
  const auto queue = control(
      "echo '{\"queue_name\": \"hold\", \"queue_id\": \"4jX1C54L6Bz1cXhB\", \"arrival_time\": "
      "1700000000,"
      " \"message_size\": 271, \"forced_expire\": false, \"sender\": \"a@c.test\", \"recipients\":"
      " [{\"address\": \"x@y.test\"}, {\"address\": \"z@y.test\"}]}'; echo 'postqueue: warning: "
      "x'\n");
  const auto list = queue.list();
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 2u);  // two instances
  EXPECT_EQ(list->at(0).key.queue_id, "4jX1C54L6Bz1cXhB");
  EXPECT_EQ(list->at(0).queue, "hold");
  EXPECT_EQ(list->at(0).recipients, 2u);
  EXPECT_EQ(list->at(1).key.instance, "postfix-out");
}

TEST(QueueLine, RefusesWhatIsNotAsExpected) {
  for (const auto* bad : {"", "{}", "[]", "{\"queue_id\": 5}", "{\"queue_id\": \"ALL\"}",
                          "{\"queue_id\": \"AAAAA1\", \"message_size\": \"x\"}", "\xff"}) {
    EXPECT_FALSE(read_queue_line(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace leumund::action
