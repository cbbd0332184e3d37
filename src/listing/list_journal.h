// What a list of ours keeps, so that it goes on after a kill where it was: the port that storage
// implements.
//
// Flow:    ListEngine::drain() -> ServedList -> ListJournal::save_list(); start -> load_list().
// Limits:  reports are kept as evidence for as long as the operator says, history longer.
// Errors:  as of the store.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "model/abuse_report.h"

namespace leumund::listing {

// A report that counted, with what its reporter weighed then. In their order they make the same
// histories again.
struct ListReportRecord {
  model::AbuseReport report;
  base::TimePoint heard_at;
  float weight = 1;

  bool operator==(const ListReportRecord&) const = default;
};

// What is known of an address beside reports and traffic. A listing without end is none.
struct ListPlaceRecord {
  base::IpAddress place;
  base::TimePoint since = {};
  base::TimePoint until = {};  // 1970: not listed
  base::TimePoint requested_at = {};
  base::TimePoint cleared_at = {};
  base::TimePoint told_spared_at = {};
  std::uint32_t times_listed = 0;

  bool operator==(const ListPlaceRecord&) const = default;
};

struct ListTrafficRecord {
  base::IpAddress place;
  std::int32_t day = 0;  // since 1970
  std::uint32_t mails = 0;
  std::uint32_t queries = 0;

  bool operator==(const ListTrafficRecord&) const = default;
};

struct ListReporterRecord {
  std::uint64_t who = 0;
  std::uint32_t right = 0;
  std::uint32_t wrong = 0;
  std::int32_t day = 0;
  std::uint32_t today = 0;

  bool operator==(const ListReporterRecord&) const = default;
};

// What the operator put on the list himself.
struct HandListing {
  base::IpPrefix what;
  base::TimePoint since = {};
  base::TimePoint until = {};  // 1970: until he takes it off
  std::string reason;
  std::string by;
};

// One line of an address's history: never who reported, or which trap.
struct ListHistoryRecord {
  base::IpPrefix what;
  base::TimePoint at;
  std::string move;  // list_move_name(), "added", "removed"
  base::TimePoint until = {};
  std::array<std::uint32_t, model::abuse_kinds> kinds{};
  std::uint32_t reporters = 0;
  double spam = 0;
  double mail = 0;
  std::string reason;
  std::string by;  // "" by itself
};

// The same for lists of names; a name is its text, of mail addresses their digest.
struct NameReportRecord {
  std::string name;
  model::AbuseReport report;  // without client
  base::TimePoint heard_at;
  float weight = 1;

  bool operator==(const NameReportRecord&) const = default;
};
struct NamePlaceRecord {
  std::string name;
  base::TimePoint since = {};
  base::TimePoint until = {};  // 1970: not listed
  base::TimePoint requested_at = {};
  base::TimePoint cleared_at = {};
  std::uint32_t times_listed = 0;

  bool operator==(const NamePlaceRecord&) const = default;
};
struct HandName {
  std::string name;
  base::TimePoint since = {};
  base::TimePoint until = {};  // 1970: until he takes it off
  std::string reason = {};
  std::string by = {};

  bool operator==(const HandName&) const = default;
};
struct NameHistoryRecord {
  std::string name;
  ListHistoryRecord line;  // without network
};

// All of one moment.
struct ListSave {
  std::string list;
  std::vector<ListReportRecord> reports;
  std::vector<ListPlaceRecord> places;
  std::vector<ListTrafficRecord> traffic;
  std::vector<ListReporterRecord> reporters;
  std::vector<ListHistoryRecord> history;
  std::vector<HandListing> hand;
  std::vector<base::IpPrefix> hand_gone;
  std::vector<NameReportRecord> name_reports;
  std::vector<NamePlaceRecord> names;
  std::vector<NameHistoryRecord> name_history;
  std::vector<HandName> hand_names;
  std::vector<std::string> hand_names_gone;

  [[nodiscard]] std::size_t rows() const {
    return reports.size() + places.size() + traffic.size() + reporters.size() + history.size() +
           hand.size() + hand_gone.size() + name_reports.size() + names.size() +
           name_history.size() + hand_names.size() + hand_names_gone.size();
  }
};

struct ListRecord {
  std::vector<ListReportRecord> reports;  // in their order
  std::vector<ListPlaceRecord> places;
  std::vector<ListTrafficRecord> traffic;
  std::vector<ListReporterRecord> reporters;
  std::vector<HandListing> hand;
  std::vector<NameReportRecord> name_reports;
  std::vector<NamePlaceRecord> names;
  std::vector<HandName> hand_names;
  std::uint64_t unreadable = 0;  // rows that were left out
  std::string trouble;           // "" none; a table that is broken ends where it is
};

// A list's old rows are forgotten in slices: in between the store is free for others.
struct ListForgetting {
  std::string list;
  base::TimePoint reports_before;  // reports and traffic
  base::TimePoint history_before;  // history, and what is known of addresses not on the list
  std::size_t rows_most = 2000;    // looked at in one slice
  // Where it stands; of the store.
  std::size_t table = 0;
  std::string after = {};
  std::int64_t after_number = 0;
  bool done = false;
};

class ListJournal {
 public:
  virtual ~ListJournal() = default;

  // Whether what is saved outlives the process.
  [[nodiscard]] virtual bool keeps() const = 0;
  // One transaction, all or nothing.
  virtual base::Status save_list(const ListSave& save) = 0;
  // Reports heard and traffic from `since` on, and all the rest.
  virtual base::Result<ListRecord> load_list(const std::string& list, base::TimePoint since) = 0;
  // Addresses that are still listed after `now` and what stands by hand, without what they are
  // listed for: enough to answer with, and much sooner read.
  virtual base::Result<ListRecord> load_listed(const std::string& list, base::TimePoint now) = 0;
  // Of one network, or of all; newest first.
  virtual base::Result<std::vector<ListHistoryRecord>> list_history(
      const std::string& list, const std::optional<base::IpPrefix>& what, std::size_t most) = 0;
  // Of one name of a list of names, or of all; newest first.
  virtual base::Result<std::vector<NameHistoryRecord>> name_history(
      const std::string& list, const std::optional<std::string>& name, std::size_t most) = 0;
  // One slice; again and again until `way.done`.
  virtual base::Status forget_list(ListForgetting& way) = 0;
};

}  // namespace leumund::listing
