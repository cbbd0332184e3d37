// All that is counted of one subject: its habits and its last days.
//
// Mail waits a day in `Recent` before it becomes habit, so that a burst cannot make itself usual;
// mail of a subject that is restricted never becomes habit. The one exception are the recipients:
// they are known from their first mail on, and are forgotten again with a burst.
//
// Flow:    engine -> Account::see_...() -> Habits; Account -> Tally -> verdict.
// Time:    passed in; a moment before the newest one counts as the newest one.
// Limits:  each list has its cap (constants below), the oldest entry goes.
// Threads: none of its own and no lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "evidence/habits.h"
#include "evidence/sliding_window.h"
#include "evidence/suspicion.h"

namespace leumund::evidence {

// One hour of the last day.
struct HourTally {
  std::int64_t hour = 0;  // since 1970
  std::uint32_t messages = 0;
  float contacts = 0;  // weight of new contacts
  float sprint = 0;    // most of them within two minutes
  float scored_new = 0;
  float scored_known = 0;
  float scored_in_house = 0;  // of the new ones: somebody else here wrote to them
  float first_refused = 0;    // first contacts: "user unknown"
  float first_sent = 0;
};

// An address that mail or a login came from.
struct ClientSeen {
  std::uint32_t address = 0;  // keyed hashes
  std::uint32_t network = 0;
  std::uint16_t country = 0;
  std::uint16_t messages = 0;
  std::uint16_t failed_logins = 0;
  bool listed = false;        // on an exploit or authentication list when last seen
  bool listed_by_us = false;  // used by an account that is restricted
  bool shared = false;        // by many accounts: webmail, address translation
  std::optional<std::pair<float, float>> place;
  base::TimePoint first_at;
  base::TimePoint last_at;
};

struct SenderSeen {
  std::uint32_t hash = 0;
  std::uint16_t messages = 0;
  base::TimePoint first_at;
  base::TimePoint last_at;
};

// A contribution that a Retraction may take back.
struct Objection {
  std::uint64_t event = 0;  // keyed hash of the event's id
  Kind kind = Kind::complaint;
  float value = 0;
  base::TimePoint at;
};

struct Recent {
  static constexpr std::size_t clients_max = 48;
  static constexpr std::size_t senders_max = 12;
  static constexpr std::size_t objections_max = 32;

  base::TimePoint at;                 // newest event
  std::vector<HourTally> hours;       // of the last day, oldest first
  SlidingWindow<12, 300> contacts;    // weight of new contacts, in sixteenths
  SlidingWindow<8, 15> sprint;        // the same over two minutes
  SlidingWindow<12, 300> recipients;  // that were new
  std::vector<ClientSeen> clients;
  std::vector<SenderSeen> senders;
  std::vector<Objection> objections;
  Suspicion suspicion;
  std::uint32_t announced_left = 0;
  base::TimePoint announced_until;
  std::uint32_t automatic_this_hour = 0;  // recipients of mail with the null sender
  std::int64_t automatic_hour = 0;
  bool campaign_member = false;
  bool restricted = false;   // by our own detector; what comes now is not learned
  base::TimePoint found_at;  // the detector's last finding, not kept on disk
};

class Account {
 public:
  std::string name;  // Subject::to_string()
  Habits habits;
  Recent recent;

  // Brings the account to `at`: what is a day old becomes habit, unless it is restricted.
  void advance(base::TimePoint at, std::chrono::seconds half_life);
  // Ends a restriction or a false alarm: the suspicion is forgotten, and so is, or is not, the mail
  // of the last day.
  void start_afresh(base::TimePoint at, bool learn);

  HourTally& this_hour(base::TimePoint at);
  ClientSeen& see_client(std::uint32_t address, std::uint32_t network, base::TimePoint at);
  void see_sender(std::uint32_t hash, base::TimePoint at);
  void object(const Objection& objection);

  // What it does now may become habit.
  [[nodiscard]] bool learning() const;
  // Nothing was seen of it before this day.
  [[nodiscard]] bool has_habits() const { return habits.hours_active > 0; }
  [[nodiscard]] float contacts_of_day(base::TimePoint at) const;
  // Bytes it takes in memory, lists included.
  [[nodiscard]] std::size_t bytes() const;

 private:
  void learn_hours(base::TimePoint until);
  void learn_clients(base::TimePoint until);
  void learn_senders(base::TimePoint until);
};

}  // namespace leumund::evidence
