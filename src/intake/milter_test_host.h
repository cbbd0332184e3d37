// The milter service over real sockets, with the packets that Postfix sends: what its tests share.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "intake/milter_service.h"
#include "net/socket.h"
#include "wire/milter_packet.h"

namespace leumund::intake {

using std::string_literals::operator""s;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline std::string packet(char letter, std::string_view data = {}) {
  const auto size = static_cast<std::uint32_t>(data.size() + 1);
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  return out + letter + std::string(data);
}

inline std::string offer(std::uint32_t actions, std::uint32_t steps) {
  std::string out;
  wire::append_milter_offer({.version = 6, .actions = actions, .steps = steps}, out);
  return out;
}
// Everything Postfix 3.7 can.
inline std::string postfix_offer() { return offer(0x1ff, 0x1fffff); }

inline std::string connect(std::string_view address, std::uint16_t port = 4242) {
  std::string data = "pc.example\0"s + "4"s;
  data += static_cast<char>(port >> 8);
  data += static_cast<char>(port & 0xff);
  return packet('C', data + std::string(address) + "\0"s) + packet('H', "pc\0"s);
}

// One message up to its end; a letter for every packet that Postfix waits to be answered: B and E.
inline std::string message(std::string_view account, std::string_view body,
                           std::string_view id = "4XyZ") {
  std::string out;
  if (!account.empty()) {
    out += packet('D', "M{auth_authen}\0"s + std::string(account) + "\0"s);
  }
  return out + packet('M', "<A@verein.example>\0SIZE=1834\0"s) +
         packet('D', "Ri\0"s + std::string(id) + "\0"s) + packet('R', "<x@c.test>\0"s) +
         packet('R', "<y@c.test>\0"s) + packet('T') + packet('L', "Subject\0hello\0"s) +
         packet('N') + packet('B', body) + packet('E');
}

class MilterTestHost : public testing::Test {
 public:
  ~MilterTestHost() override {
    if (service_) service_->stop(milliseconds(0));
    if (loop_) loop_->stop();
  }

 protected:
  void serve(MilterService::Options options = {.listen = net::Endpoint::tcp("127.0.0.1", 0)}) {
    loop_ = net::EventLoop::open().value();
    loop_->start("io-0");
    auto opened = MilterService::open(*loop_, std::move(options), [this](const auto& event) {
      const auto& mail = std::get<model::Submission>(event.what);
      seen_.with([&](auto& seen) { seen.push_back(mail); });
      return answer_
                 ? answer_(mail)
                 : model::Answer{
                       .disposition = model::Disposition::pass, .text = {}, .trace = "v1.token"};
    });
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    service_ = std::move(opened).value();
  }
  net::Descriptor dial() {
    return net::connect_to(service_->bound(), std::chrono::steady_clock::now() + seconds(5))
        .value();
  }
  // The letters and data of the next `count` packets; fewer at the end of the stream.
  static std::vector<std::string> hear(const net::Descriptor& fd, std::size_t count) {
    std::vector<std::string> out;
    std::string bytes;
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (out.size() < count && net::wait_ready(fd.get(), POLLIN, deadline, "hear")) {
      std::string more(65536, '\0');
      const ssize_t got = recv(fd.get(), more.data(), more.size(), 0);
      if (got <= 0) break;
      bytes.append(more, 0, static_cast<std::size_t>(got));
      for (;;) {
        const auto next = wire::next_milter_packet(bytes, 1 << 20);
        if (!next || !next->has_value()) break;
        out.push_back(static_cast<char>((*next)->command) + std::string((*next)->data));
        bytes.erase(0, (*next)->bytes);
      }
    }
    return out;
  }
  static void say(const net::Descriptor& fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put < 0) {
        const auto soon = std::chrono::steady_clock::now() + seconds(5);
        if (!net::wait_ready(fd.get(), POLLOUT, soon, "say")) return;
        continue;
      }
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  std::vector<model::Submission> seen() {
    return seen_.with([](const auto& seen) { return seen; });
  }

  // What the handler says, on the loop's thread; without it all mail passes.
  std::function<model::Answer(const model::Submission&)> answer_;
  std::unique_ptr<net::EventLoop> loop_;
  std::unique_ptr<MilterService> service_;
  base::Guarded<std::vector<model::Submission>> seen_;
};

}  // namespace leumund::intake
