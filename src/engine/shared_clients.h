// Which client addresses are shared by many accounts: the webmail server, an office's or a
// carrier's address translation. What one account does from there says nothing about the others.
//
// Time:    a use fades when the address was quiet for 30 days.
// Limits:  `entries_max` addresses of 24 bytes; beyond it the one that comes next in turn goes.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "base/time.h"

namespace leumund::engine {

class SharedClients {
 public:
  static constexpr std::size_t entries_max = 200'000;

  // Unsuspicious mail of an account came from the address.
  void use(std::uint32_t address, std::uint64_t account, base::TimePoint at);
  // At least three accounts besides this one used it of late.
  [[nodiscard]] bool shared(std::uint32_t address, std::uint64_t except_account,
                            base::TimePoint at) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::array<std::uint32_t, 4> accounts{};  // parts of their hashes, the newest first
    std::int32_t day = 0;
  };
  std::unordered_map<std::uint32_t, Entry> entries_;
  std::deque<std::uint32_t> order_;
};

}  // namespace leumund::engine
