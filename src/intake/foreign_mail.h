// Spam that came to us from outside: from whom, as our own border wrote it.
//
// A trap's mail is its own proof: our server took it. A reported mail is the reporter's word; it
// counts only where its newest Received line says that one of our hosts took it from a stranger who
// did not log in. What we sent, or what came back to us as a bounce, is none.
//
// Threads: pure. Limits: those of scan_mime() and trace_injection().
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/time.h"

namespace leumund::intake {

struct ForeignMail {
  base::IpAddress client;  // who handed it to us
  base::TimePoint at;      // when, as our host wrote it; never after `now`
};

// The mail itself. `trusted` are networks whose hosts hand on what they got, like our own relays.
[[nodiscard]] std::optional<ForeignMail> foreign_mail(std::string_view raw,
                                                      std::span<const base::IpPrefix> trusted,
                                                      base::TimePoint now);

// The mail that a feedback report is about, or that was forwarded as an attachment. `own_hosts` in
// lower case.
[[nodiscard]] std::optional<ForeignMail> reported_foreign_mail(
    std::string_view raw, std::span<const base::IpPrefix> trusted,
    std::span<const std::string> own_hosts, base::TimePoint now);

}  // namespace leumund::intake
