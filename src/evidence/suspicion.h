// What speaks against one subject at the moment: a decaying cumulative sum (CUSUM) of
// log-likelihood ratios, split by kind so that every part of it can be shown.
//
// Time:    the sum halves every `half_life` given; a clock going back decays nothing.
// Limits:  eight message numbers a kind, the newest ones.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace leumund::evidence {

// What is summed up. What is a state of affairs (volume, origin) is judged anew each time instead.
enum class Kind : std::uint8_t { new_recipient, unknown_user, content_refused, complaint };
inline constexpr std::size_t kind_count = 4;

// One kind's part: its sum, "hits of tries" for the sentence, and the messages behind it.
struct Trail {
  float sum = 0;
  float hits = 0;
  float tries = 0;
  std::array<std::uint64_t, 8> messages{};  // numbers of the message table, 0 for none
  std::uint8_t next = 0;

  void remember(std::uint64_t message);
};

class Suspicion {
 public:
  // Lets the sum shrink to what it is worth at `at`.
  void decay_to(base::TimePoint at, std::chrono::seconds half_life);

  // Adds to one kind. The total never falls below zero: when it would, everything starts afresh.
  // Returns what the kind's sum changed by, for a later take_back().
  float add(Kind kind, float value);
  // Takes back what an earlier add() at `then` brought.
  void take_back(Kind kind, float value, base::TimePoint then, std::chrono::seconds half_life);

  [[nodiscard]] float total() const;
  [[nodiscard]] Trail& trail(Kind kind) { return trails_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] const Trail& trail(Kind kind) const {
    return trails_[static_cast<std::size_t>(kind)];
  }
  // When the sum last stood at zero, and the recipients let out since.
  [[nodiscard]] base::TimePoint began_at() const { return began_at_; }
  [[nodiscard]] std::uint32_t recipients_passed() const { return recipients_passed_; }
  void count_passed(std::uint32_t recipients) { recipients_passed_ += recipients; }

  [[nodiscard]] base::TimePoint at() const { return at_; }
  void restore(base::TimePoint at, base::TimePoint began_at, std::uint32_t recipients_passed);
  void clear(base::TimePoint at);

 private:
  std::array<Trail, kind_count> trails_{};
  base::TimePoint at_;
  base::TimePoint began_at_;
  std::uint32_t recipients_passed_ = 0;
};

}  // namespace leumund::evidence
