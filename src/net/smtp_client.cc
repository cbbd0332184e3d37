#include "net/smtp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "net/smtp_stream.h"
#include "net/socket.h"

namespace leumund::net {
namespace {

using base::Error;
using base::ErrorCode;
using Clock = std::chrono::steady_clock;

constexpr std::size_t reply_lines_max = 64;
constexpr std::size_t recipients_max = 1000;

struct Reply {
  int code = 0;
  std::vector<std::string> lines;  // without code and separator

  [[nodiscard]] std::string text() const {
    std::string out = std::to_string(code);
    for (const std::string& line : lines) out += " " + line;
    return out.substr(0, 500);
  }
  // EHLO keywords are the words of the lines after the first.
  [[nodiscard]] bool offers(std::string_view keyword) const {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.size() >= keyword.size() &&
             std::equal(keyword.begin(), keyword.end(), line.begin(), [](char wanted, char got) {
               return std::toupper(static_cast<unsigned char>(got)) == wanted;
             });
    });
  }
};

bool is_path_safe(std::string_view address) {
  return address.size() <= 512 && std::none_of(address.begin(), address.end(), [](char c) {
           return (c >= 0 && c <= ' ') || c == 0x7f || c == '<' || c == '>';
         });
}

base::Status check(const SmtpServer& server, const SmtpMessage& message) {
  if (message.recipients.empty())
    return Error{ErrorCode::malformed, "a message without recipients"};
  if (message.recipients.size() > recipients_max) {
    return Error{ErrorCode::too_large, fmt::format("{} recipients, the limit is {}",
                                                   message.recipients.size(), recipients_max)};
  }
  if (message.text.size() > server.message_max) {
    return Error{ErrorCode::too_large, fmt::format("a message of {} bytes, the limit is {}",
                                                   message.text.size(), server.message_max)};
  }
  bool good = is_path_safe(message.envelope_sender) && is_path_safe(server.helo);
  for (const std::string& recipient : message.recipients) {
    good = good && is_path_safe(recipient) && !recipient.empty();
  }
  if (!good) return Error{ErrorCode::malformed, "an address that SMTP cannot carry"};
  return {};
}

// One conversation, from greeting to QUIT.
class Conversation {
 public:
  Conversation(const SmtpServer& server, SmtpStream& stream, Deadline end)
      : server_(server), stream_(stream), end_(end) {}

  base::Result<SmtpReceipt> deliver(const SmtpMessage& message) {
    if (auto greeting = expect("", 220); !greeting) return greeting.error();
    if (auto ready = introduce(); !ready) return ready.error();
    if (auto mail = expect("MAIL FROM:<" + message.envelope_sender + ">", 250); !mail) {
      return mail.error();
    }
    SmtpReceipt receipt;
    receipt.encrypted = stream_.encrypted();
    std::vector<std::string> taken;
    if (auto named = name_recipients(message, taken, receipt); !named) return named.error();
    if (auto data = expect("DATA", 354); !data) return data.error();
    if (auto sent = stream_.write(smtp_data(message.text)); !sent) return sent.error();
    if (auto ended = end_of_data(taken, receipt); !ended) return ended.error();
    (void)command("QUIT");  // the mail is delivered, whatever this answers
    return receipt;
  }

 private:
  // Without a line only reads, for the greeting and the end of data.
  base::Result<Reply> command(const std::string& line) {
    stream_.set_deadline(std::min(end_, Clock::now() + server_.step_time));
    if (!line.empty()) {
      if (auto sent = stream_.write(line + "\r\n"); !sent) return sent.error();
    }
    Reply reply;
    for (;;) {
      auto got = stream_.read_line();
      if (!got) return got.error();
      const std::string& text = *got;
      const bool has_code = text.size() >= 3 && text[0] >= '2' && text[0] <= '5' &&
                            std::isdigit(static_cast<unsigned char>(text[1])) != 0 &&
                            std::isdigit(static_cast<unsigned char>(text[2])) != 0;
      if (!has_code || reply.lines.size() >= reply_lines_max) {
        return Error{ErrorCode::malformed,
                     fmt::format("{} does not speak SMTP: \"{}\"", server_.where.to_string(),
                                 text.substr(0, 80))};
      }
      reply.code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
      reply.lines.push_back(text.size() > 4 ? text.substr(4) : "");
      if (text.size() == 3 || text[3] != '-') return reply;
    }
  }

  [[nodiscard]] Error refusal(std::string_view line, const Reply& reply) const {
    return {reply.code >= 500 ? ErrorCode::refused : ErrorCode::unavailable,
            fmt::format("{} answers {} with {}", server_.where.to_string(),
                        line.empty() ? "the message" : line, reply.text())};
  }

  base::Result<Reply> expect(const std::string& line, int code) {
    auto reply = command(line);
    if (!reply) return reply;
    if (reply->code != code) return refusal(line.empty() ? "the connection" : line, *reply);
    return reply;
  }

  base::Status introduce() {
    const std::string hello = (server_.lmtp ? "LHLO " : "EHLO ") + server_.helo;
    auto reply = command(hello);
    if (!reply) return reply.error();
    if (reply->code != 250 && !server_.lmtp && server_.tls != SmtpTls::required) {
      auto plain = expect("HELO " + server_.helo, 250);
      return plain ? base::Status{} : base::Status{plain.error()};
    }
    if (reply->code != 250) return refusal(hello, *reply);
    const bool offered = reply->offers("STARTTLS");
    if (server_.tls == SmtpTls::required && !offered) {
      return Error{ErrorCode::refused, fmt::format("{} does not offer STARTTLS, which is required",
                                                   server_.where.to_string())};
    }
    if (server_.tls == SmtpTls::off || !offered) return {};
    if (auto go = expect("STARTTLS", 220); !go) return go.error();
    const bool check = server_.tls == SmtpTls::required;
    const std::string name = server_.tls_name.empty() ? server_.where.host : server_.tls_name;
    if (auto secure = stream_.start_tls({.check = check, .name = name, .ca_file = server_.ca_file});
        !secure) {
      return secure;
    }
    auto again = expect(hello, 250);
    return again ? base::Status{} : base::Status{again.error()};
  }

  base::Status name_recipients(const SmtpMessage& message, std::vector<std::string>& taken,
                               SmtpReceipt& receipt) {
    Reply last;
    for (const std::string& recipient : message.recipients) {
      const std::string line = "RCPT TO:<" + recipient + ">";
      auto reply = command(line);
      if (!reply) return reply.error();
      if (reply->code == 250 || reply->code == 251) {
        taken.push_back(recipient);
      } else {
        receipt.refused.push_back(recipient + ": " + reply->text());
        last = *reply;
      }
    }
    return taken.empty() ? base::Status{refusal("every recipient", last)} : base::Status{};
  }

  // SMTP answers once for the message, LMTP once for each recipient that it took.
  base::Status end_of_data(const std::vector<std::string>& taken, SmtpReceipt& receipt) {
    Reply last;
    for (std::size_t i = 0; i < (server_.lmtp ? taken.size() : 1); ++i) {
      auto reply = command("");
      if (!reply) return reply.error();
      if (reply->code == 250) {
        receipt.reply = reply->text();
      } else {
        if (server_.lmtp) receipt.refused.push_back(taken[i] + ": " + reply->text());
        last = *reply;
      }
    }
    return receipt.reply.empty() ? base::Status{refusal("", last)} : base::Status{};
  }

  const SmtpServer& server_;
  SmtpStream& stream_;
  const Deadline end_;
};

}  // namespace

std::string smtp_data(const std::string& text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32 + 8);
  bool line_begins = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\n') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      out += "\r\n";
      line_begins = true;
      continue;
    }
    if (line_begins && c == '.') out += '.';
    out += c;
    line_begins = false;
  }
  if (!line_begins) out += "\r\n";
  return out + ".\r\n";
}

base::Result<SmtpReceipt> smtp_send(const SmtpServer& server, const SmtpMessage& message) {
  if (auto good = check(server, message); !good) return good.error();
  const Deadline end = Clock::now() + server.total_time;
  auto fd = connect_to(server.where, std::min(end, Clock::now() + server.step_time));
  if (!fd) return fd.error();
  SmtpStream stream(std::move(*fd), server.where.to_string());
  return Conversation(server, stream, end).deliver(message);
}

}  // namespace leumund::net
