// One accepted connection of a StreamListener: buffers, back-pressure and its end.
//
// Limits:  holds no buffer while nothing waits, so that thousands of idle peers cost little.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/descriptor.h"
#include "net/event_loop.h"
#include "net/stream_listener.h"

namespace leumund::net {

class StreamConnection final : public EventLoop::Ready {
 public:
  StreamConnection(StreamListener& listener, Descriptor fd, std::unique_ptr<StreamSession> session,
                   std::size_t place, const base::IpAddress& network);
  ~StreamConnection();

  [[nodiscard]] base::Status watch();
  void on_ready(std::uint32_t events) override;

  // At the stop: serves what has arrived; true when nothing is left to do, or nothing can be done.
  [[nodiscard]] bool finish();
  [[nodiscard]] bool overdue(EventLoop::Clock::time_point now) const;

  [[nodiscard]] std::size_t place() const { return place_; }
  void set_place(std::size_t place) { place_ = place; }
  [[nodiscard]] const base::IpAddress& network() const { return network_; }
  [[nodiscard]] StreamListener::Rank rank() const;

 private:
  friend class StreamListener;
  template <typename Work>
  bool guarded(Work&& work);
  // These answer false when the connection is over.
  bool advance(std::uint32_t events);
  bool serve_last();
  bool receive();
  bool discard(std::string_view bytes);
  bool handle(std::string_view received);
  bool flush();
  bool catch_up();

  std::size_t run_session(std::string_view waiting);
  void pause(std::chrono::milliseconds span);
  void update_interest();
  [[nodiscard]] std::size_t unsent() const { return output_.size() - sent_; }

  StreamListener& listener_;
  Descriptor fd_;
  std::unique_ptr<StreamSession> session_;
  const base::IpAddress network_;  // of the peer, where the listener bounds what one may have
  std::size_t place_;              // in the listener's table
  std::string input_;              // received, not consumed
  std::string output_;             // to be sent from `sent_` on
  std::size_t sent_ = 0;
  std::size_t discarded_ = 0;  // received after the session had closed
  std::uint32_t interest_ = 0;
  bool watched_ = false;
  bool held_back_ = false;  // stopped handling input until the peer reads its answers
  bool paused_ = false;     // held back until the session is to be asked again
  bool ended_ = false;      // the peer sends no more
  bool closing_ = false;    // the session is done
  bool lingering_ = false;  // all is sent; waits for the peer to close
  bool heard_ = false;      // has sent a whole request
  StreamListener::Rank filed_as_ = StreamListener::Rank::unheard;
  StreamListener::BySilence::iterator filed_at_;
  const EventLoop::Clock::time_point opened_at_;
  EventLoop::Clock::time_point active_at_;
  EventLoop::Clock::time_point begun_at_;  // when the oldest byte of input_ came
  EventLoop::TimerId pause_timer_;
};

}  // namespace leumund::net
