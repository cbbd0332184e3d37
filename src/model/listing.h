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

}  // namespace leumund::model
