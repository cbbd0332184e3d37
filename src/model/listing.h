// An own address, network or domain that stands on a DNS list, as people and machines see it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace leumund::model {

struct Listing {
  std::string place;      // "192.0.2.25", "example.org"; of addresses watched whole "192.0.2.0/24"
  std::string egress;     // the configured egress that sends from it; "" none
  std::string list;       // registry id, or the zone
  std::string list_name;  // "Spamhaus ZEN"
  std::string scope;      // what one entry covers: "address", "range", "asn", "domain"
  std::string mender;     // who can have it taken back: "us", "network_operator", "time", "unknown"
  std::vector<std::string> codes;  // "127.0.0.2"
  std::string meaning;             // the registry's words for the codes
  bool policy = false;             // no misconduct is said
  std::string reason;              // the list's own text (TXT)
  base::TimePoint since;           // first seen by us
  base::TimePoint last_seen;
  std::optional<base::TimePoint> until;  // seen gone
  std::uint64_t addresses = 1;           // of a network: how many of them are listed now
  std::vector<std::string> examples;     // of a network: some of them
  bool sends = true;                     // our mail leaves from it
  std::string proof;                     // of one that does not send: how that is known
  std::string lookup_url;
  std::string delist_url;
  std::string delist_method;
  bool predatory = false;  // money is taken there: never pay

  bool operator==(const Listing&) const = default;
};

// A DNS list that cannot be believed, or can again.
struct ListFault {
  std::string list;
  std::string list_name;
  std::string reason;  // "answers 203.0.113.9, which is no code of a list"
  base::TimePoint since;
  std::optional<base::TimePoint> until;

  bool operator==(const ListFault&) const = default;
};

// How one list answers, and whether it can be believed.
struct ListFigures {
  std::string list;
  std::string name;
  std::string state;      // "untested", "well", "doubtful", "faulty"
  std::string reason;     // of one that is not well
  base::TimePoint since;  // of the state; 1970: since the start
  std::uint64_t asked = 0;
  std::uint64_t listed = 0;  // answers, of these figures
  std::uint64_t not_listed = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t wrong = 0;
  std::uint64_t unknown_codes = 0;
  std::string last_unknown_code;
  std::uint64_t asked_today = 0;
  std::uint64_t per_day = 0;    // budget; 0: none
  std::uint64_t median_ms = 0;  // of the time to an answer
  std::uint64_t slow_ms = 0;    // 99 of 100 came sooner
  std::uint64_t round_s = 0;    // how long the last way through our addresses took
  std::uint64_t listings = 0;   // of ours that stand on it
  std::uint64_t shared = 0;     // of these, how many stand on another list too
};

// What is watched, and how it stands.
struct WatchReport {
  bool on = false;
  std::uint64_t own = 0;    // addresses and domains
  std::uint64_t whole = 0;  // addresses of networks that are watched whole
  std::vector<std::string> networks;
  std::vector<std::string> problems;  // of the configuration
  std::vector<Listing> listings;
  std::vector<ListFigures> lists;
};

// What one list says of somebody just now.
struct ListSaid {
  std::string list;
  std::string name;
  std::string state;    // of the list: can it be believed
  std::string doubt;    // why not; "" if it can
  std::string verdict;  // "listed", "not_listed", "unknown", "fault"
  std::vector<std::string> codes;
  std::string meaning;
  bool policy = false;
  std::string reason;   // the list's own text
  std::string trouble;  // of unknown and fault
  std::string lookup_url;
  std::string delist_url;
  std::uint64_t took_ms = 0;
};

}  // namespace leumund::model
