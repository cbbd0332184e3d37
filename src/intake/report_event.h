// A report as mail events: what became of our mail at each recipient, or who complained of it.
//
// Flow:    wire::DeliveryReport -> events_of_report -> model::MailEvent -> engine.
// Time:    both times of an event are `now`: the date that a report bears is the reporter's word.
// Limits:  names over 320 bytes and answers over 4 KiB are cut by the report's reader.
// Errors:  none: a report that says nothing about a mail of ours gives no event.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/mail_event.h"
#include "wire/delivery_report.h"

namespace leumund::intake {

// What our own mark in a returned header stands for.
struct TraceFacts {
  std::string id;       // of the submission
  std::string account;  // "" unknown
};

struct ReportNaming {
  // Host names under which our servers write themselves into Received lines and Reporting-MTA;
  // their queue ids are ours. Lower case.
  std::vector<std::string> own_hosts;
  std::string instance;  // QueueKey::instance of the mail these reports are about
  // Resolves the value of X-Leumund-Trace; nothing for a mark that is not ours, and never trusts
  // what it cannot verify: anyone can write such a header.
  std::function<std::optional<TraceFacts>(std::string_view)> resolve_trace;
};

// For a bounce, delay or success a Delivery per recipient; for a complaint one Complaint. Automatic
// answers, authentication failure reports and "not spam" give nothing.
[[nodiscard]] std::vector<model::MailEvent> events_of_report(const wire::DeliveryReport& report,
                                                             const ReportNaming& naming,
                                                             base::TimePoint now);

}  // namespace leumund::intake
