#include "bench/milter_load.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "net/socket.h"

namespace leumund::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::string_literals;

constexpr std::size_t chunk = 65'535;  // MILTER_CHUNK_SIZE
// Steps that a filter may leave out (SMFIP_NO...) or not answer (SMFIP_NR_...).
constexpr std::uint32_t offered_steps = 0x1fffff;
constexpr std::uint32_t always_answered = 0;

struct StepBits {
  std::uint32_t left_out;
  std::uint32_t unanswered;
};

StepBits bits_of(char command) {
  switch (command) {
    case 'C': return {0x1, 0x1000};
    case 'H': return {0x2, 0x2000};
    case 'M': return {0x4, 0x4000};
    case 'R': return {0x8, 0x8000};
    case 'B': return {0x10, 0x80000};
    case 'L': return {0x20, 0x80};
    case 'N': return {0x40, 0x40000};
    case 'T': return {0x200, 0x10000};
    default: return {0, always_answered};
  }
}

void append_packet(char command, std::string_view data, std::string& out) {
  const auto size = static_cast<std::uint32_t>(data.size() + 1);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out.push_back(command);
  out.append(data);
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// Words of four letters and more, each rotated by an amount of its own.
void rotate_words(std::uint64_t variant, char* begin, char* end) {
  while (begin < end) {
    if (!is_lower(*begin)) {
      ++begin;
      continue;
    }
    char* word_end = begin;
    std::uint64_t hash = variant * 0x9e3779b97f4a7c15ULL;
    for (; word_end < end && is_lower(*word_end); ++word_end)
      hash = (hash ^ static_cast<unsigned char>(*word_end)) * 0x100000001b3ULL;
    if (word_end - begin >= 4) {
      const auto by = static_cast<int>((hash >> 20) % 25 + 1);
      for (char* c = begin; c < word_end; ++c) *c = static_cast<char>('a' + (*c - 'a' + by) % 26);
    }
    begin = word_end;
  }
}

// Neither HTML, encoded, a link nor an address.
bool is_plain_line(std::string_view line) {
  return line.contains(' ') && line.find_first_of("<>=/:@") == line.npos;
}

// What one connection is about to say: packets in order, with a stop wherever an answer is due.
class Conversation {
 public:
  void begin(const MilterMessage& message, std::uint64_t number, std::size_t accounts) {
    message_ = &message;
    const std::uint64_t who = number * 7919 % accounts;
    account_ = fmt::format("user{}@verein{}.example", who, who % 5000);
    queue_id_ = fmt::format("4b{:X}z", number);
    recipient_ = fmt::format("<friend{}@mail{}.example>", who * 20 + number % 7, who % 97);
    steps_.clear();
    at_ = 0;
    body_at_ = 0;
  }
  void open(std::uint64_t number) {
    std::string peer = "client.example\0004\xc3\x52"s;  // family and port
    peer += fmt::format("198.51.{}.{}", number / 250 % 250, number % 250 + 1);
    peer.push_back('\0');
    add('C', peer);
    add('H', "client.example\0"s);
  }
  void envelope() {
    macros('M', "{auth_authen}\0"s + account_ + "\0{auth_type}\0PLAIN\0"s);
    add('M', "<"s + account_ + ">\0SIZE="s + std::to_string(message_->bytes()) + "\0"s);
    macros('R', "i\0"s + queue_id_ + "\0"s);
    add('R', recipient_ + "\0"s);
    add('T', "");
    for (const auto& [name, value] : message_->headers) add('L', name + "\0"s + value + "\0"s);
    add('N', "");
    do {
      add('B', std::string_view(message_->body).substr(body_at_, chunk));
      body_at_ += chunk;
    } while (body_at_ < message_->body.size());
    macros('E', "i\0"s + queue_id_ + "\0"s);
    add('E', "");
  }

  struct Step {
    char command;
    std::string bytes;
    std::size_t content = 0;
  };
  std::vector<Step> steps_;
  std::size_t at_ = 0;

 private:
  void add(char command, std::string_view data) {
    Step& step = steps_.emplace_back(Step{command, {}, 0});
    append_packet(command, data, step.bytes);
    if (command == 'L' || command == 'B') step.content = data.size();
  }
  void macros(char command, std::string_view data) {
    add('D', std::string(1, command).append(data));
  }

  const MilterMessage* message_ = nullptr;
  std::string account_, queue_id_, recipient_;
  std::size_t body_at_ = 0;
};

struct Connection {
  net::Descriptor fd;
  Conversation talk;
  std::string out;
  std::size_t sent = 0;
  std::string in;
  std::uint32_t left_out = 0;  // steps as agreed
  std::size_t messages = 0;
  bool greeted = false;
  bool quarantined = false;
  bool wants_room = false;
  MilterMessage varied;
  std::uint64_t content = 0;
  Clock::time_point began;
};

class MilterCrowd {
 public:
  MilterCrowd(const MilterLoad& load, const std::vector<MilterMessage>& messages,
              std::uint64_t& first)
      : load_(load), messages_(messages), next_(first) {}

  base::Result<MilterMeasured> run() {
    epoll_ = net::Descriptor(epoll_create1(EPOLL_CLOEXEC));
    connections_.resize(load_.connections);
    measure_from_ = Clock::now() + load_.warm_up;
    const auto end = measure_from_ + load_.span;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (auto fine = dial(i); !fine) return fine.error();
    }
    std::array<epoll_event, 64> events{};
    std::optional<base::Error> wrong;
    while (Clock::now() < end && !wrong) {
      const int ready = epoll_wait(epoll_.get(), events.data(), events.size(), 100);
      for (int i = 0; i < ready && !wrong; ++i) {
        const std::size_t at = events[static_cast<std::size_t>(i)].data.u64;
        if (auto fine = serve(at); !fine) wrong = fine.error();
      }
    }
    if (wrong) return *wrong;
    measured_.seconds = std::chrono::duration<double>(Clock::now() - measure_from_).count();
    std::ranges::sort(measured_.latencies);
    return std::move(measured_);
  }

 private:
  base::Status dial(std::size_t i) {
    Connection& one = connections_[i];
    one = {};
    auto fd = net::connect_to(load_.server, Clock::now() + std::chrono::seconds(10));
    if (!fd) return fd.error();
    one.fd = std::move(*fd);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, one.fd.get(), &event);
    const std::array<std::uint32_t, 3> offer = {6, 0x1ff, offered_steps};
    std::string data;
    for (const std::uint32_t word : offer)
      for (int shift = 24; shift >= 0; shift -= 8) data.push_back(static_cast<char>(word >> shift));
    append_packet('O', data, one.out);
    return push(i);
  }

  void next_message(Connection& one) {
    const std::uint64_t number = next_++;
    const MilterMessage& original = messages_[number % messages_.size()];
    const std::uint64_t round = number / messages_.size();
    const bool vary = load_.other_words && round > 0;
    if (vary) one.varied = with_other_words(original, round);
    one.talk.begin(vary ? one.varied : original, number, load_.accounts);
    if (one.messages++ == 0) one.talk.open(number);
    one.talk.envelope();
    one.quarantined = false;
    one.content = 0;
    one.began = Clock::now();
  }

  // Says all up to where an answer is due.
  base::Status go_on(std::size_t i) {
    Connection& one = connections_[i];
    auto& talk = one.talk;
    while (talk.at_ < talk.steps_.size()) {
      const Conversation::Step& step = talk.steps_[talk.at_++];
      const StepBits bits = bits_of(step.command);
      if ((one.left_out & bits.left_out) != 0) continue;
      one.out += step.bytes;
      one.content += step.content;
      if (step.command != 'D' && (one.left_out & bits.unanswered) == 0) break;
    }
    return push(i);
  }

  base::Status push(std::size_t i) {
    Connection& one = connections_[i];
    while (one.sent < one.out.size()) {
      const ssize_t n = send(one.fd.get(), one.out.data() + one.sent, one.out.size() - one.sent,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) break;
      if (n <= 0) return closed();
      one.sent += static_cast<std::size_t>(n);
    }
    const bool all = one.sent == one.out.size();
    if (all) {
      one.out.clear();
      one.sent = 0;
    }
    if (one.wants_room == all) {
      one.wants_room = !all;
      epoll_event event{.events = EPOLLIN | (all ? 0U : static_cast<std::uint32_t>(EPOLLOUT)),
                        .data = {.u64 = i}};
      epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, one.fd.get(), &event);
    }
    return {};
  }

  base::Status serve(std::size_t i) {
    Connection& one = connections_[i];
    if (auto fine = push(i); !fine) return fine;
    const ssize_t got = recv(one.fd.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return {};
    if (got <= 0) return closed();
    one.in.append(buffer_.data(), static_cast<std::size_t>(got));
    while (one.in.size() >= 5) {
      std::uint32_t size = 0;
      for (int k = 0; k < 4; ++k)
        size = size << 8 | static_cast<unsigned char>(one.in[static_cast<std::size_t>(k)]);
      if (one.in.size() < size + 4) break;
      const std::string packet = one.in.substr(4, size);
      one.in.erase(0, size + 4);
      if (auto fine = hear(i, packet); !fine) return fine;
      if (connections_[i].messages == 0) break;  // dialled anew
    }
    return {};
  }

  base::Status hear(std::size_t i, const std::string& packet) {
    Connection& one = connections_[i];
    if (!one.greeted) {
      if (packet[0] != 'O' || packet.size() < 13) return closed();
      for (std::size_t k = 9; k < 13; ++k)
        one.left_out = one.left_out << 8 | static_cast<unsigned char>(packet[k]);
      one.greeted = true;
      next_message(one);
      return go_on(i);
    }
    switch (packet[0]) {
      case 'q': one.quarantined = true; return {};
      case 'h':
      case 'i':
      case 'm':
      case '+':
      case '-':
      case 'p':
      case 'b':
      case 'e': return {};
      case 's':  // has seen enough of the body
        while (one.talk.at_ < one.talk.steps_.size() &&
               one.talk.steps_[one.talk.at_].command == 'B')
          ++one.talk.at_;
        return go_on(i);
      case 'c':
        if (one.talk.at_ < one.talk.steps_.size()) return go_on(i);
        break;
      default: break;
    }
    note(one, packet[0]);
    if (load_.messages_a_connection != 0 && one.messages >= load_.messages_a_connection)
      return dial(i);
    next_message(one);
    return go_on(i);
  }

  void note(const Connection& one, char answer) {
    const auto now = Clock::now();
    if (one.began < measure_from_) return;
    ++measured_.messages;
    measured_.bytes += one.content;
    const bool passed = (answer == 'c' || answer == 'a') && !one.quarantined;
    ++(passed ? measured_.passed : measured_.stopped);
    measured_.latencies.push_back(
        std::chrono::duration<double, std::milli>(now - one.began).count());
  }

  static base::Error closed() {
    return {base::ErrorCode::unavailable, "the milter closed a connection"};
  }

  const MilterLoad& load_;
  const std::vector<MilterMessage>& messages_;
  std::uint64_t& next_;
  net::Descriptor epoll_;
  std::vector<Connection> connections_;
  Clock::time_point measure_from_;
  MilterMeasured measured_;
  std::array<char, 64 * 1024> buffer_{};
};

}  // namespace

MilterMessage MilterMessage::parse(std::string_view raw) {
  MilterMessage out;
  const auto take_line = [&raw] {
    const std::size_t end = std::min(raw.find('\n'), raw.size());
    std::string_view line = raw.substr(0, end);
    raw.remove_prefix(std::min(raw.size(), end + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  };
  if (raw.starts_with("From ")) (void)take_line();  // of an mbox
  while (!raw.empty()) {
    const std::string_view line = take_line();
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if ((line.front() == ' ' || line.front() == '\t') && !out.headers.empty()) {
      out.headers.back().second.append("\n").append(line);
    } else if (colon != line.npos && colon > 0) {
      std::string_view value = line.substr(colon + 1);
      if (value.starts_with(' ')) value.remove_prefix(1);
      out.headers.emplace_back(line.substr(0, colon), value);
    }
  }
  while (!raw.empty()) out.body.append(take_line()).append("\r\n");
  return out;
}

std::size_t MilterMessage::bytes() const {
  std::size_t bytes = body.size();
  for (const auto& [name, value] : headers) bytes += name.size() + value.size() + 4;
  return bytes;
}

MilterMessage with_other_words(const MilterMessage& message, std::uint64_t variant) {
  MilterMessage out = message;
  for (auto& [name, value] : out.headers) {
    if (name == "Subject" && !value.contains("=?"))
      rotate_words(variant, value.data(), value.data() + value.size());
  }
  char* begin = out.body.data();
  char* const end = begin + out.body.size();
  while (begin < end) {
    auto* line_end =
        static_cast<char*>(std::memchr(begin, '\n', static_cast<std::size_t>(end - begin)));
    if (line_end == nullptr) line_end = end;
    if (is_plain_line({begin, static_cast<std::size_t>(line_end - begin)}))
      rotate_words(variant, begin, line_end);
    begin = line_end + 1;
  }
  return out;
}

double MilterMeasured::percentile(double part) const {
  if (latencies.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies.size()));
  return latencies[std::min(at, latencies.size() - 1)];
}

base::Result<MilterMeasured> run_milter_load(const MilterLoad& load,
                                             const std::vector<MilterMessage>& messages,
                                             std::uint64_t& first) {
  return MilterCrowd(load, messages, first).run();
}

}  // namespace leumund::bench
