// Our own memory of client addresses that a restricted account used from a network new to it:
// whoever else sends from there is suspect too. Named after nobody: only keyed hashes are kept.
//
// An entry counts only while its account is restricted; a release takes it back at once.
//
// Time:    an entry ends seven days after its last use.
// Limits:  `entries_max`; beyond it the oldest entry goes.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "base/time.h"
#include "model/subject.h"

namespace leumund::engine {

class OwnListing {
 public:
  static constexpr std::size_t entries_max = 100'000;

  void add(std::uint32_t address, const model::Subject& user, base::TimePoint now);
  // The restricted subject that used the address; nothing when there is none or the entry is over.
  [[nodiscard]] const model::Subject* find(std::uint32_t address, base::TimePoint now) const;
  void remove(std::uint32_t address) { entries_.erase(address); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    model::Subject user;
    base::TimePoint until;
  };
  std::unordered_map<std::uint32_t, Entry> entries_;
  std::deque<std::uint32_t> order_;
};

}  // namespace leumund::engine
