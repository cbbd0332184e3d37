// UDP in batches: one system call receives up to 256 datagrams, one sends their answers, which are
// written where the questions stood.
//
// What a datagram costs is the kernel's way for it, so there are as few ways as can be: answers of
// one length to one port of a client (a proxy, a resolver with a fixed port), and one shorter, go
// as one, which the kernel cuts (UDP_SEGMENT); and while many come, a batch waits a little to be
// larger.
//
// Flow:    receive() -> datagram(i), reply(i, bytes) -> send().
// Time:    receive() waits up to 200 ms, so that its thread sees the end; under load (8 datagrams
//          in 60 us, which is more than 100,000 in a second) 60 us more.
// Limits:  datagrams of `datagram_bytes`; a longer one is cut and says so.
// Threads: one thread a batch; several batches may share a port (SO_REUSEPORT), each on its socket.
// Errors:  what cannot be sent (no route, a full buffer) is counted and dropped, as a network does.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "net/descriptor.h"
#include "net/socket_address.h"

namespace leumund::net {

class DatagramBatch {
 public:
  static constexpr std::size_t batch_max = 256;
  static constexpr std::size_t datagram_bytes = 1280;

  // A socket of its own for `where`; one that shares the port with others of this process.
  [[nodiscard]] static base::Result<std::unique_ptr<DatagramBatch>> open(
      const SocketAddress& where);

  // How many came; 0 when none did in time.
  [[nodiscard]] std::size_t receive();
  [[nodiscard]] std::span<const std::uint8_t> datagram(std::size_t i) const;
  [[nodiscard]] bool cut(std::size_t i) const;
  [[nodiscard]] const SocketAddress& peer(std::size_t i) const { return slots_[i].peer; }
  // Where datagram i stands and its answer goes.
  [[nodiscard]] std::span<std::uint8_t> room(std::size_t i) { return slots_[i].bytes; }
  // The first `bytes` of room(i) go back to its sender with the next send().
  void reply(std::size_t i, std::size_t bytes);
  void send();

  [[nodiscard]] const SocketAddress& bound() const { return bound_; }
  [[nodiscard]] std::uint64_t unsent() const { return unsent_; }
  // Answers that shared their way through the kernel with another.
  [[nodiscard]] std::uint64_t joined() const { return joined_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  struct Slot {
    alignas(64) std::array<std::uint8_t, datagram_bytes> bytes;
    SocketAddress peer;
    iovec vector;
    alignas(8) std::array<char, 64> control;  // to which of our addresses it came
  };

  // Answers of one length to one place, and at their end one shorter.
  struct Group {
    std::size_t first = 0;  // of replies_
    std::size_t count = 0;
    alignas(8) std::array<char, 96> control;
  };
  struct Reply {
    std::uint64_t key = 0;  // whom, then the longest first; one key need not be one place
    std::uint32_t slot = 0;
  };

  DatagramBatch() = default;
  void prepare(std::size_t i);
  [[nodiscard]] std::uint64_t key_of(std::size_t i) const;
  void form_groups();
  void put_group(std::size_t number);
  [[nodiscard]] bool same_place(std::size_t a, std::size_t b) const;
  void send_singly(const Group& group);

  Descriptor fd_;
  SocketAddress bound_;
  bool wildcard_ = false;  // the answer must leave from the address that was asked
  std::array<Slot, batch_max> slots_;
  std::array<mmsghdr, batch_max> in_{};
  std::array<mmsghdr, batch_max> out_{};
  std::array<Reply, batch_max> replies_;
  std::array<iovec, batch_max> pieces_;  // of groups, in the order of replies_
  std::array<Group, batch_max> groups_;
  std::size_t received_ = 0;
  std::size_t reply_count_ = 0;
  std::size_t group_count_ = 0;
  bool segments_ = false;  // the system cuts what goes to one place
  bool busy_ = false;
  bool slack_set_ = false;
  std::uint64_t unsent_ = 0;
  std::uint64_t joined_ = 0;
};

}  // namespace leumund::net
