// The last things that happened, for `leumund events --follow` and /v1/stream.
//
// Flow:    pipeline listener -> publish -> ring -> read, by each follower at its own pace.
// Limits:  `items_max` items and `bytes_max` bytes; the oldest leave. A follower that is too slow
//          sees by the gap in the sequence numbers that it missed some.
// Threads: any. publish() does not block on followers.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/guarded.h"

namespace leumund::face {

struct StreamItem {
  std::uint64_t sequence = 0;  // rising from 1 since the start of the daemon
  std::string kind;            // "decision" or "event"
  std::string json;            // one line
};

class StreamRing {
 public:
  explicit StreamRing(std::size_t items_max = 4096, std::size_t bytes_max = 4U << 20)
      : items_max_(items_max), bytes_max_(bytes_max) {}

  void publish(std::string kind, std::string json);

  // Items with a sequence > `after`, oldest first, at most `limit`.
  [[nodiscard]] std::vector<StreamItem> read(std::uint64_t after, std::size_t limit) const;
  [[nodiscard]] std::uint64_t newest() const { return newest_.load(); }

  // While nobody follows, whoever makes events need not spell them as JSON.
  void follower_came() { ++followers_; }
  void follower_left() { --followers_; }
  [[nodiscard]] bool followed() const { return followers_.load() > 0; }

 private:
  struct Items {
    std::deque<StreamItem> kept;
    std::size_t bytes = 0;
  };
  const std::size_t items_max_;
  const std::size_t bytes_max_;
  std::atomic<std::uint64_t> newest_ = 0;
  std::atomic<int> followers_ = 0;
  base::Guarded<Items> items_;
};

}  // namespace leumund::face
