// A list of our own: from reports and traffic to listings that end by themselves.
//
// Flow:    report(), mails(), queries() -> ListRule -> ListEvent -> LiveList, history, people.
//          IPv4 is judged by address, IPv6 by /64. Ranges are never listed: many listings in one
//          make a proposal for a person.
// Time:    passed in. tick() ends every listing whose time has come; with a tick at
//          next_expiry() it ends at the second it should.
// Limits:  `addresses_most` addresses; when they are full, quiet ones with traffic alone are
//          forgotten first, then quiet ones with reports. What is listed stays: when all of them
//          are, a new address is not taken and counters().not_taken says so.
// Threads: none of its own and no lock. The same events give the same listings.
// Errors:  delisting says in a sentence why it is refused.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/hash.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "listing/list_journal.h"
#include "listing/list_rule.h"
#include "listing/report_history.h"
#include "listing/reporters.h"
#include "model/abuse_report.h"

namespace leumund::listing {

// What anyone may know of an address: never who reported, or which trap.
struct ListingFacts {
  base::IpPrefix what;
  bool listed = false;
  base::TimePoint since;
  base::TimePoint until;           // if nothing more comes
  base::TimePoint last_report_at;  // 1970: none
  ReportHistory::KindCounts kinds{};
  Weighed weighed;
  double honest_per_spam = 0;
  bool spared = false;              // on the operator's list of shared pools
  std::uint32_t times_listed = 0;   // while we remember it
  base::TimePoint next_request_at;  // before it nobody can delist it himself; 1970: now
};

// For the operator alone: on what a listing rests, and what each reporter's word was worth so far.
struct ListReportsSaid {
  struct Reporter {
    ReportHistory::ReporterSaid said;
    Reporters::Standing standing;
  };
  std::vector<ReportHistory::HourSaid> hours;
  std::vector<Reporter> reporters;
};

enum class ListMove : std::uint8_t {
  listed,
  expired,
  delisted_on_request,
  delisted_by_operator,
  spared,          // it would be listed, but is a shared pool or its collateral forbids it
  range_proposed,  // many listings in one network: a person decides
};
[[nodiscard]] std::string_view list_move_name(ListMove move);

struct ListEvent {
  ListMove move = ListMove::listed;
  base::TimePoint at;
  ListingFacts facts;  // of range_proposed only `what`, and the listings in weighed.reports
  std::string reason;  // of a delisting, as it was given
};

struct ListCounters {
  std::uint64_t reports = 0;
  std::uint64_t too_old = 0;
  std::uint64_t above_cap = 0;  // by one reporter, on one address or in one day
  std::uint64_t not_taken = 0;  // the table is full of listings
  base::TimePoint no_room_at;   // the last of them
  std::uint64_t forgotten = 0;
  std::size_t addresses = 0;
  std::size_t listed = 0;
};

class ListEngine {
 public:
  // Traffic on disk: so many rows at a time, and questions from so many a day on.
  static constexpr std::size_t traffic_rows_most = 50'000;
  static constexpr std::uint32_t queries_kept_from = 10;
  static constexpr std::size_t newest_kept = 1000;

  struct Settings {
    ListRule rule = {};
    Reporters::Settings reporters = {};
    std::size_t addresses_most = 2'000'000;
    // Self-service: once in so long for an address.
    std::chrono::seconds request_every = std::chrono::hours(30 * 24);
    // Mails that one query to the list stands for; resolvers keep answers, so it is at least one.
    double mails_per_query = 1;
    // Listings in a /24 or an IPv6 /48 from which the range is proposed.
    std::uint32_t range_from = 16;
    std::vector<base::IpPrefix> spared = {};  // shared pools: never listed
    base::HashKey key = {};
    bool record = false;  // collects what changes, for drain()
  };

  explicit ListEngine(Settings settings);

  // Whether it counts, and a witness made it.
  bool report(const model::AbuseReport& report, base::TimePoint now,
              std::vector<ListEvent>& events);
  // Mail that we know of, from our logs and those who tell us; it says nothing good or bad.
  void mails(const base::IpAddress& client, std::uint32_t count, base::TimePoint at);
  // Questions about an address that came to our list.
  void queries(const base::IpAddress& client, std::uint32_t count, base::TimePoint at);

  // By whoever has the address: once in Settings::request_every, with a reason. What was reported
  // before counts no more.
  [[nodiscard]] base::Result<ListEvent> delist_on_request(const base::IpAddress& client,
                                                          std::string_view reason,
                                                          base::TimePoint now);
  // `reports_were_wrong` is remembered of everyone who reported it.
  [[nodiscard]] base::Result<ListEvent> delist(const base::IpAddress& client,
                                               std::string_view reason, bool reports_were_wrong,
                                               base::TimePoint now);
  // Listings that lie in them end with the next tick.
  void set_spared(std::vector<base::IpPrefix> pools);
  // Takes over all but the key, the size and whether it records.
  void set_settings(const Settings& settings);
  [[nodiscard]] Reporters& reporters() { return reporters_; }

  void tick(base::TimePoint now, std::vector<ListEvent>& events);
  [[nodiscard]] std::optional<base::TimePoint> next_expiry() const;

  [[nodiscard]] ListingFacts facts(const base::IpAddress& client, base::TimePoint now) const;
  // Nothing of what is no longer remembered.
  [[nodiscard]] ListReportsSaid reports_said(const base::IpAddress& client,
                                             base::TimePoint now) const;
  // What it would do with the address if one more report came, and why not.
  [[nodiscard]] ListVerdict verdict(const base::IpAddress& client, base::TimePoint now) const;
  // All that is listed, in no order.
  [[nodiscard]] std::vector<base::IpPrefix> listed() const;
  // The `most` that were listed last, newest first. Goes through all only where more than
  // `newest_kept` are asked for, or most of the newest were taken off early.
  [[nodiscard]] std::vector<ListingFacts> newest(std::size_t most, base::TimePoint now) const;
  [[nodiscard]] ListCounters counters() const;
  [[nodiscard]] std::size_t bytes() const;

  // Appends what changed since the last time: reports, addresses, reporters, and with `traffic`
  // that as well. (list_engine_records.cc)
  void drain(bool traffic, ListSave& save);
  // What an engine that recorded drained: afterwards this one answers as that one did. Before
  // anything else is told.
  void restore(const ListRecord& record, base::TimePoint now);

  // What one listing is about.
  [[nodiscard]] static base::IpPrefix place_of(const base::IpAddress& client);

 private:
  static constexpr std::size_t days = 8;
  using PerDay = std::array<std::uint32_t, days>;

  struct Address {
    std::unique_ptr<ReportHistory> reports;
    PerDay mails{};
    PerDay queries{};
    std::int32_t day = 0;  // of the newest traffic
    base::TimePoint since;
    base::TimePoint until;  // 1970: not listed
    base::TimePoint requested_at;
    base::TimePoint cleared_at;  // a delisting answered what came before it
    base::TimePoint told_spared_at;
    std::uint32_t times_listed = 0;

    [[nodiscard]] bool listed() const { return until != base::TimePoint{}; }
  };
  struct Expiry {
    base::TimePoint at;
    base::IpAddress place;
    base::TimePoint since;  // of the listing it is for
    bool operator>(const Expiry& other) const { return at > other.at; }
  };
  struct Newest {
    base::TimePoint since;
    base::IpAddress place;
  };
  struct HashOf {
    base::HashKey key = {};
    std::size_t operator()(const base::IpAddress& place) const;
  };
  using Places = std::unordered_set<base::IpAddress, HashOf>;
  // What drain() will tell of.
  struct Changed {
    std::vector<ListReportRecord> reports;
    Places places;
    Places traffic;
    std::unordered_set<std::uint64_t> reporters;
  };

  Address* take(const base::IpAddress& place, base::TimePoint now);
  bool make_room(base::TimePoint now);
  void count(const base::IpAddress& client, PerDay Address::* which, std::uint32_t count,
             base::TimePoint at);
  void changed(const base::IpAddress& place);
  [[nodiscard]] double mail_of(const Address& address, base::TimePoint now) const;
  [[nodiscard]] Weighed weigh(const Address& address, base::TimePoint now) const;
  [[nodiscard]] bool is_spared(const base::IpAddress& place) const;
  [[nodiscard]] ListingFacts facts_of(const base::IpAddress& place, const Address& address,
                                      base::TimePoint now) const;
  void consider(const base::IpAddress& place, Address& address, base::TimePoint now,
                std::vector<ListEvent>& events);
  void put_on(const base::IpAddress& place, Address& address, const Weighed& known,
              base::TimePoint now, std::vector<ListEvent>& events);
  ListEvent take_off(const base::IpAddress& place, Address& address, ListMove move,
                     base::TimePoint now);
  void note_newest(const base::IpAddress& place, base::TimePoint since);
  [[nodiscard]] bool still_listed(const Newest& one) const;
  [[nodiscard]] std::vector<Newest> all_listed() const;
  static void sort_newest(std::vector<Newest>& all, std::size_t most);
  void count_range(const base::IpAddress& place, int step, base::TimePoint now,
                   std::vector<ListEvent>* events);

  Settings settings_;
  Reporters reporters_;
  std::unordered_map<base::IpAddress, Address, HashOf> addresses_;
  std::deque<base::IpAddress> by_age_;  // a clock hand goes round it when room is needed
  std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries_;
  std::map<base::IpAddress, std::uint32_t> ranges_;  // listings in each /24 or /48
  std::deque<Newest> newest_;  // of the last listings, oldest first; some are over
  std::size_t listed_ = 0;
  bool spared_changed_ = false;
  Changed changed_;
  ListCounters counters_;
};

}  // namespace leumund::listing
