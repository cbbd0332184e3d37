// Client addresses that this house has not known for long, and which accounts use them: a bot that
// sends for several accounts shows here. Webmail, offices and carriers have been known for long.
//
// Time:    passed in. An address is young for a week after its first mail; until a week was watched
//          nothing is young, since everything would be.
// Limits:  `entries_max` addresses, 8 accounts each; the address that was not used for longest
//          goes. Groups of accounts: `groups_max`.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace leumund::evidence {

class YoungClients {
 public:
  static constexpr std::size_t entries_max = 200'000;
  static constexpr std::size_t groups_max = 50'000;
  static constexpr std::size_t accounts_max = 8;

  struct Seen {
    bool young = false;
    std::uint32_t address = 0;  // if it is young
    // Accounts of other tenants that used the address within the last day.
    std::vector<std::uint64_t> companions;
    // Not 0: accounts that share at least two young addresses with this one are in this group.
    std::uint64_t group = 0;
  };

  Seen use(std::uint32_t address, std::uint64_t account, std::uint32_t tenant, base::TimePoint at);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct User {
    std::uint64_t account = 0;
    std::uint32_t tenant = 0;
    base::TimePoint at;
  };
  struct Entry {
    base::TimePoint first_at;
    std::array<User, accounts_max> users;
    std::uint8_t next = 0;
    std::list<std::uint32_t>::iterator place;  // in order_
  };
  struct Pair {
    std::uint32_t address = 0;
    base::TimePoint at;
  };
  struct Group {
    std::uint64_t root = 0;
    base::TimePoint at;
  };

  Entry& entry_of(std::uint32_t address);
  void meet(std::uint64_t a, std::uint64_t b, std::uint32_t address, base::TimePoint at);
  [[nodiscard]] std::uint64_t group_of(std::uint64_t account, base::TimePoint at) const;

  std::unordered_map<std::uint32_t, Entry> entries_;
  std::list<std::uint32_t> order_;  // the address used last at its end
  std::unordered_map<std::uint64_t, Pair> pairs_;
  std::deque<std::uint64_t> pair_order_;
  std::unordered_map<std::uint64_t, Group> groups_;
  std::deque<std::uint64_t> group_order_;
  base::TimePoint watching_since_;
  bool watching_ = false;
};

}  // namespace leumund::evidence
