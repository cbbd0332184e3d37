// Against Postfix's own smtp-sink where it is installed, and against a server that says what the
// test wants, in clear and encrypted.
#include "net/smtp_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/guarded.h"
#include "base/need_peer.h"
#include "net/socket.h"
#include "net/test_certificate.h"

namespace leumund::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

// Reads a line, gives the next reply whose first word fits, until the client leaves.
class ScriptedServer {
 public:
  using Script = std::vector<std::pair<std::string, std::string>>;  // command, reply; used in turn

  explicit ScriptedServer(Script script, const TestCertificate* certificate = nullptr)
      : script_(std::move(script)), certificate_(certificate) {
    socket_.emplace(std::move(ListeningSocket::open(Endpoint::tcp("127.0.0.1", 0))).value());
    thread_ = std::jthread([this] { serve(); });
  }
  [[nodiscard]] Endpoint where() const { return socket_->bound(); }
  [[nodiscard]] std::string heard() {
    thread_.join();
    return heard_;
  }

 private:
  void serve() {
    if (!wait_ready(socket_->fd(), POLLIN, std::chrono::steady_clock::now() + seconds(5), "peer"))
      return;
    const Descriptor fd(accept4(socket_->fd(), nullptr, nullptr, SOCK_CLOEXEC));
    fd_ = fd.get();
    std::size_t next = 0;
    while (next < script_.size()) {
      const auto& [command, reply] = script_[next++];
      if (!command.empty() && !read_until(command == "." ? "\r\n.\r\n" : "\r\n", command)) break;
      put(reply);
      if (command == "STARTTLS") begin_tls();
    }
    while (read_some()) {
    }
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  bool read_until(const std::string& end, const std::string& command) {
    while (line_.find(end) == std::string::npos) {
      if (!read_some()) return false;
    }
    EXPECT_TRUE(command == "." || line_.starts_with(command)) << line_;
    line_.erase(0, line_.find(end) + end.size());
    return true;
  }
  bool read_some() {
    char buffer[4096];
    const auto got = ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof buffer)
                                     : recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    line_.append(buffer, static_cast<std::size_t>(got));
    heard_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  void put(const std::string& text) {
    if (ssl_ != nullptr) {
      (void)SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    } else {
      (void)send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    }
  }
  void begin_tls() {
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(context_, certificate_->certificate_file().c_str(),
                                 SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_, certificate_->key_file().c_str(), SSL_FILETYPE_PEM);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    (void)SSL_accept(ssl_);
  }

  Script script_;
  const TestCertificate* certificate_;
  std::optional<ListeningSocket> socket_;
  std::string line_, heard_;
  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::jthread thread_;
};

const SmtpMessage notice{.envelope_sender = "",
                         .recipients = {"admin@c.test"},
                         .text = "Subject: suspended\n\n.hidden\nbye"};

ScriptedServer::Script plain_script() {
  return {{"", "220 x ESMTP\r\n"}, {"EHLO", "250-x\r\n250 SIZE\r\n"},
          {"MAIL", "250 ok\r\n"},  {"RCPT", "250 ok\r\n"},
          {"DATA", "354 go\r\n"},  {".", "250 2.0.0 queued as 4X\r\n"},
          {"QUIT", "221 bye\r\n"}};
}

TEST(SmtpData, DoublesDotsAndMakesLineEnds) {
  EXPECT_EQ(smtp_data("a\n.\n..b\r\nc\rd"), "a\r\n..\r\n...b\r\nc\r\nd\r\n.\r\n");
  EXPECT_EQ(smtp_data(""), ".\r\n");
}

TEST(SmtpClient, DeliversAndTellsWhatTheServerSaid) {
  ScriptedServer server(plain_script());
  const auto receipt = smtp_send({.where = server.where()}, notice);
  ASSERT_TRUE(receipt.ok()) << receipt.error().message;
  EXPECT_EQ(receipt->reply, "250 2.0.0 queued as 4X");
  EXPECT_FALSE(receipt->encrypted);
  EXPECT_EQ(server.heard(),
            "EHLO localhost\r\nMAIL FROM:<>\r\nRCPT TO:<admin@c.test>\r\nDATA\r\n"
            "Subject: suspended\r\n\r\n..hidden\r\nbye\r\n.\r\nQUIT\r\n");
}

TEST(SmtpClient, ErrorsCarryTheServersWordsAndWhetherToTryAgain) {
  auto script = plain_script();
  script.resize(3);
  script.push_back({"RCPT", "550-5.1.1 no such\r\n550 5.1.1 admin here\r\n"});
  ScriptedServer permanent(script);
  const auto refused = smtp_send({.where = permanent.where()}, notice);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("5.1.1 no such 5.1.1 admin here"));

  ScriptedServer transient(ScriptedServer::Script{{"", "421 4.3.2 not now\r\n"}});
  const auto later = smtp_send({.where = transient.where()}, notice);
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.error().code, base::ErrorCode::unavailable);
}

TEST(SmtpClient, GoesOnWithTheRecipientsThatAreTaken) {
  auto script = plain_script();
  script.insert(script.begin() + 3, {"RCPT", "550 5.1.1 who\r\n"});
  ScriptedServer server(script);
  SmtpMessage two = notice;
  two.recipients = {"gone@c.test", "admin@c.test"};
  const auto receipt = smtp_send({.where = server.where()}, two);
  ASSERT_TRUE(receipt.ok()) << receipt.error().message;
  EXPECT_THAT(receipt->refused, ElementsAre("gone@c.test: 550 5.1.1 who"));
}

TEST(SmtpClient, StrangeServersAreErrors) {
  const std::vector<std::string> greetings = {"SSH-2.0-x\r\n", std::string(5000, '2'), "2",
                                              std::string(3, '\0') + "\n"};
  for (const std::string& greeting : greetings) {
    ScriptedServer server(ScriptedServer::Script{{"", greeting}});
    const auto sent = smtp_send({.where = server.where(), .step_time = milliseconds(200)}, notice);
    EXPECT_FALSE(sent.ok());
  }
  std::string endless;
  for (int i = 0; i < 200; ++i) endless += "250-more\r\n";
  ScriptedServer server(ScriptedServer::Script{{"", "220 x\r\n"}, {"EHLO", endless}});
  EXPECT_FALSE(smtp_send({.where = server.where()}, notice).ok());
}

TEST(SmtpClient, ASilentServerIsGivenUp) {
  ScriptedServer server(ScriptedServer::Script{{"", "220 x\r\n"}});
  const auto begin = std::chrono::steady_clock::now();
  const auto sent = smtp_send({.where = server.where(), .step_time = milliseconds(100)}, notice);
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, base::ErrorCode::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(3));
}

TEST(SmtpClient, AddressesCannotSmuggleCommands) {
  SmtpMessage evil = notice;
  evil.recipients = {"a@b.test>\r\nRCPT TO:<c@d.test"};
  const auto sent = smtp_send({.where = Endpoint::tcp("127.0.0.1", 1)}, evil);
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, base::ErrorCode::malformed);
  EXPECT_FALSE(smtp_send({.where = Endpoint::tcp("127.0.0.1", 1)},
                         {.envelope_sender = "", .recipients = {}, .text = ""})
                   .ok());
}

ScriptedServer::Script tls_script() {
  auto script = plain_script();
  script[1] = {"EHLO", "250-x\r\n250 STARTTLS\r\n"};
  script.insert(script.begin() + 2,
                {{"STARTTLS", "220 go\r\n250 INJECTED\r\n"}, {"EHLO", "250 x\r\n"}});
  return script;
}

TEST(SmtpClient, EncryptsWhereItIsOfferedAndChecksWhereItIsRequired) {
  const TestCertificate certificate("mail.c.test");
  ScriptedServer offered(tls_script(), &certificate);
  const auto receipt = smtp_send({.where = offered.where()}, notice);
  ASSERT_TRUE(receipt.ok()) << receipt.error().message;
  EXPECT_TRUE(receipt->encrypted);

  ScriptedServer checked(tls_script(), &certificate);
  const auto good = smtp_send({.where = checked.where(),
                               .tls = SmtpTls::required,
                               .tls_name = "mail.c.test",
                               .ca_file = certificate.certificate_file()},
                              notice);
  EXPECT_TRUE(good.ok()) << good.error().message;

  ScriptedServer other(tls_script(), &certificate);
  const auto wrong = smtp_send({.where = other.where(),
                                .tls = SmtpTls::required,
                                .tls_name = "other.c.test",
                                .ca_file = certificate.certificate_file()},
                               notice);
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("ostname mismatch"));

  ScriptedServer clear(plain_script());
  EXPECT_FALSE(smtp_send({.where = clear.where(), .tls = SmtpTls::required}, notice).ok());
}

TEST(SmtpClient, DeliversToPostfixsSinkBySmtpAndLmtp) {
  const std::filesystem::path sink = "/usr/sbin/smtp-sink";
  NEED_PEER(sink, "postfix");
  std::string pattern = (std::filesystem::temp_directory_path() / "leumund_sink_XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());
  std::filesystem::permissions(folder, std::filesystem::perms::all);
  for (const bool lmtp : {false, true}) {
    const Endpoint where = Endpoint::unix_socket((folder / (lmtp ? "lmtp" : "smtp")).string());
    const std::string dump = (folder / (lmtp ? "mail-lmtp." : "mail-smtp.")).string();
    const pid_t child = fork();
    if (child == 0) {
      const std::string listen = "unix:" + where.path;
      const char* as_root = geteuid() == 0 ? "nobody" : nullptr;  // then it insists on a user
      execl(sink.c_str(), "smtp-sink", "-D", dump.c_str(), lmtp ? "-L" : "-8",
            as_root != nullptr ? "-u" : listen.c_str(), as_root != nullptr ? as_root : "10",
            as_root != nullptr ? listen.c_str() : nullptr, "10", nullptr);
      _exit(127);
    }
    SmtpServer server{.where = where, .lmtp = lmtp};
    auto receipt = smtp_send(server, notice);
    for (int i = 0; i < 100 && !receipt; ++i) {
      std::this_thread::sleep_for(milliseconds(20));
      receipt = smtp_send(server, notice);
    }
    EXPECT_TRUE(receipt.ok()) << receipt.error().message;
    kill(child, SIGTERM);
    waitpid(child, nullptr, 0);
  }
  std::string kept;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path());
    kept.append(std::istreambuf_iterator<char>(in), {});
  }
  EXPECT_THAT(kept, HasSubstr("\n.hidden\n"));
  EXPECT_THAT(kept, HasSubstr("X-Rcpt-Args: <admin@c.test>"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace leumund::net
