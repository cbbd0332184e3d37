// What is known of one egress at one provider: the sums of the sequential test, and whom and what
// the refusals hit.
//
// Flow:    engine's block matrix -> BlockCell -> verdict (provider_block.h) -> state.
// Time:    passed in. Sums for "refused" halve every `half_life`, what is usual every two months; a
//          clock going back decays nothing.
// Limits:  8 lists, 5 + 3 examples of 400 bytes, 16 mails remembered, distinct counts of bounded
//          size: about 6 KiB for a cell with trouble, 600 bytes for one without.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "evidence/distinct_count.h"
#include "model/block.h"

namespace leumund::evidence {

// What one mail met at a provider. `block`: refused outright or by a list; `slowed`: put off for
// the address's repute, as providers also do on a usual day.
enum class MailFate : std::uint8_t { accepted, block, slowed };

// The shares of mail refused that the test looks for: nearly all, half, one in ten.
inline constexpr std::size_t block_shares = 3;

// The sums that the sequential test goes by.
struct BlockTest {
  model::CellState state = model::CellState::open;
  std::array<float, block_shares> against{};  // for "refused", one CUSUM a share
  float for_open = 0;                         // while refused: for "open again"; does not decay
  float share_then = 1;  // of mail refused, as of the last refusal; what `for_open` goes by
  // What was added within the slot of time below: refusals that come together count less. Outright
  // ones have slots of seconds, mail put off has slots of an hour.
  float slot_added = 0;
  float slow_added = 0;
  std::int64_t slot = 0;
  std::int64_t slow_slot = 0;
  float tried = 0;  // mails since the trouble began, decaying over a day
  float refused = 0;
  float usual_tried = 0;  // while open, decaying over months
  float usual_blocked = 0;
  float usual_slowed = 0;
  float new_blocked = 0;  // of the trouble of now: usual only if nothing comes of it
  float new_slowed = 0;
  bool one_account = true;     // all refusals of this episode hit one account
  bool others_passed = false;  // ... while mail of another one passed
  base::TimePoint at;
  base::TimePoint changed_at;  // the state

  [[nodiscard]] float strongest() const;
  // Nothing to speak of stands against the cell: a refusal now is the begin of new trouble.
  [[nodiscard]] bool quiet() const { return state == model::CellState::open && strongest() < 0.5F; }
  void begin_trouble();
  void decay_to(base::TimePoint at, std::chrono::seconds half_life);

  bool operator==(const BlockTest&) const = default;
};

// Whom the refusals hit since they began. Reset when new trouble begins.
struct BlockImpact {
  static constexpr std::size_t lists_max = 8;
  static constexpr std::size_t examples_max = 5;
  static constexpr std::size_t other_examples_max = 3;

  base::TimePoint first_refused_at;
  DistinctCount mails;
  DistinctCount recipients;
  DistinctCount sender_domains;
  DistinctCount accounts;
  model::ClassCounts classes{};        // of `mails`
  std::uint64_t refusals_by_list = 0;  // ... of lists that are public
  std::uint64_t refusals = 0;
  std::uint64_t other_refusals = 0;
  std::uint64_t account = 0;  // of the first refusal
  std::string listed_address;
  std::vector<std::pair<std::string, std::uint32_t>> lists;  // and how often each was named
  std::deque<model::BlockExample> examples;                  // newest first
  std::deque<model::BlockExample> other_examples;

  // `mail` is its keyed hash; one that was refused before is counted once.
  void add_mail(std::uint64_t mail, model::MailClass mail_class);
  void name_list(const std::string& list);
  static void keep(std::deque<model::BlockExample>& examples, model::BlockExample example,
                   std::size_t most);
  // Forgets the episode; refusals of other kinds stay.
  void begin_anew(base::TimePoint at);

  bool operator==(const BlockImpact&) const = default;
};

struct BlockCell {
  BlockTest test;
  base::TimePoint last_refused_at;
  base::TimePoint last_accepted_at;
  base::TimePoint touched_at;
  std::unique_ptr<BlockImpact> impact;     // from the first refusal on
  std::array<std::uint32_t, 16> recent{};  // mails of the last minute with their fate, hashed
  std::uint8_t recent_next = 0;
  bool dirty = false;

  // False when this mail met the same fate within the same minute: one conversation for many
  // recipients is one observation.
  [[nodiscard]] bool first_sight(std::uint64_t mail, MailFate fate, base::TimePoint at);
  [[nodiscard]] BlockImpact& hit();
};

// The longest text of a reply that is kept.
inline constexpr std::size_t block_example_bytes = 400;

}  // namespace leumund::evidence
