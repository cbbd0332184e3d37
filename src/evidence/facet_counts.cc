#include "evidence/facet_counts.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/hash.h"
#include "evidence/sliding_window.h"

namespace leumund::evidence {
namespace {

constexpr std::uint32_t count_max = std::numeric_limits<std::uint16_t>::max();
constexpr std::int64_t day_seconds = 86400;

// A quarter is forgotten every day.
std::uint32_t faded(std::uint32_t count) { return count - (count + 3) / 4; }

}  // namespace

FacetCounts::FacetCounts(std::size_t bytes)
    : width_(
          std::bit_floor(std::max<std::size_t>(64, bytes / (2 * depth * sizeof(std::uint16_t))))),
      today_(depth * width_),
      past_(depth * width_) {}

std::size_t FacetCounts::cell(std::uint64_t hash, std::size_t row) const {
  return row * width_ + (base::combine_hashes(hash, row + 1) & (width_ - 1));
}

void FacetCounts::roll(std::int64_t day) {
  if (day <= day_) return;
  const std::int64_t days = day_ == 0 ? 0 : std::min<std::int64_t>(day - day_, 64);
  day_ = day;
  for (std::int64_t i = 0; i < days; ++i) {
    for (std::size_t k = 0; k < past_.size(); ++k) {
      past_[k] = static_cast<std::uint16_t>(
          std::min(count_max, faded(past_[k]) + std::uint32_t(today_[k])));
    }
    std::fill(today_.begin(), today_.end(), std::uint16_t{0});
    past_mails_ = past_mails_ * 0.75 + today_mails_;
    today_mails_ = 0;
  }
}

void FacetCounts::add(std::span<const std::uint64_t> hashes, base::TimePoint at) {
  roll(bucket_number(at, day_seconds));
  today_mails_ += 1;
  for (const std::uint64_t hash : hashes) {
    // Conservative update: only the lowest cells grow, which keeps the error of the others small.
    std::uint32_t least = count_max;
    for (std::size_t row = 0; row < depth; ++row)
      least = std::min<std::uint32_t>(least, today_[cell(hash, row)]);
    if (least == count_max) continue;
    for (std::size_t row = 0; row < depth; ++row) {
      std::uint16_t& value = today_[cell(hash, row)];
      if (value == least) value = static_cast<std::uint16_t>(least + 1);
    }
  }
}

std::uint32_t FacetCounts::count(std::uint64_t hash) const {
  std::uint32_t today = count_max;
  std::uint32_t past = count_max;
  for (std::size_t row = 0; row < depth; ++row) {
    today = std::min<std::uint32_t>(today, today_[cell(hash, row)]);
    past = std::min<std::uint32_t>(past, past_[cell(hash, row)]);
  }
  return today + past;
}

double FacetCounts::share(std::uint64_t hash) const {
  if (mails() < 1) return 1;
  return std::min(1.0, (count(hash) + 0.5) / (mails() + 1));
}

}  // namespace leumund::evidence
