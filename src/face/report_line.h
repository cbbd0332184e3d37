// A report for our own list as JSON, one object a line of POST /v1/reports:
//
//   {"client":"192.0.2.1","kind":"complaint","reporter":"fbl.example.net","at":1795334400}
//
// `kind` is complaint unless told, `at` (of the mail, Unix seconds or RFC 3339) is now.
// Limits:  lines of 4 KiB, names of reporters of 320 bytes. Unknown fields are ignored.
// Errors:  malformed or too_large, with the field.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "model/abuse_report.h"

namespace leumund::face {

inline constexpr std::size_t report_line_bytes_max = 4096;

struct ReportLine {
  base::IpAddress client;
  model::AbuseKind kind = model::AbuseKind::complaint;
  std::string reporter;  // lower case, not empty
  base::TimePoint at;
};

[[nodiscard]] base::Result<ReportLine> parse_report_line(std::string_view line,
                                                         base::TimePoint now);

}  // namespace leumund::face
