// How common a facet (a link's domain, a subject) is in the mail of this house: a Count-Min sketch
// of today and one of the days before, which fades.
//
// Time:    passed in; the first event of a new day moves today into the past.
// Limits:  the bytes given at construction, for ever. A full sketch counts too high, never too low:
//          a facet then looks commoner than it is and says less.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace leumund::evidence {

class FacetCounts {
 public:
  explicit FacetCounts(std::size_t bytes);

  // Counts one mail with these facets.
  void add(std::span<const std::uint64_t> hashes, base::TimePoint at);
  // Mails with the facet, today and in the days before (which fade by a quarter a day).
  [[nodiscard]] std::uint32_t count(std::uint64_t hash) const;
  // Share of mails that have it, at least half a mail; 1 while nothing was counted.
  [[nodiscard]] double share(std::uint64_t hash) const;
  [[nodiscard]] double mails() const { return past_mails_ + today_mails_; }
  // At least one whole day was counted, so that "never seen" means something.
  [[nodiscard]] bool ready() const { return past_mails_ >= ready_mails; }
  [[nodiscard]] std::size_t bytes() const {
    return (today_.size() + past_.size()) * sizeof(std::uint16_t);
  }

 private:
  static constexpr std::size_t depth = 4;
  static constexpr double ready_mails = 100;

  [[nodiscard]] std::size_t cell(std::uint64_t hash, std::size_t row) const;
  void roll(std::int64_t day);

  std::size_t width_;  // of a row, a power of two
  std::vector<std::uint16_t> today_;
  std::vector<std::uint16_t> past_;
  std::int64_t day_ = 0;
  double today_mails_ = 0;
  double past_mails_ = 0;
};

}  // namespace leumund::evidence
