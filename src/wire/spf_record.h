// A record of the Sender Policy Framework (RFC 7208): its terms, and its macros filled in.
//
// Flow:    TXT of a domain -> parse_spf_record() -> intake/spf_check.h, which asks the DNS.
// Limits:  records of 4,096 bytes, 256 terms; a name made by macros has at most 253 bytes, cut from
//          the left at a dot as RFC 7208, 7.3 wants it.
// Threads: pure.
// Errors:  malformed, naming the term: receivers call that a permanent error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace leumund::wire {

enum class SpfQualifier : std::uint8_t { pass, fail, softfail, neutral };
enum class SpfKind : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct SpfTerm {
  SpfKind kind = SpfKind::all;
  SpfQualifier qualifier = SpfQualifier::pass;
  std::string domain;      // with its macros; "": the domain that is asked about
  base::IpPrefix network;  // of ip4 and ip6
  unsigned bits4 = 32;     // of a and mx: how much of an address must match
  unsigned bits6 = 128;
  std::string text;  // as it was spelled
};

struct SpfRecord {
  std::vector<SpfTerm> terms;
  std::string redirect;  // with its macros; "": none
};

// Whether a TXT record is meant to be one: others are passed over.
[[nodiscard]] bool is_spf_record(std::string_view text);
[[nodiscard]] base::Result<SpfRecord> parse_spf_record(std::string_view text);

// What macros stand for. %{p} is always "unknown", as the RFC allows.
struct SpfMacros {
  std::string sender;  // "user@example.org"
  std::string domain;  // that is asked about now
  std::string helo;
  base::IpAddress address;
};
// Fills in; what parse_spf_record() took never fails to be a name, but may be an impossible one.
[[nodiscard]] std::string expand_spf(std::string_view spec, const SpfMacros& macros);

}  // namespace leumund::wire
