// What the faces need from the lists of our own: show, explain, change, export; in plain values.
//
// Threads: called from the HTTP workers, several at once.
// Errors:  by code, as face/control.h says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "listing/name_list.h"
#include "listing/served_list.h"
#include "model/list_kind.h"

namespace leumund::face {

struct ListOverview {
  std::string name;
  std::string zone;
  listing::ListCounters counters;
  std::vector<listing::ListingFacts> listed;  // newest first, at most as many as asked for
  std::vector<listing::HandListing> by_hand;
  model::ListKind of = model::ListKind::addresses;
  std::vector<listing::NameFacts> names;  // of a list of names, likewise
  std::vector<listing::HandName> names_by_hand;
};

// What our own lists would say of one of our sending addresses.
struct OwnStanding {
  std::string address;
  std::string egress;  // "" none
  listing::ServedList::Standing standing;
  std::vector<std::string> listed_on;  // of our lists, where it stands on one already
};

struct ListReport {
  std::vector<ListOverview> lists;  // empty: none is configured
  std::vector<OwnStanding> own;
  std::vector<listing::ListHistoryRecord> proposals;  // ranges that a person may list
  std::string trouble;                                // "" none
};

// One who reported an address, for the operator.
struct ReporterTold {
  std::string name;  // as list.reporters names him; else eight digits of his keyed hash
  bool named = false;
  double reports = 0;  // of his that count on this address
  base::TimePoint last;
  double weight = 0;  // of one more report of his
  std::uint32_t right = 0;
  std::uint32_t wrong = 0;
};

// One address or network on one list.
struct ListWhy {
  std::string name;
  std::string zone;
  listing::ServedList::Standing standing;
  std::vector<listing::ListHistoryRecord> history;  // newest first
  // Never public.
  std::vector<listing::ReportHistory::HourSaid> hours = {};
  std::vector<ReporterTold> reporters = {};
};

// One name (domain, mail address or its digest) on one list of names.
struct NameWhy {
  std::string list;
  std::string zone;
  model::ListKind of = model::ListKind::domains;
  listing::NameList::Standing standing;
  std::vector<listing::NameHistoryRecord> history;  // newest first
};

struct ListOrder {
  std::string list;  // "" the first that takes it; of a removal every list that has it
  base::IpPrefix what;
  std::string name;                          // a domain or mail address instead of `what`; "" none
  std::optional<std::chrono::seconds> span;  // of add; nothing: until it is removed
  std::string reason;
  bool force = false;               // of add: also what holds an address of our own
  bool reports_were_wrong = false;  // of remove
  std::string by;
};

struct ReportsTaken {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  bool kept = true;  // on disk
  std::vector<std::string> problems;
};

class ListControl {
 public:
  virtual ~ListControl() = default;

  [[nodiscard]] virtual ListReport list_report(std::size_t most) const = 0;
  [[nodiscard]] virtual std::vector<ListWhy> list_why(const base::IpPrefix& what,
                                                      std::size_t most) const = 0;
  [[nodiscard]] std::vector<ListWhy> list_why(const base::IpAddress& address,
                                              std::size_t most) const {
    return list_why(base::IpPrefix{address, address.is_v4() ? 32U : 128U}, most);
  }
  // Of each list of names that takes it; nothing: none does.
  [[nodiscard]] virtual std::vector<NameWhy> name_why(const std::string& name,
                                                      std::size_t most) const = 0;
  virtual base::Status list_add(const ListOrder& order) = 0;
  virtual base::Status list_remove(const ListOrder& order) = 0;
  // The zone file of the IPv4 or IPv6 addresses, or of the names.
  [[nodiscard]] virtual base::Result<std::string> list_export(const std::string& list,
                                                              bool ipv6) const = 0;
  // JSON lines of the types complaint and trap.
  virtual base::Result<ReportsTaken> take_reports(std::string_view lines) = 0;
  // By whoever has the address, from the public page: from all lists that it is on.
  virtual base::Status delist_on_request(const base::IpAddress& address,
                                         std::string_view reason) = 0;
  virtual base::Status delist_name_on_request(const std::string& name, std::string_view reason) = 0;
};

}  // namespace leumund::face
