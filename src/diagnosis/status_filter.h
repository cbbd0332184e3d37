// The refusals about our own addresses as rules for Postfix (smtp_delivery_status_filter, a pcre
// table): what they match is put off instead of bounced. They hold with the daemon dead.
//
// Coarser than the Reader, since Postfix sees one line and no meaning, and so careful: a rule
// speaks only where the provider's own wording, one of our addresses beside a word for "listed", or
// Postfix's own DNSBL refusal tells it. What no rule knows bounces as before.
//
// Threads: a pure function; milliseconds.
#pragma once

#include <span>
#include <string>

#include "base/ip_address.h"
#include "diagnosis/reader.h"

namespace leumund::diagnosis {

[[nodiscard]] std::string status_filter_rules(const Reader& reader,
                                              std::span<const base::IpAddress> own);

}  // namespace leumund::diagnosis
