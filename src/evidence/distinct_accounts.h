// How many different accounts took part in something: exact up to 64, beyond that estimated
// (HyperLogLog, about 7 % off), within the last 24 hours and the last seven days.
//
// Time:    passed in; what is older than the newest slot by more than the span is forgotten.
// Limits:  64 accounts of 16 bytes, then 31 slots of 256 bytes; however many accounts there are.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.h"

namespace leumund::evidence {

class DistinctAccounts {
 public:
  static constexpr std::size_t exact_max = 64;

  DistinctAccounts() = default;
  ~DistinctAccounts() = default;
  DistinctAccounts(const DistinctAccounts& other);
  DistinctAccounts& operator=(const DistinctAccounts& other);
  DistinctAccounts(DistinctAccounts&&) noexcept = default;
  DistinctAccounts& operator=(DistinctAccounts&&) noexcept = default;

  void add(std::uint64_t account, base::TimePoint at);
  [[nodiscard]] double in_day(base::TimePoint now) const;
  [[nodiscard]] double in_week(base::TimePoint now) const;
  [[nodiscard]] bool exact() const { return slots_ == nullptr; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t registers = 256;
  static constexpr std::size_t hours = 24;
  static constexpr std::size_t days = 7;
  using Registers = std::array<std::uint8_t, registers>;
  struct Slots {
    std::array<Registers, hours> by_hour{};
    std::array<Registers, days> by_day{};
    std::int64_t hour = 0;  // newest
    std::int64_t day = 0;
  };
  struct Seen {
    std::uint64_t account;
    std::int64_t hour;  // when last seen, since 1970
  };

  void add_to_slots(std::uint64_t account, std::int64_t hour);
  [[nodiscard]] double exactly(std::int64_t since_hour) const;

  std::vector<Seen> seen_;
  std::unique_ptr<Slots> slots_;
};

}  // namespace leumund::evidence
