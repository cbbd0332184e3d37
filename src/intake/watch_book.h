// What is known of ourselves on DNS lists: which question comes next, and what its answer changes.
//
// A listing opens on an answer that the list's table calls one, once a control that nobody lists
// has come back clean; it closes when the list said "no" twice. No answer changes nothing. A list
// whose test points are wrong, that answers what is no code, that lists everything or answers
// nobody is not asked about us until it is well again: that is a fault of the list.
//
// Flow:    next() -> whoever asks the DNS -> answer() -> drain() -> decisions, notices.
// Time:    passed in; never reads a clock; one that is set back moves what is due along. Own
//          addresses and domains are asked for every `interval`, networks every `network_interval`;
//          what an answer's TTL still covers waits.
// Limits:  `in_flight_per_list` questions, `per_day` questions of a list, whatever for (the last
//          fifth of it is kept for own addresses, trials take a quarter); memory grows with lists
//          and listings, not with networks.
// Threads: none of its own and no lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "diagnosis/list_answer.h"
#include "intake/watch_health.h"
#include "intake/watch_targets.h"
#include "model/listing.h"

namespace leumund::intake {

struct WatchRules {
  std::chrono::seconds interval{600};
  std::chrono::seconds network_interval{86'400};
  std::uint64_t per_day = 0;  // questions to one list; 0: no bound
  std::uint32_t in_flight_per_list = 64;
  std::uint64_t seed = 1;  // of the controls

  bool operator==(const WatchRules&) const = default;
};

struct WatchQuestion {
  enum class About : std::uint8_t { test_point, control, target, reason };
  About about = About::target;
  std::uint32_t list = 0;      // index
  std::uint32_t target = 0;    // of target and reason
  bool listed_wanted = false;  // of a test point
  bool sure = false;           // worth the whole way through the resolver
  std::string name;            // below the list's zone
  std::string otherwise;       // of a test point: what may be listed in its place
  bool first_missing = false;  // `name` is asked in the place of `otherwise`
};

// What came back, as the DNS said it.
struct WatchReply : net::DnsAnswer {
  std::chrono::microseconds took{0};
};

struct ListingChange {
  model::Listing listing;  // `until` set: it is gone
};
using WatchChange = std::variant<ListingChange, model::ListFault>;

class WatchBook {
 public:
  WatchBook(WatchRules rules, std::vector<diagnosis::DnsList> lists, WatchTargets targets);

  // The next question; nothing when none is due or may be asked now.
  [[nodiscard]] std::optional<WatchQuestion> next(base::TimePoint now);
  // Every question of next() must be answered once, if need be with unknown.
  void answer(const WatchQuestion& question, const WatchReply& reply, base::TimePoint now);

  // What changed since the last call, in order.
  [[nodiscard]] std::vector<WatchChange> drain() { return std::exchange(changes_, {}); }

  // What stood at the last stop; false for a list or place that is no longer watched.
  bool restore(const model::Listing& listing, base::TimePoint now);
  bool restore(const model::ListFault& fault);
  // How a list answered so far, what it was asked today included.
  bool restore(const ListHealth& health);

  [[nodiscard]] std::vector<model::Listing> listings() const;
  [[nodiscard]] std::vector<ListHealth> health() const;
  [[nodiscard]] const std::vector<diagnosis::DnsList>& lists() const { return lists_; }
  [[nodiscard]] const WatchTargets& targets() const { return targets_; }

 private:
  // The way of one list through one group of targets, again and again.
  struct Sweep {
    std::uint32_t at = 0;
    std::uint32_t end = 0;
    base::TimePoint began;
    base::TimePoint next_begin;  // 1970: at once
    bool running = false;
  };
  struct Watched {
    ListMeter meter;
    ListTrial trial;
    Sweep own;
    Sweep networks;
    std::uint32_t flying = 0;
    std::vector<base::TimePoint> own_due;  // by target: what the TTL of its answer covers
    base::TimePoint control_good_until;
    std::deque<WatchQuestion> urgent;
    std::chrono::seconds trial_pause{0};    // of a list that stays faulty: it grows
    std::optional<model::ListFault> fault;  // as it was told
    std::vector<std::pair<std::uint32_t, WatchReply>> pending;  // listed, the control is out
  };
  struct Open {
    model::Listing facts;
    bool told = false;                              // it waits for the list's own words
    std::map<std::uint32_t, std::uint8_t> members;  // target -> times in a row it was not listed
  };
  using Place = std::pair<std::uint32_t, std::string>;  // list, place

  [[nodiscard]] std::chrono::seconds again_after(bool network) const;
  [[nodiscard]] std::uint64_t random();
  void follow_clock(base::TimePoint now);
  // What a question may use of a list's budget.
  enum class Share : std::uint8_t { networks, own, all };
  [[nodiscard]] bool has_room(const Watched& state, Share share, base::TimePoint now) const;
  [[nodiscard]] bool usable(const Watched& state, bool network, base::TimePoint now) const;
  [[nodiscard]] std::chrono::seconds trial_every(std::size_t points) const;
  void begin_trial(std::uint32_t list, base::TimePoint now);
  [[nodiscard]] std::optional<WatchQuestion> next_urgent(base::TimePoint now);
  void hurry(WatchQuestion question);
  [[nodiscard]] std::optional<WatchQuestion> next_urgent_of(std::uint32_t list,
                                                            base::TimePoint now);
  [[nodiscard]] std::optional<WatchQuestion> next_of_sweep(std::uint32_t list, bool network,
                                                           base::TimePoint now);
  [[nodiscard]] std::optional<std::uint32_t> advance(std::uint32_t list, Sweep& sweep, bool network,
                                                     base::TimePoint now);
  [[nodiscard]] WatchQuestion ask(WatchQuestion question, base::TimePoint now);
  [[nodiscard]] WatchQuestion about_target(std::uint32_t list, std::uint32_t target,
                                           bool sure) const;
  [[nodiscard]] bool fits(std::uint32_t list, const WatchTarget& target) const;
  void ask_again(std::uint32_t list, std::uint32_t target, std::chrono::seconds ttl,
                 base::TimePoint now);

  void see_trial(const WatchQuestion& question, const WatchReply& reply, base::TimePoint now);
  void see_control(std::uint32_t list, const WatchReply& reply, base::TimePoint now);
  void see_target(const WatchQuestion& question, const WatchReply& reply, base::TimePoint now);
  void see_reason(const WatchQuestion& question, const WatchReply& reply);
  void see_listed(std::uint32_t list, std::uint32_t target, const WatchReply& reply,
                  base::TimePoint now);
  void see_not_listed(std::uint32_t list, std::uint32_t target, std::chrono::seconds ttl,
                      base::TimePoint now);
  void suspect_list(std::uint32_t list, const std::string& why, base::TimePoint now);
  void open(std::uint32_t list, std::uint32_t target, const WatchReply& reply, base::TimePoint now);
  [[nodiscard]] model::Listing facts_of(std::uint32_t list, const WatchTarget& target,
                                        base::TimePoint now) const;
  void note_members(Open& open) const;
  void tell(std::uint32_t list, ListTrial::News news, base::TimePoint now);

  WatchRules rules_;
  std::vector<diagnosis::DnsList> lists_;
  WatchTargets targets_;
  std::vector<Watched> states_;
  std::map<Place, Open> open_;
  std::multimap<base::TimePoint, std::pair<std::uint32_t, std::uint32_t>> again_;
  std::vector<WatchChange> changes_;
  base::TimePoint last_now_;
  std::uint32_t turn_ = 0;  // whose list's turn it is
  std::uint64_t random_;    // state of the generator of controls
};

}  // namespace leumund::intake
