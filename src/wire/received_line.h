// One Received header (RFC 5321, 4.4), as mail servers really write it: who wrote it, and from
// where he had the mail.
//
// What the client said of itself (HELO) is kept apart from what the writing host saw: Postfix,
// Sendmail, Exim, qmail, Exchange, CommuniGate, Yahoo and Google each put the address elsewhere.
//
// Limits:  the first 4,096 bytes of a header.
// Errors:  none: what cannot be read stays empty. A header without anything has no `by` and no
//          `client`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/time.h"

namespace leumund::wire {

struct ReceivedLine {
  std::string helo;         // what the client called itself
  std::string client_name;  // its name by reverse DNS, as the writing host saw it
  std::optional<base::IpAddress> client;
  std::string by;        // the writing host
  std::string protocol;  // "ESMTPS", "HTTP", as written
  std::string id;
  bool authenticated = false;  // the client logged in
  std::string account;         // as whom, where the line says it
  bool local = false;          // handed in on the writing host itself
  bool by_a_user = false;      // ... by one of its users or programs: the mail began there
  std::optional<base::TimePoint> at;
};

// `value` may be folded.
[[nodiscard]] ReceivedLine read_received_line(std::string_view value);

}  // namespace leumund::wire
