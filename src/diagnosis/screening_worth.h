// What the lists of screening are worth, by what became of the clients they list: how many of those
// whose mail was taken were complained of later, and the weights that follow.
//
// Flow:    ScreenService -> note(); complaints, traps -> complained(); a person asks -> tally() ->
//          screen_worth().
// Weights: logistic regression of "complained of later" on the lists, so that two lists which list
//          the same are not counted twice, with a ridge of one against chance (Hoerl and Kennard
//          1970). Its coefficients are scaled so that lists which together make a client's odds a
//          hundred times those of one that no list lists come to the score that refuses.
// Time:    passed in; a client is remembered for a week from its first mail.
// Limits:  100,000 clients, the oldest make room; the first 64 rows.
// Threads: none of its own and no lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "diagnosis/screening.h"

namespace leumund::diagnosis {

// Of one row of ScreenRules::lists; counts are of clients within the last week.
struct ScreenListWorth {
  std::uint64_t listed = 0;
  std::uint64_t complained = 0;              // of these, later
  std::optional<std::uint32_t> shares_with;  // the row that lists most of what this one lists
  std::uint64_t shared = 0;                  // so many of them
  std::optional<int> weight;                 // proposed; nothing: too few to tell, or an allow list
};

struct ScreenWorth {
  std::uint64_t clients = 0;  // whose mail was taken
  std::uint64_t complained = 0;
  std::vector<ScreenListWorth> lists;  // as ScreenRules::lists
};

// Clients by what lists them; bit i of a key: row i does.
struct ScreenAlike {
  std::uint64_t clients = 0;
  std::uint64_t complained = 0;
};
using ScreenTally = std::map<std::uint64_t, ScreenAlike>;

[[nodiscard]] ScreenWorth screen_worth(const ScreenRules& rules, const ScreenTally& tally);

class ScreenMemory {
 public:
  static constexpr std::size_t clients_max = 100'000;
  static constexpr std::size_t rows_max = 64;
  static constexpr std::chrono::hours remembered_for{7 * 24};
  // Mail of the client is taken, though these rows list it.
  void note(const base::IpAddress& client, std::span<const std::uint32_t> hits, base::TimePoint at);
  // Somebody complained of mail from there, or a trap got it. False: nothing of it is remembered.
  bool complained(const base::IpAddress& client, base::TimePoint at);

  [[nodiscard]] ScreenTally tally(base::TimePoint now) const;
  [[nodiscard]] std::size_t size() const { return clients_.size(); }

 private:
  struct Seen {
    std::uint64_t rows = 0;  // as a key of ScreenTally
    base::TimePoint first;
    bool complained = false;
  };
  void forget(base::TimePoint now);

  std::map<base::IpAddress, Seen> clients_;
  std::deque<std::pair<base::TimePoint, base::IpAddress>> order_;  // by the first mail
};

}  // namespace leumund::diagnosis
