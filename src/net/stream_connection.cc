#include "net/stream_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <exception>

#include "base/log.h"

namespace leumund::net {
namespace {

// After the last answer the peer gets this long, and may still send this much, before the
// connection is closed hard: closing with unread bytes would make TCP throw the answer away.
constexpr std::chrono::seconds linger_span{2};
constexpr std::size_t linger_bytes = 1 << 20;

constexpr std::size_t kept_capacity = 4096;  // of a buffer that has become empty

void clear_buffer(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kept_capacity) std::string().swap(buffer);
}

}  // namespace

StreamConnection::StreamConnection(StreamListener& listener, Descriptor fd,
                                   std::unique_ptr<StreamSession> session, std::size_t place,
                                   const base::IpAddress& network)
    : listener_(listener),
      fd_(std::move(fd)),
      session_(std::move(session)),
      network_(network),
      place_(place),
      opened_at_(listener.loop_.woke_at()),
      active_at_(opened_at_),
      begun_at_(opened_at_) {}

StreamConnection::~StreamConnection() {
  if (paused_) listener_.loop_.cancel(pause_timer_);
  if (watched_) listener_.loop_.forget(fd_.get(), *this);
}

base::Status StreamConnection::watch() {
  session_->on_open(output_);
  interest_ = EPOLLIN;
  if (unsent() > 0) interest_ |= EPOLLOUT;
  base::Status status = listener_.loop_.watch(fd_.get(), interest_, *this);
  watched_ = status.ok();
  return status;
}

// Connection boundary: what the session throws ends this connection only.
template <typename Work>
bool StreamConnection::guarded(Work&& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    ++listener_.counters_.failed;
    base::log(base::LogLevel::error, "event=session_exception listener={} what=\"{}\"",
              listener_.bound_.to_string(), error.what());
    return false;
  }
}

void StreamConnection::on_ready(std::uint32_t events) {
  const bool go_on = guarded([&] { return advance(events); });
  if (!go_on || (listener_.stopping_ && finish())) listener_.drop(*this);  // destroys this
}

bool StreamConnection::advance(std::uint32_t events) {
  if ((events & EPOLLERR) != 0) return false;
  active_at_ = listener_.loop_.woke_at();
  if ((events & EPOLLOUT) != 0 && !flush()) return false;
  if (!catch_up()) return false;
  if ((events & (EPOLLIN | EPOLLHUP)) != 0 && !ended_ && !held_back_ && !receive()) return false;
  if (!flush() || !catch_up()) return false;
  if ((events & EPOLLHUP) != 0) return false;  // closed in both directions: nobody reads an answer
  if (ended_ && unsent() == 0 && !held_back_) return false;
  if (closing_ && unsent() == 0 && !lingering_) {
    lingering_ = true;
    shutdown(fd_.get(), SHUT_WR);
  }
  update_interest();
  listener_.file_anew(*this);
  return true;
}

bool StreamConnection::receive() {
  std::string& scratch = listener_.scratch_;
  const ssize_t got = recv(fd_.get(), scratch.data(), scratch.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) {
    ended_ = true;
    return true;
  }
  const std::string_view received(scratch.data(), static_cast<std::size_t>(got));
  return closing_ ? discard(received) : handle(received);
}

bool StreamConnection::discard(std::string_view bytes) {
  discarded_ += bytes.size();
  return discarded_ <= linger_bytes;
}

bool StreamConnection::handle(std::string_view received) {
  // Mostly whole requests arrive and are answered from the shared buffer, without a copy.
  if (input_.empty()) {
    const std::size_t consumed = run_session(received);
    input_.assign(received.substr(consumed));
    if (!input_.empty()) begun_at_ = active_at_;
  } else {
    input_.append(received);
    const std::size_t consumed = run_session(input_);
    if (consumed > 0) begun_at_ = active_at_;
    input_.erase(0, consumed);
  }
  if (closing_ || input_.empty()) clear_buffer(input_);
  if (!held_back_ && input_.size() >= listener_.options_.input_max) {
    ++listener_.counters_.overrun;
    return false;
  }
  return true;
}

// After the peer has read: goes on with input that was held back, until the peer lags again.
bool StreamConnection::catch_up() {
  while (held_back_ && !paused_ && unsent() < listener_.options_.output_max) {
    if (!handle({}) || !flush()) return false;
  }
  return true;
}

std::size_t StreamConnection::run_session(std::string_view waiting) {
  std::size_t consumed = 0;
  held_back_ = false;
  while (consumed < waiting.size() && !closing_) {
    if (unsent() >= listener_.options_.output_max) {
      held_back_ = true;
      break;
    }
    const StreamSession::Step step = session_->on_bytes(waiting.substr(consumed), output_);
    consumed += step.consumed;
    closing_ = step.next == StreamSession::Next::close;
    if (step.consumed > 0 || step.again_after.count() > 0) heard_ = true;
    if (step.again_after.count() > 0) {
      pause(step.again_after);
      break;
    }
    if (step.consumed == 0) break;
  }
  return consumed;
}

void StreamConnection::pause(std::chrono::milliseconds span) {
  held_back_ = paused_ = true;
  pause_timer_ = listener_.loop_.after(span, [this] {
    paused_ = false;
    on_ready(0);  // may destroy this
  });
}

bool StreamConnection::flush() {
  while (unsent() > 0) {
    const ssize_t put = send(fd_.get(), output_.data() + sent_, unsent(), MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<std::size_t>(put);
  }
  sent_ = 0;
  clear_buffer(output_);
  return true;
}

void StreamConnection::update_interest() {
  std::uint32_t wanted = 0;
  if (!ended_ && !held_back_ && unsent() < listener_.options_.output_max) wanted |= EPOLLIN;
  if (unsent() > 0) wanted |= EPOLLOUT;
  if (wanted == interest_) return;
  interest_ = wanted;
  listener_.loop_.change(fd_.get(), interest_, *this);
}

bool StreamConnection::finish() {
  return !guarded([this] { return serve_last(); });
}

bool StreamConnection::serve_last() {
  if (!ended_ && !held_back_ && !closing_ && !receive()) return false;
  if (!flush() || !catch_up()) return false;
  update_interest();
  return unsent() > 0 || held_back_ || !input_.empty();
}

StreamListener::Rank StreamConnection::rank() const {
  using Rank = StreamListener::Rank;
  if (!heard_) return Rank::unheard;
  // Half a request alone does not count, or half of one would do to stay.
  return paused_ || session_->busy() ? Rank::busy : Rank::idle;
}

bool StreamConnection::overdue(EventLoop::Clock::time_point now) const {
  if (lingering_ && now - active_at_ >= linger_span) return true;
  if (now - active_at_ >= listener_.options_.idle) return true;
  if (!heard_ && now - opened_at_ >= listener_.options_.first_request) return true;
  return !input_.empty() && !held_back_ && now - begun_at_ >= listener_.options_.half_input;
}

}  // namespace leumund::net
