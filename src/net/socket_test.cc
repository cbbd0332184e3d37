#include "net/socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace leumund::net {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(5); }

class SocketTest : public testing::Test {
 protected:
  SocketTest() {
    std::string name = (fs::temp_directory_path() / "leumund_socket_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~SocketTest() override { fs::remove_all(folder_); }
  [[nodiscard]] Endpoint at(const std::string& name) const {
    return Endpoint::unix_socket((folder_ / name).string());
  }
  fs::path folder_;
};

TEST(Endpoint, ReadsEveryFormAndWritesItBack) {
  EXPECT_EQ(Endpoint::parse("inet:127.0.0.1:10040").value(), Endpoint::tcp("127.0.0.1", 10040));
  EXPECT_EQ(Endpoint::parse("[::1]:25").value(), Endpoint::tcp("::1", 25));
  EXPECT_EQ(Endpoint::parse("mail.example:25").value(), Endpoint::tcp("mail.example", 25));
  EXPECT_EQ(Endpoint::parse("unix:/run/x").value(), Endpoint::unix_socket("/run/x"));
  EXPECT_EQ(Endpoint::parse("/run/x").value().to_string(), "unix:/run/x");
  EXPECT_EQ(Endpoint::tcp("::1", 25).to_string(), "inet:[::1]:25");
}

TEST(Endpoint, RefusesTheRestAndNamesIt) {
  for (const char* bad : {"", "x", ":25", "host:", "host:65536", "host:-1", "host:25x", "::1:25",
                          "unix:", "[::1]", "[]:25", "[::1:25"}) {
    const auto parsed = Endpoint::parse(bad);
    ASSERT_FALSE(parsed.ok()) << bad;
    EXPECT_THAT(parsed.error().message, HasSubstr(bad));
  }
}

TEST_F(SocketTest, PortZeroGivesAFreePortOnBothFamilies) {
  for (const char* host : {"127.0.0.1", "::1", "localhost"}) {
    auto socket = ListeningSocket::open(Endpoint::tcp(host, 0));
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    EXPECT_GT(socket->bound().port, 0);
    EXPECT_TRUE(connect_to(socket->bound(), soon()).ok());
  }
}

TEST_F(SocketTest, ATakenPortIsAnErrorThatNamesIt) {
  auto first = ListeningSocket::open(Endpoint::tcp("127.0.0.1", 0));
  const auto second = ListeningSocket::open(first->bound());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(first->bound().port)));
}

TEST_F(SocketTest, ListensOnAddressesOnly) {
  const auto socket = ListeningSocket::open(Endpoint::tcp("mail.example", 0));
  ASSERT_FALSE(socket.ok());
  EXPECT_EQ(socket.error().code, base::ErrorCode::malformed);
}

TEST_F(SocketTest, AUnixSocketHasItsModeAndGoesWithItsOwner) {
  {
    auto socket = ListeningSocket::open(at("s"), {.mode = 0600, .group = ""});
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    struct stat info{};
    ASSERT_EQ(lstat(at("s").path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0600U);
    EXPECT_TRUE(connect_to(at("s"), soon()).ok());
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(SocketTest, AStaleSocketIsReplacedAndALiveOneIsNot) {
  const pid_t child = fork();
  if (child == 0) {
    auto socket = ListeningSocket::open(at("s"));
    _exit(socket.ok() ? 0 : 1);  // as kill -9 would: the file stays
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(fs::exists(at("s").path));
  EXPECT_FALSE(connect_to(at("s"), soon()).ok());

  auto socket = ListeningSocket::open(at("s"));
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_TRUE(connect_to(at("s"), soon()).ok());
  const auto second = ListeningSocket::open(at("s"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::ErrorCode::refused);
  EXPECT_TRUE(connect_to(at("s"), soon()).ok()) << "the attempt harmed the first";
}

TEST_F(SocketTest, AFileThatIsNoSocketIsLeftAlone) {
  std::ofstream(at("s").path) << "precious";
  const auto socket = ListeningSocket::open(at("s"));
  ASSERT_FALSE(socket.ok());
  EXPECT_EQ(socket.error().code, base::ErrorCode::refused);
  EXPECT_EQ(fs::file_size(at("s").path), 8U);
}

TEST_F(SocketTest, ASocketFileOfSomebodyElseIsNotRemoved) {
  auto first = std::make_unique<base::Result<ListeningSocket>>(ListeningSocket::open(at("s")));
  fs::remove(at("s").path);
  auto second = ListeningSocket::open(at("s"));
  ASSERT_TRUE(second.ok());
  first.reset();
  EXPECT_TRUE(connect_to(at("s"), soon()).ok());
}

TEST_F(SocketTest, ErrorsNameThePathAndTheGroup) {
  const auto missing = ListeningSocket::open(Endpoint::unix_socket("/nonexistent/x"));
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent/x"));
  const auto group = ListeningSocket::open(at("s"), {.mode = 0660, .group = "no-such-group"});
  ASSERT_FALSE(group.ok());
  EXPECT_THAT(group.error().message, HasSubstr("no-such-group"));
  EXPECT_TRUE(fs::is_empty(folder_)) << "a failure leaves nothing behind";
  const auto longest = ListeningSocket::open(at(std::string(120, 'x')));
  ASSERT_FALSE(longest.ok());
  EXPECT_THAT(longest.error().message, HasSubstr("limit of 100 bytes"));
}

TEST_F(SocketTest, WaitingEndsAtTheDeadline) {
  auto socket = ListeningSocket::open(Endpoint::tcp("127.0.0.1", 0));
  auto peer = connect_to(socket->bound(), soon());
  ASSERT_TRUE(peer.ok());
  const auto waited =
      wait_ready(peer->get(), POLLIN, std::chrono::steady_clock::now(), "the greeting");
  ASSERT_FALSE(waited.ok());
  EXPECT_EQ(waited.error().code, base::ErrorCode::timed_out);
  EXPECT_THAT(waited.error().message, HasSubstr("the greeting"));
}

}  // namespace
}  // namespace leumund::net
