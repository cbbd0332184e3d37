#include "intake/report_pipe.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace leumund::intake {
namespace {

constexpr std::size_t message_bytes = 64UL * 1024 * 1024;
constexpr std::size_t reply_bytes = 16UL * 1024;

// The other side of an LMTP conversation, one command at a time.
class Caller {
 public:
  Caller(net::Descriptor fd, std::string name, net::Deadline deadline)
      : fd_(std::move(fd)), name_(std::move(name)), deadline_(deadline) {}

  // Sends `text` (nothing for the greeting) and checks that the reply begins with `wanted`.
  base::Status say(std::string_view text, std::string_view wanted);

 private:
  base::Status send_all(std::string_view text);
  base::Result<std::string> reply();

  net::Descriptor fd_;
  std::string name_;
  net::Deadline deadline_;
  std::string received_;
};

base::Status Caller::send_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (put > 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) {
      return base::Error{base::ErrorCode::unavailable, name_ + ": " + std::strerror(errno)};
    }
    if (auto ready = net::wait_ready(fd_.get(), POLLOUT, deadline_, name_); !ready) return ready;
  }
  return {};
}

// The last line of a reply: its fourth byte is no "-".
base::Result<std::string> Caller::reply() {
  for (;;) {
    for (std::size_t end = received_.find('\n'); end != std::string::npos;
         end = received_.find('\n')) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      if (line.size() < 4 || line[3] != '-') return line;
    }
    if (received_.size() > reply_bytes) {
      return base::Error{base::ErrorCode::unavailable, name_ + ": a reply without end"};
    }
    if (auto ready = net::wait_ready(fd_.get(), POLLIN, deadline_, name_); !ready) {
      return ready.error();
    }
    std::array<char, 4096> buffer;
    const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) {
      return base::Error{base::ErrorCode::unavailable, name_ + ": closed the connection"};
    }
    received_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

base::Status Caller::say(std::string_view text, std::string_view wanted) {
  if (auto sent = send_all(text); !sent) return sent;
  auto line = reply();
  if (!line) return line.error();
  if (line->starts_with(wanted)) return {};
  const bool later = line->starts_with('4');
  return base::Error{later ? base::ErrorCode::unavailable : base::ErrorCode::refused,
                     name_ + ": " + line->substr(0, 200)};
}

std::string dot_stuffed(std::string_view raw) {
  std::string out;
  out.reserve(raw.size() + raw.size() / 32 + 8);
  while (!raw.empty()) {
    const std::size_t newline = raw.find('\n');
    std::string_view line = raw.substr(0, newline);
    raw.remove_prefix(newline == std::string_view::npos ? raw.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('.')) out.push_back('.');
    out.append(line).append("\r\n");
  }
  return out += ".\r\n";
}

}  // namespace

base::Status deliver_report(const net::Endpoint& service, std::string_view raw,
                            net::Deadline deadline) {
  if (raw.size() > message_bytes) {
    return base::Error{base::ErrorCode::too_large, "report of " + std::to_string(raw.size()) +
                                                       " bytes, the limit is " +
                                                       std::to_string(message_bytes)};
  }
  auto fd = net::connect_to(service, deadline);
  if (!fd) return fd.error();
  Caller caller(std::move(fd).value(), service.to_string(), deadline);
  const std::string message = dot_stuffed(raw);
  struct Turn {
    std::string_view text;
    std::string_view wanted;
  };
  for (const Turn& turn :
       {Turn{"", "220"}, Turn{"LHLO localhost\r\n", "250"}, Turn{"MAIL FROM:<>\r\n", "250"},
        Turn{"RCPT TO:<report>\r\n", "250"}, Turn{"DATA\r\n", "354"}, Turn{message, "250"}}) {
    if (auto said = caller.say(turn.text, turn.wanted); !said) return said;
  }
  // It is taken; whether the farewell arrives does not matter.
  (void)caller.say("QUIT\r\n", "221");
  return {};
}

}  // namespace leumund::intake
