// Does a provider refuse one of our addresses? A sequential test over the mail it was given.
//
// Flow:    what a mail met -> block_weights() -> BlockTest -> next_state().
//          Against "usual" stand three hypotheses: nearly all mail, half, one in ten is refused for
//          the address. Each has its own CUSUM of log-likelihood ratios; the highest decides. While
//          refused, a CUSUM the other way asks whether it is over.
// Time:    in the BlockTest. Threads: pure functions.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "evidence/block_cell.h"
#include "model/block.h"

namespace leumund::verdict {

struct BlockSettings {
  // The error budget, per egress and provider: a cell called refused although nothing changed.
  double false_changes_per_cell_year = 0.02;
  double mails_per_cell_year = 50'000;
  // While a cell is refused, per mail: that it is called open although nothing changed.
  double false_opening = 1e-5;
  // Only beyond this part of the threshold is a cell called suspected.
  double suspected_share = 0.35;

  std::chrono::seconds half_life = std::chrono::hours(7 * 24);
  std::array<double, evidence::block_shares> shares = {0.95, 0.5, 0.1};

  // What is usual before a cell has a history: refusals for the address, and slowing down.
  double usual_blocked = 0.002;
  double usual_slowed = 0.01;
  double usual_strength = 500;  // mails that this is worth
  double usual_least = 0.001;
  double usual_most = 0.2;

  double clip_block = 3.5;   // what one refusal can add
  double clip_slowed = 1.5;  // ... one mail put off for our repute
  double clip_accepted = 2;  // ... one acceptance, for "open again"
  // Refusals that come together are one incident: within a slot they add this part of the threshold
  // at most, so that no cell is called refused for a few seconds' trouble.
  std::chrono::seconds slot{10};
  double slot_share = 0.6;
  // Providers put mail off in waves on a usual day: such mail alone must go on over three hours.
  std::chrono::seconds slow_slot{3600};
  double slow_slot_share = 0.45;
  // A report is anybody's word: what reports add ends at this part of the threshold.
  double report_share = 0.6;

  [[nodiscard]] double threshold() const;
  [[nodiscard]] double opening_threshold() const;
};

// The share of mail refused for the address that is usual for this cell.
struct UsualShare {
  double blocked = 0;
  double slowed = 0;
  [[nodiscard]] double all() const { return blocked + slowed; }
};
[[nodiscard]] UsualShare usual_share(const evidence::BlockTest& test,
                                     const BlockSettings& settings);

// What one mail speaks for. `for_open` is meant while the cell is refused.
struct BlockWeights {
  std::array<double, evidence::block_shares> against{};
  double for_open = 0;
};
[[nodiscard]] BlockWeights block_weights(const evidence::BlockTest& test, evidence::MailFate fate,
                                         const BlockSettings& settings);

// Who says what a mail met: a server of ours, or a report that came back by mail. A report alone
// makes no cell refused and keeps none so.
enum class Witness : std::uint8_t { server, report };

// The test after one more mail at `at`, with its new state. `test` stands at any earlier time.
[[nodiscard]] evidence::BlockTest after_mail(evidence::BlockTest test, evidence::MailFate fate,
                                             base::TimePoint at, const BlockSettings& settings,
                                             Witness witness = Witness::server);

// A refused cell that was given no mail for long: nobody knows any more. The next refusal makes it
// refused again, and a few mails that are taken open it.
[[nodiscard]] evidence::BlockTest as_untried(evidence::BlockTest test,
                                             const BlockSettings& settings);

// The state that the sums ask for now.
[[nodiscard]] model::CellState next_state(const evidence::BlockTest& test,
                                          const BlockSettings& settings);

}  // namespace leumund::verdict
