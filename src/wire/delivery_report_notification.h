// Reports of sending services that mail JSON (Amazon SES through SNS): bounce, complaint, delivery,
// delay, each with the recipients and the answers.
//
// Limits:  texts over 256 KiB are none.
// Errors:  none: nothing is returned for what is no such notification.
#pragma once

#include <optional>
#include <string_view>

#include "wire/delivery_report.h"
#include "wire/delivery_report_status.h"

namespace leumund::wire {

struct ServiceNotification {
  StatusPart status;  // its recipients; for a complaint none
  OriginalMessage original;
  std::optional<FeedbackReport> complaint;
};

[[nodiscard]] std::optional<ServiceNotification> read_service_notification(std::string_view text);

}  // namespace leumund::wire
