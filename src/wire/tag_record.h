// Texts of the form "tag=value; tag=value": the key of a DKIM selector (RFC 6376, 3.6.1) and the
// DMARC policy of a domain (RFC 7489, 6.3) in the DNS, a mail's DKIM-Signature (RFC 6376, 3.5).
//
// Limits:  texts of 4,096 bytes, 32 tags.
// Threads: pure.
// Errors:  malformed, with what a receiver would stumble over. A text that is not meant to be such
//          a record (other version, none) is told by is_dmarc_record() before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace leumund::wire {

enum class DkimKeyType : std::uint8_t { rsa, ed25519, other };

struct DkimKey {
  DkimKeyType type = DkimKeyType::rsa;
  bool revoked = false;  // an empty key: nothing signed with it counts any more
  bool testing = false;  // receivers are asked to treat it as unsigned
  unsigned bits = 0;     // of the key; 0 of a revoked or unknown one
};
[[nodiscard]] base::Result<DkimKey> parse_dkim_key(std::string_view text);

// What a signature says of itself; whether it is right only its key and the whole mail can tell.
struct DkimSignature {
  std::string domain;    // d=, lower case
  std::string selector;  // s=, lower case
  std::string algorithm;
};
// Malformed also where a receiver takes it for none: without a version, a tag that must be there,
// or the From line among what is signed.
[[nodiscard]] base::Result<DkimSignature> parse_dkim_signature(std::string_view text);

enum class DmarcPolicy : std::uint8_t { none, quarantine, reject };
[[nodiscard]] std::string_view dmarc_policy_name(DmarcPolicy policy);

struct DmarcRecord {
  DmarcPolicy policy = DmarcPolicy::none;
  DmarcPolicy subdomain_policy = DmarcPolicy::none;
  bool strict_spf = false;   // the envelope sender's domain must be the very same
  bool strict_dkim = false;  // likewise the signature's
  unsigned percent = 100;
};
// Whether a text at _dmarc.DOMAIN is meant to be one: others are passed over.
[[nodiscard]] bool is_dmarc_record(std::string_view text);
[[nodiscard]] base::Result<DmarcRecord> parse_dmarc_record(std::string_view text);

}  // namespace leumund::wire
