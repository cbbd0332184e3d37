// A report for our own lists as JSON, one object a line of POST /v1/reports:
//
//   {"client":"192.0.2.1","kind":"complaint","reporter":"fbl.example.net","at":1795334400}
//   {"domain":"spam.example","reporter":"anna@example.org"}
//   {"account":"drop@freemail.example","client":"192.0.2.1","reporter":"anna@example.org"}
//
// It is about a client, a domain (that the spam advertised), an account or mail address (that it
// came from or was to be answered at; or its digest), or several of them.
// `kind` is complaint unless told, `at` (of the mail, Unix seconds or RFC 3339) is now.
// Limits:  lines of 4 KiB, names of reporters of 320 bytes. Unknown fields are ignored.
// Errors:  malformed or too_large, with the field.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/abuse_report.h"

namespace leumund::face {

inline constexpr std::size_t report_line_bytes_max = 4096;

struct ReportLine {
  std::optional<base::IpAddress> client;
  std::string domain;   // "" none; one that a list can take
  std::string account;  // "" none; likewise
  model::AbuseKind kind = model::AbuseKind::complaint;
  std::string reporter;  // lower case, not empty
  base::TimePoint at;
};

[[nodiscard]] base::Result<ReportLine> parse_report_line(std::string_view line,
                                                         base::TimePoint now);

}  // namespace leumund::face
