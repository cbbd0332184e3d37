// Spam that came to us from outside: from whom, as our own border wrote it.
//
// A trap's mail is its own proof: our server took it. A reported mail is the reporter's word; it
// counts only where its newest Received line is one of ours, attached or pasted. Both name a client
// only where hosts of ours alone can have written who it was (InjectionTrace::proven). What a user
// or a program of ours handed in is told as that, and a bounce is none.
//
// Threads: pure. Limits: those of scan_mime(), find_pasted_header() and trace_injection().
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/time.h"
#include "intake/injection_trace.h"

namespace leumund::intake {

// Who handed a mail to our border.
enum class MailOrigin : std::uint8_t {
  unknown,    // no line of ours, or none that proves it
  ourselves,  // a user or program on a host of ours, or one that we know only by loopback
  account,    // who logged in
  stranger,
};

struct TakenMail {
  MailOrigin origin = MailOrigin::unknown;
  std::optional<base::IpAddress> client;  // of a stranger and of an account
  base::TimePoint at;                     // as our host wrote it; never after `now`
  std::string account = {};               // as whom he logged in, where the line says it
  std::string queue_id = {};              // that our host gave it
};

// The mail itself, by its own header. Nothing where it is an answer to a mail, like a bounce.
[[nodiscard]] std::optional<TakenMail> taken_mail(std::string_view raw, const OurHosts& ours,
                                                  base::TimePoint now);

// How a report holds the mail that it is about.
enum class ReportedAs : std::uint8_t {
  nothing,    // it is about none
  no_header,  // forwarded or quoted without its Received lines
  attached,   // also as the mail of a feedback report
  pasted,     // its header stands in the text
};

struct ReportedMail {
  ReportedAs as = ReportedAs::nothing;
  TakenMail mail = {};  // if attached or pasted
  // Of the report itself, where nothing is attached.
  std::string from = {};
  bool is_forward = false;  // by its subject
};

// The mail that a feedback report is about, or that a person forwarded. An automatic answer quotes
// what anybody wrote: nothing pasted is looked for in it.
[[nodiscard]] ReportedMail reported_foreign_mail(std::string_view raw, const OurHosts& ours,
                                                 base::TimePoint now);

}  // namespace leumund::intake
