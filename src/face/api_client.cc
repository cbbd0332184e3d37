#include "face/api_client.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace leumund::face {
namespace {

using base::Error;
using base::ErrorCode;
using Clock = std::chrono::steady_clock;

constexpr std::size_t head_bytes_max = 64U << 10;
constexpr std::size_t answer_bytes_max = 64U << 20;
constexpr std::size_t stream_line_bytes_max = 1U << 20;

// One connection with a deadline.
class Line {
 public:
  Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    if (fd_ >= 0) ::close(fd_);
  }

  base::Status open(const std::string& path, Clock::time_point deadline) {
    deadline_ = deadline;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
      return Error{ErrorCode::malformed, fmt::format("the socket path {} is over 107 bytes", path)};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return failed("socket", path);
    while (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      // EAGAIN on a Unix socket: its backlog is full and there is nothing to poll for.
      if (errno != EAGAIN && errno != EINTR) return failed("connect", path);
      if (Clock::now() >= deadline_) {
        return Error{ErrorCode::timed_out, fmt::format("{} takes no connection", path)};
      }
      ::poll(nullptr, 0, 20);
    }
    return {};
  }

  base::Status send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (auto ready = wait(POLLOUT, deadline_); !ready) return ready.error();
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return failed("send", "the daemon");
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  // Appends what has arrived; false at the end of the connection.
  base::Result<bool> receive(std::string& into, Clock::time_point deadline) {
    while (true) {
      if (auto ready = wait(POLLIN, deadline); !ready) return ready.error();
      char chunk[16384];
      const auto got = ::recv(fd_, chunk, sizeof(chunk), 0);
      if (got > 0) {
        into.append(chunk, static_cast<std::size_t>(got));
        return true;
      }
      if (got == 0) return false;
      if (errno != EAGAIN && errno != EINTR) return failed("receive", "the daemon");
    }
  }
  base::Result<bool> receive(std::string& into) { return receive(into, deadline_); }

 private:
  base::Status wait(short what, Clock::time_point deadline) {
    while (true) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return Error{ErrorCode::timed_out, "the daemon does not answer in time"};
      pollfd one{.fd = fd_, .events = what, .revents = 0};
      const int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return failed("poll", "the daemon");
      if (ready < 0) return Error{ErrorCode::timed_out, "interrupted"};
    }
  }
  static Error failed(std::string_view what, std::string_view where) {
    const bool forbidden = errno == EACCES || errno == EPERM;
    return {forbidden ? ErrorCode::refused : ErrorCode::unavailable,
            fmt::format("{}: {}: {}", where, what, std::strerror(errno))};
  }

  int fd_ = -1;
  Clock::time_point deadline_;
};

struct Head {
  int status = 0;
  bool chunked = false;
  std::optional<std::size_t> length;
};

bool same_letters(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::optional<Head> parse_head(std::string_view text) {
  Head head;
  if (!text.starts_with("HTTP/1.") || text.size() < 12) return std::nullopt;
  if (std::from_chars(text.data() + 9, text.data() + 12, head.status).ec != std::errc()) {
    return std::nullopt;
  }
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    if (same_letters(line.substr(0, colon), "content-length")) {
      std::size_t length = 0;
      const auto [stop, ec] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (ec != std::errc() || stop != value.data() + value.size()) return std::nullopt;
      head.length = length;
    } else if (same_letters(line.substr(0, colon), "transfer-encoding")) {
      head.chunked = same_letters(value, "chunked");
    }
  }
  return head;
}

// Takes the complete chunks off the front of `raw`; true at the last one.
base::Result<bool> take_chunks(std::string& raw, std::string& body) {
  while (true) {
    const auto end = raw.find("\r\n");
    if (end == std::string::npos) return false;
    std::size_t size = 0;
    const auto [stop, ec] = std::from_chars(raw.data(), raw.data() + end, size, 16);
    if (ec != std::errc() || size > answer_bytes_max) {
      return Error{ErrorCode::malformed, "the daemon's answer has a broken chunk"};
    }
    if (raw.size() < end + 2 + size + 2) return false;
    if (size == 0) return true;
    body.append(raw, end + 2, size);
    raw.erase(0, end + 2 + size + 2);
  }
}

std::string request_text(std::string_view method, std::string_view path, std::string_view body,
                         std::string_view accept) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: {}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      method, path, accept, body.size(), body);
}

// Sends a request and reads the head of the answer; what came after it is left in `rest`.
base::Result<Head> begin(Line& line, std::string_view request, std::string& rest) {
  if (auto sent = line.send(request); !sent) return sent.error();
  while (true) {
    const auto end = rest.find("\r\n\r\n");
    if (end != std::string::npos) {
      const auto head = parse_head(std::string_view(rest).substr(0, end + 2));
      if (!head) return Error{ErrorCode::malformed, "the daemon's answer is no HTTP"};
      rest.erase(0, end + 4);
      return *head;
    }
    if (rest.size() > head_bytes_max) {
      return Error{ErrorCode::too_large, "the head of the daemon's answer is over 64 KiB"};
    }
    auto more = line.receive(rest);
    if (!more) return more.error();
    if (!*more) return Error{ErrorCode::unavailable, "the daemon closed the connection"};
  }
}

base::Result<ApiAnswer> exchange(const std::string& socket_path, std::chrono::milliseconds patience,
                                 std::string_view request) {
  Line line;
  if (auto open = line.open(socket_path, Clock::now() + patience); !open) return open.error();
  std::string raw;
  const auto head = begin(line, request, raw);
  if (!head) return head.error();
  ApiAnswer answer{.status = head->status, .body = {}};
  bool complete = false;
  while (true) {
    if (head->chunked) {
      const auto last = take_chunks(raw, answer.body);
      if (!last) return last.error();
      complete = *last;
    } else {
      complete = head->length && raw.size() >= *head->length;
    }
    if (complete) break;
    if (raw.size() + answer.body.size() > answer_bytes_max) {
      return Error{ErrorCode::too_large, "the daemon's answer is over 64 MiB"};
    }
    const auto more = line.receive(raw);
    if (!more) return more.error();
    if (!*more) {
      if (head->chunked || head->length) {
        return Error{ErrorCode::unavailable, "the daemon's answer was cut off"};
      }
      break;
    }
  }
  if (!head->chunked) answer.body = raw.substr(0, head->length.value_or(raw.size()));
  return answer;
}

// Takes complete events off the front of `text`; false when the reader has enough.
bool take_events(std::string& text,
                 const std::function<bool(std::string_view, std::string_view)>& on_item) {
  while (true) {
    const auto end = text.find("\n\n");
    if (end == std::string::npos) return true;
    std::string_view block = std::string_view(text).substr(0, end);
    std::string_view event = "message";
    std::string data;
    while (!block.empty()) {
      const auto stop = block.find('\n');
      const std::string_view row = block.substr(0, stop);
      block.remove_prefix(stop == std::string_view::npos ? block.size() : stop + 1);
      if (row.starts_with("event: ")) event = row.substr(7);
      if (row.starts_with("data: ")) data += (data.empty() ? "" : "\n") + std::string(row.substr(6));
    }
    const bool more = data.empty() || on_item(event, data);
    text.erase(0, end + 2);
    if (!more) return false;
  }
}

}  // namespace

base::Result<ApiAnswer> ApiClient::get(std::string_view path_and_query) const {
  return exchange(socket_path_, patience_, request_text("GET", path_and_query, "", "application/json"));
}

base::Result<ApiAnswer> ApiClient::post(std::string_view path, std::string_view body) const {
  return exchange(socket_path_, patience_, request_text("POST", path, body, "application/json"));
}

base::Status ApiClient::follow(
    std::string_view path_and_query, std::chrono::milliseconds beat,
    const std::function<bool(std::string_view, std::string_view)>& on_item) const {
  Line line;
  if (auto open = line.open(socket_path_, Clock::now() + patience_); !open) return open.error();
  std::string raw;
  const auto head = begin(line, request_text("GET", path_and_query, "", "text/event-stream"), raw);
  if (!head) return head.error();
  if (head->status != 200) {
    return Error{ErrorCode::unavailable, fmt::format("the daemon answers {} to {}", head->status,
                                                     path_and_query)};
  }
  std::string text;
  while (true) {
    if (head->chunked) {
      const auto last = take_chunks(raw, text);
      if (!last) return last.error();
    } else {
      text += raw;
      raw.clear();
    }
    if (!take_events(text, on_item) || !on_item("", "")) return {};
    if (text.size() > stream_line_bytes_max) {
      return Error{ErrorCode::too_large, "an event of the stream is over 1 MiB"};
    }
    const auto more = line.receive(raw, Clock::now() + beat);
    if (!more && more.error().code != ErrorCode::timed_out) return more.error();
    if (more && !*more) return Error{ErrorCode::unavailable, "the daemon closed the stream"};
  }
}

std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

}  // namespace leumund::face
