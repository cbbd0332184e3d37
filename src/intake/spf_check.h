// Whether a domain lets an address send for it: check_host() of RFC 7208, section 4.
//
// Flow:    domain -> TXT -> wire::parse_spf_record() -> terms, each asked of the DNS -> result.
// Limits:  those of the RFC: 10 terms that ask the DNS, 2 answers that are void, 10 names of an MX
//          or PTR; more is a permanent error, as receivers see it.
// Threads: any; `ask` may block, so never on the mail path.
// Errors:  a DNS that does not answer is `temperror`, never a fail.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "net/resolver.h"

namespace leumund::intake {

// Waits for the answer.
using DnsLookUp = std::function<net::DnsAnswer(const net::DnsQuestion& question)>;

enum class SpfResult : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
[[nodiscard]] std::string_view spf_result_name(SpfResult result);

struct SpfQuestion {
  base::IpAddress address;
  std::string domain;  // of the envelope sender, or the HELO name
  std::string sender;  // "postmaster@DOMAIN" where it is a HELO name
  std::string helo;
};

struct SpfVerdict {
  SpfResult result = SpfResult::none;
  std::string term;      // that decided; "" none did
  std::string trouble;   // of an error: what is wrong, and where
  unsigned lookups = 0;  // terms that asked the DNS, of 10
};

[[nodiscard]] SpfVerdict check_spf(const SpfQuestion& question, const DnsLookUp& ask);

}  // namespace leumund::intake
