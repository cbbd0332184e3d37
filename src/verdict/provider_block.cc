#include "verdict/provider_block.h"

#include <algorithm>
#include <cmath>

#include "evidence/sliding_window.h"

namespace leumund::verdict {
namespace {

using evidence::BlockTest;
using evidence::MailFate;
using model::CellState;

bool stopped(CellState state) {
  return state == CellState::refused || state == CellState::half_open;
}

// A block shows as outright refusals mostly, but some mail is only put off.
constexpr double part_of_kind = 0.7;

double against_weight(double share, MailFate fate, const UsualShare& usual,
                      const BlockSettings& settings) {
  if (fate == MailFate::accepted) return std::log((1 - share) / (1 - std::min(.9, usual.all())));
  const bool block = fate == MailFate::block;
  const double ratio = share * part_of_kind / (block ? usual.blocked : usual.slowed);
  return std::clamp(std::log(ratio), -1.0, block ? settings.clip_block : settings.clip_slowed);
}

double opening_weight(const BlockTest& test, MailFate fate, const UsualShare& usual,
                      const BlockSettings& settings) {
  const double refused = std::clamp<double>(test.share_then, settings.shares.back(), 0.98);
  const double usual_refused = std::min(usual.all(), refused / 2);
  if (fate != MailFate::accepted) return std::max(-3.0, std::log(usual_refused / refused));
  return std::min(settings.clip_accepted, std::log((1 - usual_refused) / (1 - refused)));
}

void count_usual(BlockTest& test, MailFate fate) {
  test.usual_tried += 1;
  test.new_blocked += fate == MailFate::block ? 1 : 0;
  test.new_slowed += fate == MailFate::slowed ? 1 : 0;
}

void add_against(BlockTest& test, MailFate fate, const BlockWeights& weights, base::TimePoint at,
                 const BlockSettings& settings, Witness witness) {
  const bool slow = fate == MailFate::slowed;
  const auto span = slow ? settings.slow_slot : settings.slot;
  std::int64_t& slot = slow ? test.slow_slot : test.slot;
  float& added = slow ? test.slow_added : test.slot_added;
  const std::int64_t now = evidence::bucket_number(at, span.count());
  if (slot != now) {
    slot = now;
    added = 0;
  }
  const double share = slow ? settings.slow_slot_share : settings.slot_share;
  const double room = share * settings.threshold() - added;
  const double ceiling =
      (witness == Witness::report ? settings.report_share : 1'000) * settings.threshold();
  double most = 0;
  for (std::size_t i = 0; i < test.against.size(); ++i) {
    const double left = std::min(room, ceiling - test.against[i]);
    const double weight = std::min(weights.against[i], std::max(0.0, left));
    most = std::max(most, weight);
    test.against[i] = static_cast<float>(std::max(0.0, test.against[i] + weight));
  }
  added += static_cast<float>(most);
}

}  // namespace

double BlockSettings::threshold() const {
  return std::log(mails_per_cell_year / false_changes_per_cell_year) +
         std::log(static_cast<double>(shares.size()));
}

double BlockSettings::opening_threshold() const { return -std::log(false_opening); }

UsualShare usual_share(const BlockTest& test, const BlockSettings& settings) {
  const auto posterior = [&](double prior, double seen) {
    const double share = (prior * settings.usual_strength + seen) /
                         (settings.usual_strength + static_cast<double>(test.usual_tried));
    return std::clamp(share, settings.usual_least, settings.usual_most);
  };
  return {posterior(settings.usual_blocked, test.usual_blocked),
          posterior(settings.usual_slowed, test.usual_slowed)};
}

BlockWeights block_weights(const BlockTest& test, MailFate fate, const BlockSettings& settings) {
  const UsualShare usual = usual_share(test, settings);
  BlockWeights weights;
  for (std::size_t i = 0; i < settings.shares.size(); ++i) {
    weights.against[i] = against_weight(settings.shares[i], fate, usual, settings);
  }
  if (stopped(test.state)) weights.for_open = opening_weight(test, fate, usual, settings);
  return weights;
}

evidence::BlockTest after_mail(BlockTest test, MailFate fate, base::TimePoint at,
                               const BlockSettings& settings, Witness witness) {
  // Whoever can forge a report must not keep a cell refused.
  if (witness == Witness::report && stopped(test.state)) return test;
  test.decay_to(at, settings.half_life);
  const bool accepted = fate == MailFate::accepted;
  if (test.quiet() && accepted) {  // nearly all mail
    test.against = {};
    test.usual_tried += 1;
    return test;
  }
  if (test.quiet()) test.begin_trouble();
  test.tried += 1;
  test.refused += accepted ? 0 : 1;
  const CellState before = test.state;
  const BlockWeights weights = block_weights(test, fate, settings);
  if (stopped(before)) {
    if (!accepted) test.share_then = test.refused / test.tried;
    test.for_open = std::max(0.0F, test.for_open + static_cast<float>(weights.for_open));
  } else {
    count_usual(test, fate);
    add_against(test, fate, weights, at, settings, witness);
  }
  test.state = next_state(test, settings);
  if (before == CellState::half_open && !accepted) test.state = CellState::refused;
  if (test.state == before) return test;
  test.changed_at = at;
  if (stopped(test.state) && !stopped(before)) {
    test.for_open = 0;
    test.share_then = test.refused / test.tried;
    test.new_blocked = 0;  // what led here is not what is usual
    test.new_slowed = 0;
  } else if (stopped(before) && !stopped(test.state)) {
    test.against = {};
    test.for_open = 0;
  }
  return test;
}

BlockTest as_untried(BlockTest test, const BlockSettings& settings) {
  constexpr float nearly = 0.9F;
  // It refuses nearly all as it did, or none: a few mails tell.
  test.against = {nearly * static_cast<float>(settings.threshold())};
  test.state = CellState::suspected;
  test.for_open = 0;
  return test;
}

CellState next_state(const BlockTest& test, const BlockSettings& settings) {
  if (stopped(test.state)) {
    return test.for_open >= settings.opening_threshold() ? CellState::open : test.state;
  }
  const double sum = test.strongest();
  const double threshold = settings.threshold();
  // What meets one account only while others pass is that account's trouble, not the address's.
  const bool personal = test.one_account && test.others_passed;
  if (sum >= threshold && !personal) return CellState::refused;
  if (sum >= threshold * settings.suspected_share) return CellState::suspected;
  // Doubt ends later than it began, so that it does not flutter.
  const bool lingers =
      test.state == CellState::suspected && sum >= threshold * settings.suspected_share / 2;
  return lingers ? CellState::suspected : CellState::open;
}

}  // namespace leumund::verdict
