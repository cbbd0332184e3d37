// One list of names as it is served: domains, or mail addresses and accounts by their digest.
//
// As ListEngine and ServedList together, for names: reports list a name by the same rule, a person
// puts names on it by hand, listings end by themselves, and the zone follows. How much honest mail
// a name stands for is not known, so the operator names those (Settings::spared) that no report
// lists; a domain of its own for each customer keeps an honest one from being listed with them.
//
// Flow:    report(), add(), remove() -> plan() for the DNS, drain() for the store.
// Time:    passed in. With a tick at next_due() a listing ends at the second it should, and no
//          answer may be kept beyond that.
// Limits:  `names_most` names; when they are full, those that are not listed and were quiet for an
//          hour make room, else a new one is not taken. The zone follows as LiveNames says.
// Threads: none of its own and no lock.
// Errors:  say in a sentence why something is refused.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "listing/list_engine.h"
#include "listing/list_journal.h"
#include "listing/live_list.h"
#include "listing/live_names.h"
#include "listing/zone_set.h"
#include "model/list_kind.h"
#include "wire/list_name.h"

namespace leumund::listing {

// What anyone may know of a name: never who reported.
struct NameFacts {
  std::string name;
  bool listed = false;
  base::TimePoint since;
  base::TimePoint until;           // if nothing more comes
  base::TimePoint last_report_at;  // 1970: none
  ReportHistory::KindCounts kinds{};
  Weighed weighed;
  bool spared = false;
  std::uint32_t times_listed = 0;
  base::TimePoint next_request_at;  // before it nobody can delist it himself; 1970: now
};

class NameList {
 public:
  struct Settings {
    std::string name;  // "dbl"
    model::ListKind kind = model::ListKind::domains;
    wire::DnsName zone;
    std::array<bool, model::abuse_kinds> kinds = {true, true, true, true, true};
    ListChange::Value value;
    wire::ZoneHead head;
    std::uint32_t ttl = 900;
    ListRule rule;
    Reporters::Settings reporters;
    std::chrono::seconds request_every = std::chrono::hours(30 * 24);
    std::set<std::string, std::less<>> spared;  // domains; of mail addresses all at them
    std::size_t names_most = 100'000;
  };
  struct Standing {
    NameFacts facts;
    ListVerdict verdict = ListVerdict::too_few_reports;
    std::optional<HandName> hand;

    [[nodiscard]] bool listed() const { return facts.listed || hand.has_value(); }
  };

  explicit NameList(Settings settings);

  // Before anything else is told.
  void restore(const ListRecord& record, base::TimePoint now);
  // Takes over rule, reporters, request_every and spared. With the next tick a listed domain that
  // is spared now is taken off; of digests nobody can tell.
  void set_settings(const Settings& settings);

  // `text` is a host, a mail address or its digest; of `report` the client is not looked at. What
  // is no name for this list is an Error.
  [[nodiscard]] base::Status report(std::string_view text, const model::AbuseReport& report,
                                    base::TimePoint now);
  [[nodiscard]] base::Status add(std::string_view text, HandName hand);
  [[nodiscard]] base::Status remove(std::string_view text, std::string_view reason,
                                    bool reports_were_wrong, const std::string& by,
                                    base::TimePoint now);
  [[nodiscard]] base::Status delist_on_request(std::string_view text, std::string_view reason,
                                               base::TimePoint now);
  void tick(base::TimePoint now);
  [[nodiscard]] std::optional<base::TimePoint> next_due() const;

  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] ZonePlan plan(base::TimePoint now);
  // Whoever has a thread to spare makes the zone's tables one from time to time.
  [[nodiscard]] std::optional<NameFolding> folding_due() const { return live_.folding_due(); }
  void take(const NameFolding& folding, NameIndex made) {
    static_cast<void>(live_.take(folding, std::move(made)));
  }
  // What must be kept since the last time.
  [[nodiscard]] ListSave drain();
  [[nodiscard]] std::vector<NameHistoryRecord> take_events() { return std::exchange(events_, {}); }

  [[nodiscard]] const std::string& name() const { return settings_.name; }
  [[nodiscard]] model::ListKind kind() const { return settings_.kind; }
  [[nodiscard]] const wire::DnsName& zone() const { return settings_.zone; }
  // The narrowest name around it that is listed, else what is known of itself.
  [[nodiscard]] base::Result<Standing> standing(std::string_view text, base::TimePoint now) const;
  [[nodiscard]] std::vector<NameFacts> listed(std::size_t most, base::TimePoint now) const;
  [[nodiscard]] std::vector<HandName> by_hand() const;
  [[nodiscard]] ListCounters counters() const;
  [[nodiscard]] Reporters& reporters() { return reporters_; }
  // As dnset file, for mirrors: from what is served, so no lock is needed while it is written.
  [[nodiscard]] static std::string export_names(const LoadedDataset& served);
  [[nodiscard]] DatasetPointer served() const { return live_.data(); }

 private:
  struct Name {
    std::unique_ptr<ReportHistory> reports;
    base::TimePoint since;
    base::TimePoint until;  // 1970: not listed
    base::TimePoint requested_at;
    base::TimePoint cleared_at;
    std::uint32_t times_listed = 0;

    [[nodiscard]] bool listed() const { return until != base::TimePoint{}; }
  };
  struct Ending {
    base::TimePoint at;
    std::string name;
    bool operator>(const Ending& other) const { return at > other.at; }
  };

  [[nodiscard]] base::Result<std::string> key_of(std::string_view text, bool registrable) const;
  [[nodiscard]] bool is_spared(std::string_view text, const std::string& name) const;
  Name* take(const std::string& name, base::TimePoint now);
  bool make_room(base::TimePoint now);
  void consider(const std::string& name, Name& one, base::TimePoint now);
  void take_off_spared(base::TimePoint now);
  void take_off(const std::string& name, Name& one, const char* move, std::string_view reason,
                const std::string& by, base::TimePoint at);
  void write(const std::string& name, const Name* one, const char* move, base::TimePoint until,
             std::string_view reason, const std::string& by, base::TimePoint at);
  [[nodiscard]] std::optional<base::TimePoint> end_of(const std::string& name) const;
  void show(const std::string& name);
  [[nodiscard]] NameFacts facts_of(const std::string& name, const Name& one,
                                   base::TimePoint now) const;

  Settings settings_;
  Reporters reporters_;
  std::unordered_map<std::string, Name> names_;
  std::deque<std::string> by_age_;  // a clock hand goes round it when room is needed
  std::map<std::string, HandName, std::less<>> hand_;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> endings_;
  ListCounters counters_;
  bool changed_ = true;
  bool spared_changed_ = true;  // or may have, while nothing ran
  LiveNames live_;
  std::unordered_set<std::string> changed_names_;
  std::unordered_set<std::uint64_t> changed_reporters_;
  std::vector<NameHistoryRecord> events_;
  ListSave save_;
};

}  // namespace leumund::listing
