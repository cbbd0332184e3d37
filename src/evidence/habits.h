// What an account usually does, learned from mail that nobody objected to: the long memory.
//
// Flow:    Recent, once a day old -> Habits -> Tally -> verdict.
// Limits:  each list has its own cap; beyond it the least used member goes. Shares and counts are
//          halved when they reach their cap, so that habits may change.
// Threads: none of its own and no lock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "evidence/recipient_set.h"

namespace leumund::evidence {

// How often something with two outcomes went each way; the counts of a Beta posterior.
struct Share {
  float yes = 0;
  float no = 0;

  void add(float more_yes, float more_no, float cap);
  // Posterior mean under a prior of the given strength.
  [[nodiscard]] float mean(float prior_mean, float prior_strength) const {
    return (yes + prior_mean * prior_strength) / (yes + no + prior_strength);
  }
};

// Something an account uses again and again: a network, a sender address.
struct Used {
  std::uint32_t hash = 0;
  std::uint16_t last_day = 0;  // days since 1970
  std::uint16_t times = 0;     // saturates
};

// A small list of such things; the least used one makes room.
class UsedList {
 public:
  [[nodiscard]] bool contains(std::uint32_t hash) const;
  void add(std::uint32_t hash, std::uint16_t day, std::uint16_t times, std::size_t cap);
  [[nodiscard]] const std::vector<Used>& items() const { return items_; }
  // For reading a record: its items are overwritten in place.
  [[nodiscard]] std::vector<Used>& raw() { return items_; }

 private:
  std::vector<Used> items_;
};

struct Habits {
  static constexpr std::size_t networks_max = 16;
  static constexpr std::size_t senders_max = 8;
  static constexpr std::size_t countries_max = 8;

  base::TimePoint first_at;        // of anything seen of it
  base::TimePoint last_at;         // of the newest mail that became habit
  Share new_recipients;            // scored recipients: never written to before, or known
  Share in_house;                  // scored new recipients: known to the house, or to nobody here
  Share refused;                   // first contacts: "user unknown", or delivered
  std::uint32_t hours_active = 0;  // hours with mail
  std::uint32_t days_active = 0;
  std::uint32_t newest_day = 0;  // the newest of them, days since 1970
  float contacts = 0;            // new contacts (see contact_weight) over all active hours
  float largest_sprint = 0;      // of new contacts within two minutes
  float largest_hour = 0;
  float largest_day = 0;
  float day_contacts = 0;          // of newest_day so far
  std::uint8_t networks_most = 0;  // within one day
  std::uint8_t addresses_most = 0;
  // Mail by hour of the day (UTC) and by day of the week; all are halved when one is full.
  std::array<std::uint8_t, 24> by_hour{};
  std::array<std::uint8_t, 7> by_weekday{};
  UsedList networks;
  UsedList senders;
  std::vector<std::uint16_t> countries;
  RecipientSet recipients;

  void learn_hour(std::int64_t hour, std::uint32_t messages, float new_contacts);
  // How much this account's mail prefers that hour of the week, about 1 where nothing is known.
  [[nodiscard]] float hour_preference(base::TimePoint at) const;
  void learn_country(std::uint16_t country);
  [[nodiscard]] bool knows_country(std::uint16_t country) const;
  // Adds what another node learned of the same account.
  void merge(const Habits& other);
};

// How many independent new contacts `recipients` strangers in one message are worth: people write
// to groups, so that the members of one message are not independent: 1, 2, 3, ... for 1, 2, 4, ...
[[nodiscard]] float contact_weight(std::uint32_t recipients);

}  // namespace leumund::evidence
