// The machine-readable part of a delivery status notification (RFC 3464).
//
// Reads what is near to the standard as well: no group for the whole message, no empty line between
// recipients or too many, continuation lines without the blank in front, addresses in brackets or
// without a type.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wire/delivery_report.h"

namespace leumund::wire {

struct StatusRecipient {
  std::string recipient;
  std::string original_recipient;
  ReportAction action = ReportAction::none;
  std::string status;          // "5.1.1"; "" when the field is missing or no status
  std::string status_comment;  // what stands in brackets behind it
  std::string diagnostic;      // without its type
  std::string remote_mta;
};

struct StatusPart {
  std::string reporting_mta;
  std::string arrival_date;
  std::string envelope_id;
  std::string queue_id;
  std::string sender;  // X-Postfix-Sender and kin
  std::vector<StatusRecipient> recipients;
};

// `text` has line ends as "\n". At most `max_recipients` are read.
[[nodiscard]] StatusPart read_status_part(std::string_view text, std::size_t max_recipients);

}  // namespace leumund::wire
