// Accepts connections on a TCP port or Unix socket and lets a session of the protocol answer on
// each.
//
// Flow:    peer -> received bytes -> StreamSession::on_bytes -> output -> peer.
// Time:    idle and half-sent input are measured on the loop's steady clock, to a quarter of the
//          time-out or 5 s, whichever is less.
// Limits:  StreamOptions. Whoever comes when `connections_max` are open takes the place of another,
//          or any local program could keep the mail server out by holding connections: first of one
//          that never sent a whole request, then of an idle one, last of a busy one, and of these
//          the one silent for longest. `displaced` counts it. Where strangers come, `network_max`
//          keeps one network from taking all. Over that, or over the process's limit of open
//          files, a connection is accepted and closed at once, so that the peer falls back to its
//          default without waiting for a time-out; `refused` counts it. A peer that does not read
//          its answers is not read from until it does.
// Threads: sessions run on the loop's thread; open(), stop(), counters() and the end from any
// thread,
//          as long as the loop exists.
// Errors:  what a session throws closes its connection, is logged and counted.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/socket.h"

namespace leumund::net {

// One peer's conversation.
class StreamSession {
 public:
  enum class Next : std::uint8_t { keep, close };
  struct Step {
    std::size_t consumed = 0;  // 0: needs more input before it can go on
    Next next = Next::keep;    // close: once the output is sent; the rest of the input is dropped
    // Not 0: asks again with the same bytes, and more, after this long; nothing is read meanwhile.
    std::chrono::milliseconds again_after{0};
  };

  virtual ~StreamSession() = default;

  // Told before everything else who the peer is, where the connection is TCP. Must not throw.
  virtual void on_peer(const base::IpAddress& peer) { (void)peer; }

  // Appends what is said before the peer says anything: a greeting. Must not throw.
  virtual void on_open(std::string& out) { (void)out; }

  // `waiting` holds all bytes that are received and not yet consumed, and is never empty. Takes one
  // request at most and appends its answer to `out`; it is called again while it consumes.
  virtual Step on_bytes(std::string_view waiting, std::string& out) = 0;

  // Whether the end of the connection would lose more than a request: a mail on its way.
  [[nodiscard]] virtual bool busy() const { return false; }
};

struct StreamOptions {
  std::size_t connections_max = 8192;
  // 0: strangers do not come here. Else more from one IPv4 /24 or IPv6 /56 are refused.
  std::size_t network_max = 0;
  std::size_t input_max = 128 * 1024;  // unconsumed; a session that wants more than this is closed
  std::size_t output_max = 64 * 1024;  // unsent; beyond it nothing more is read or handled
  std::chrono::milliseconds idle{600'000};       // without any byte in or out
  std::chrono::milliseconds half_input{30'000};  // from the first byte of a request to its last
  // From the connection to the end of its first request: a mail server connects when it has one.
  std::chrono::milliseconds first_request{10'000};
  UnixAccess unix_access = {};
};

struct StreamCounters {
  std::uint64_t open = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;    // over the limit of its network or of open files
  std::uint64_t displaced = 0;  // ended for one that came when the limit was reached
  std::uint64_t timed_out = 0;  // idle, or a request half sent
  std::uint64_t overrun = 0;    // wanted more than input_max
  std::uint64_t failed = 0;     // the session threw
};

class StreamConnection;

class StreamListener final : private EventLoop::Ready {
 public:
  using MakeSession = std::function<std::unique_ptr<StreamSession>()>;

  [[nodiscard]] static base::Result<std::unique_ptr<StreamListener>> open(EventLoop& loop,
                                                                          const Endpoint& where,
                                                                          StreamOptions options,
                                                                          MakeSession make_session);
  ~StreamListener();  // stop() without grace

  // Accepts no more, answers what has arrived, and closes: each connection when nothing of it is
  // left to do, the rest after `grace`. Not from the loop's thread, unless `grace` is zero.
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] const Endpoint& bound() const { return bound_; }
  [[nodiscard]] StreamCounters counters() const;

 private:
  friend class StreamConnection;
  struct LiveCounters {
    std::atomic<std::uint64_t> open, accepted, refused, displaced, timed_out, overrun, failed;
  };
  // Who gives way first.
  enum class Rank : std::uint8_t { unheard, idle, busy };
  using BySilence = std::list<StreamConnection*>;

  StreamListener(EventLoop& loop, ListeningSocket socket, StreamOptions options,
                 MakeSession make_session);
  void on_ready(std::uint32_t events) override;
  void admit(Descriptor fd);
  [[nodiscard]] bool has_room(const Descriptor& fd);
  void end_the_most_silent();
  void file_anew(StreamConnection& connection);
  void accept_without_descriptors();
  void pause_accepting();
  void drop(StreamConnection& connection);
  void sweep();
  void schedule_sweep();
  void begin_stop();
  void say_refused();
  void say_displaced();

  EventLoop& loop_;
  ListeningSocket socket_;
  const Endpoint bound_;
  const StreamOptions options_;
  const MakeSession make_session_;
  LiveCounters counters_{};
  std::vector<std::unique_ptr<StreamConnection>> connections_;
  std::array<BySilence, 3> ranks_;  // all connections, of each rank the most silent first
  Descriptor spare_;  // given up for a moment to refuse a connection when no descriptor is left
  EventLoop::TimerId sweep_timer_;
  EventLoop::TimerId pause_timer_;
  EventLoop::Clock::time_point refusal_said_at_;
  EventLoop::Clock::time_point displaced_said_at_;
  bool stopping_ = false;
  std::string scratch_;  // received bytes of whichever connection is being served
};

}  // namespace leumund::net
