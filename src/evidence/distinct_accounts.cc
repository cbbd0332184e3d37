#include "evidence/distinct_accounts.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/hash.h"
#include "evidence/sliding_window.h"

namespace leumund::evidence {
namespace {

std::size_t slot_of(std::int64_t number, std::size_t count) {
  const auto size = static_cast<std::int64_t>(count);
  return static_cast<std::size_t>(((number % size) + size) % size);
}

// Empties the slots between the newest one and `number`; false when that lies too far back.
template <typename Slots>
bool turn_to(Slots& slots, std::int64_t& newest, std::int64_t number) {
  const auto size = static_cast<std::int64_t>(slots.size());
  if (number <= newest - size) return false;
  for (std::int64_t n = std::max(newest + 1, number - size + 1); n <= number; ++n) {
    slots[slot_of(n, slots.size())].fill(0);
  }
  newest = std::max(newest, number);
  return true;
}

template <typename Registers>
double estimate(const Registers& merged) {
  const auto size = static_cast<double>(merged.size());
  double sum = 0;
  double empty = 0;
  for (const std::uint8_t value : merged) {
    sum += std::ldexp(1.0, -static_cast<int>(value));
    empty += value == 0 ? 1 : 0;
  }
  const double raw = 0.7213 / (1 + 1.079 / size) * size * size / sum;
  return raw <= 2.5 * size && empty > 0 ? size * std::log(size / empty) : raw;
}

template <typename Slots>
double estimate_last(const Slots& slots, std::int64_t newest, std::int64_t now) {
  typename Slots::value_type merged{};
  const auto size = static_cast<std::int64_t>(slots.size());
  for (std::int64_t n = std::max(newest, now) - size + 1; n <= newest; ++n) {
    const auto& slot = slots[slot_of(n, slots.size())];
    for (std::size_t i = 0; i < merged.size(); ++i) merged[i] = std::max(merged[i], slot[i]);
  }
  return estimate(merged);
}

}  // namespace

DistinctAccounts::DistinctAccounts(const DistinctAccounts& other)
    : seen_(other.seen_), slots_(other.slots_ ? std::make_unique<Slots>(*other.slots_) : nullptr) {}

DistinctAccounts& DistinctAccounts::operator=(const DistinctAccounts& other) {
  if (this != &other) *this = DistinctAccounts(other);
  return *this;
}

void DistinctAccounts::add(std::uint64_t account, base::TimePoint at) {
  const std::int64_t hour = bucket_number(at, 3600);
  if (slots_) return add_to_slots(account, hour);
  const auto known = std::find_if(seen_.begin(), seen_.end(),
                                  [account](const Seen& seen) { return seen.account == account; });
  if (known != seen_.end()) {
    known->hour = std::max(known->hour, hour);
    return;
  }
  std::erase_if(seen_, [hour](const Seen& seen) {
    return seen.hour + static_cast<std::int64_t>(days * 24) <= hour;
  });
  seen_.push_back({account, hour});
  if (seen_.size() <= exact_max) return;
  slots_ = std::make_unique<Slots>();
  std::sort(seen_.begin(), seen_.end(),
            [](const Seen& a, const Seen& b) { return a.hour < b.hour; });
  slots_->hour = seen_.front().hour;
  slots_->day = bucket_number(base::TimePoint(std::chrono::hours(slots_->hour)), 86400);
  for (const Seen& seen : seen_) add_to_slots(seen.account, seen.hour);
  seen_ = std::vector<Seen>();  // with its memory
}

void DistinctAccounts::add_to_slots(std::uint64_t account, std::int64_t hour) {
  const std::uint64_t mixed = base::combine_hashes(account, 0x68);
  const std::size_t place = mixed % registers;
  const auto rank = static_cast<std::uint8_t>(std::countl_zero(mixed | 1U) + 1);
  const std::int64_t day = bucket_number(base::TimePoint(std::chrono::hours(hour)), 86400);
  if (turn_to(slots_->by_hour, slots_->hour, hour)) {
    std::uint8_t& cell = slots_->by_hour[slot_of(hour, hours)][place];
    cell = std::max(cell, rank);
  }
  if (turn_to(slots_->by_day, slots_->day, day)) {
    std::uint8_t& cell = slots_->by_day[slot_of(day, days)][place];
    cell = std::max(cell, rank);
  }
}

double DistinctAccounts::exactly(std::int64_t since_hour) const {
  return static_cast<double>(std::count_if(
      seen_.begin(), seen_.end(), [since_hour](const Seen& s) { return s.hour > since_hour; }));
}

double DistinctAccounts::in_day(base::TimePoint now) const {
  const std::int64_t hour = bucket_number(now, 3600);
  if (!slots_) return exactly(hour - static_cast<std::int64_t>(hours));
  return estimate_last(slots_->by_hour, slots_->hour, hour);
}

double DistinctAccounts::in_week(base::TimePoint now) const {
  if (!slots_) return exactly(bucket_number(now, 3600) - static_cast<std::int64_t>(days * 24));
  return estimate_last(slots_->by_day, slots_->day, bucket_number(now, 86400));
}

std::size_t DistinctAccounts::bytes() const {
  return seen_.capacity() * sizeof(Seen) + (slots_ ? sizeof(Slots) : 0);
}

}  // namespace leumund::evidence
