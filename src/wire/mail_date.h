// The date of a mail header (RFC 5322, 3.3, with the obsolete forms of 4.3).
//
// Errors:  nothing for what is no date, or names a day that does not exist.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace leumund::wire {

// "Tue, 12 Mar 2013 10:21:03 +0100 (CET)"; weekday, seconds and comment may be missing, the zone
// may be a name, years may have two digits. Without a zone it is taken as UTC.
[[nodiscard]] std::optional<base::TimePoint> parse_mail_date(std::string_view text);

}  // namespace leumund::wire
