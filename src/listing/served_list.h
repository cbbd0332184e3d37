// One list of ours as it is served: what reports say, what the operator put on it himself, and the
// zone that follows.
//
// Flow:    reports, traffic, people -> ServedList -> plan() for the DNS, drain() for the store.
// Time:    passed in. With a tick at next_due() a listing ends at the second it should, and no
//          answer may be kept beyond that (the zone's endings).
// Limits:  those of ListEngine; `hand_most` listings by hand.
// Threads: none of its own and no lock.
// Errors:  say in a sentence why something is refused.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "listing/list_engine.h"
#include "listing/list_journal.h"
#include "listing/live_list.h"
#include "listing/zone_set.h"

namespace leumund::listing {

class ServedList {
 public:
  static constexpr std::size_t hand_most = 100'000;

  struct Settings {
    std::string name;    // "bl"
    wire::DnsName zone;  // the root: it is not served
    std::array<bool, model::abuse_kinds> kinds = {true, true, true, true, true};
    ListChange::Value value;
    wire::ZoneHead head;
    std::uint32_t ttl = 900;
    ListEngine::Settings engine;
  };

  // What stands about one address.
  struct Standing {
    ListingFacts facts;
    ListVerdict verdict = ListVerdict::too_few_reports;
    std::optional<HandListing> hand;  // the narrowest network around it

    [[nodiscard]] bool listed() const { return facts.listed || hand.has_value(); }
    // What stands on the list; where nothing does, what was asked about.
    [[nodiscard]] const base::IpPrefix& network() const {
      return hand && !facts.listed ? hand->what : facts.what;
    }
  };

  explicit ServedList(Settings settings);

  // Before anything else is told.
  void restore(const ListRecord& record, base::TimePoint now);
  // Rule, reporters and pools.
  void set_engine_settings(const ListEngine::Settings& settings) { engine_.set_settings(settings); }

  // Whether it counts, and a witness made it. One of a kind that this list does not list for is
  // ignored.
  bool report(const model::AbuseReport& report, base::TimePoint now);
  void mails(const base::IpAddress& client, std::uint32_t count, base::TimePoint now) {
    engine_.mails(client, count, now);
  }
  void queries(const base::IpAddress& client, std::uint32_t count, base::TimePoint now) {
    engine_.queries(client, count, now);
  }
  [[nodiscard]] base::Status delist_on_request(const base::IpAddress& client,
                                               std::string_view reason, base::TimePoint now);
  // RFC 6471: no wildcard by surprise, and the world's test point is nobody's listing.
  [[nodiscard]] static base::Status may_be_listed(const base::IpPrefix& what);
  // By the operator: also networks. What stands under the same network is replaced.
  [[nodiscard]] base::Status add(HandListing listing);
  // Takes off what stands by hand under exactly this network, and an address that reports listed.
  [[nodiscard]] base::Status remove(const base::IpPrefix& what, std::string_view reason,
                                    bool reports_were_wrong, const std::string& by,
                                    base::TimePoint now);
  void tick(base::TimePoint now);
  [[nodiscard]] std::optional<base::TimePoint> next_due() const;

  // Whether plan() differs from what it gave the last time.
  [[nodiscard]] bool changed() const { return !changes_.empty() || endings_changed_; }
  [[nodiscard]] ZonePlan plan(base::TimePoint now);
  // Whoever has a thread to spare makes the zone's tables one from time to time.
  [[nodiscard]] std::optional<ListFolding> folding_due() const { return live_.folding_due(); }
  void take(const ListFolding& folding, ListFolding::Tables made) {
    static_cast<void>(live_.take(folding, std::move(made)));
  }
  // What must be kept since the last time.
  [[nodiscard]] ListSave drain(bool traffic);

  // The events since the last time, for the log.
  [[nodiscard]] std::vector<ListEvent> take_events() { return std::exchange(events_, {}); }

  [[nodiscard]] const std::string& name() const { return settings_.name; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const wire::DnsName& zone() const { return settings_.zone; }
  [[nodiscard]] bool lists_for(model::AbuseKind kind) const {
    return settings_.kinds[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] Standing standing(const base::IpAddress& client, base::TimePoint now) const;
  // Of a network nothing is known by reports: what stands by hand under it, or around it.
  [[nodiscard]] Standing standing(const base::IpPrefix& what, base::TimePoint now) const;
  [[nodiscard]] ListReportsSaid reports_said(const base::IpAddress& client,
                                             base::TimePoint now) const {
    return engine_.reports_said(client, now);
  }
  [[nodiscard]] std::vector<ListingFacts> listed(std::size_t most, base::TimePoint now) const;
  [[nodiscard]] std::vector<HandListing> by_hand() const;
  [[nodiscard]] ListCounters counters() const { return engine_.counters(); }
  [[nodiscard]] Reporters& reporters() { return engine_.reporters(); }
  [[nodiscard]] const LiveList& live() const { return live_; }

 private:
  using Place = std::pair<base::IpAddress, unsigned>;
  struct Ending {
    base::TimePoint at;
    base::IpPrefix what;
    bool operator>(const Ending& other) const { return at > other.at; }
  };
  using EndingQueue = std::priority_queue<Ending, std::vector<Ending>, std::greater<>>;

  // When the listing ends by which the network is in the zone; nothing: it is not, or never does.
  [[nodiscard]] std::optional<base::TimePoint> end_of(const base::IpPrefix& what,
                                                      base::TimePoint now) const;
  [[nodiscard]] bool stands(const base::IpPrefix& what, base::TimePoint now) const;
  void show(const base::IpPrefix& what, base::TimePoint now);
  void take_up(std::vector<ListEvent> events, const std::string& by, base::TimePoint now);
  void note_end(const base::IpPrefix& what, base::TimePoint now);
  void collect_endings(base::TimePoint now);
  void end_hand(base::TimePoint now);
  void write(const HandListing& hand, const char* move, std::string_view reason,
             const std::string& by, base::TimePoint now);

  const Settings settings_;
  ListEngine engine_;
  LiveList live_;
  std::map<Place, HandListing> hand_;
  EndingQueue hand_ends_;
  std::vector<ListChange> changes_;
  EndingQueue later_;                         // listings whose end is further off than a TTL
  std::map<Place, base::TimePoint> endings_;  // those whose end is nearer
  bool endings_changed_ = false;
  std::vector<ListEvent> events_;
  ListSave save_;
};

}  // namespace leumund::listing
