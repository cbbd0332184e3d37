// A complaint of a recipient or an authentication failure, as a provider sends it to the network
// the mail came from: Abuse Reporting Format (RFC 5965, 6591, 6650), and the formats before it.
//
// Flow:    MimeTree -> read_feedback_report() -> DeliveryReport::feedback -> model::Complaint.
// Errors:  none: nothing is returned for what is no feedback.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "wire/charset.h"
#include "wire/mime.h"

namespace leumund::wire {

struct FeedbackReport {
  std::string type;  // lower case: "abuse", "fraud", "opt-out", "auth-failure", "not-spam", ...
  std::optional<base::IpAddress> source_ip;
  std::string reported_domain;
  std::string arrival_date;                      // as written; also Received-Date
  std::vector<std::string> original_recipients;  // "" never; empty when the report hides them
  std::string original_sender;                   // envelope sender
  std::string user_agent;
  std::string auth_failure;     // "dmarc", "spf", ...; lower case
  std::string delivery_result;  // lower case
  std::string original_envelope_id;
  std::uint32_t incidents = 1;
  bool redacted = false;  // the reporter replaced addresses; only our trace tells the account
};

// `tree` is of the whole message; the report is looked for in its feedback part, then in the shape
// of formats that have none: JMRP (the original attached with X-HmXmrOriginalRecipient), SpamCop,
// plain "email abuse report" texts. `notice` is the text for
// people; `returned_in_text` tells that the original stands behind it.
[[nodiscard]] std::optional<FeedbackReport> read_feedback_report(const MimeTree& tree,
                                                                 std::string_view subject,
                                                                 std::string_view notice,
                                                                 bool returned_in_text,
                                                                 CharsetReader& charsets);

}  // namespace leumund::wire
