#include "intake/report_event.h"

#include <algorithm>
#include <utility>

#include "wire/mime_header.h"

namespace leumund::intake {
namespace {

using wire::ReportAction;
using wire::ReportKind;

bool is_own(std::string_view host, const ReportNaming& naming) {
  // "mail.verein.example (tcp-daemon)", "mail.verein.example."
  host = host.substr(0, host.find_first_of(" ("));
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::any_of(naming.own_hosts.begin(), naming.own_hosts.end(),
                     [&](const std::string& own) { return wire::equal_ignoring_case(own, host); });
}

// The queue id that our own server gave the message: from the report itself if we wrote it, else
// from the newest Received line of ours.
model::QueueKey queue_of(const wire::DeliveryReport& report, const ReportNaming& naming) {
  model::QueueKey key;
  if (!report.original.queue_id.empty() && is_own(report.reporting_mta, naming)) {
    key.queue_id = report.original.queue_id;
  } else {
    const auto& steps = report.original.received;
    const auto ours = std::find_if(steps.begin(), steps.end(), [&](const wire::ReceivedStep& step) {
      return !step.id.empty() && is_own(step.by, naming);
    });
    if (ours == steps.end()) return key;
    key.queue_id = ours->id;
  }
  key.instance = naming.instance;
  return key;
}

std::optional<model::DeliveryStatus> status_of(const wire::RecipientReport& recipient,
                                               ReportKind kind) {
  switch (recipient.action) {
    case ReportAction::delivered:
    case ReportAction::relayed:
    case ReportAction::expanded: return model::DeliveryStatus::sent;
    case ReportAction::delayed: return model::DeliveryStatus::deferred;
    case ReportAction::failed: break;
    case ReportAction::none:
      if (kind == ReportKind::delayed) return model::DeliveryStatus::deferred;
      if (kind == ReportKind::success) return model::DeliveryStatus::sent;
      if (kind != ReportKind::bounce) return std::nullopt;
      break;
  }
  const bool too_late = recipient.status.ends_with(".4.7");
  return too_late ? model::DeliveryStatus::expired : model::DeliveryStatus::bounced;
}

bool is_complaint(std::string_view type) {
  return type != "auth-failure" && type != "not-spam" && type != "dmarc";
}

}  // namespace

std::vector<model::MailEvent> events_of_report(const wire::DeliveryReport& report,
                                               const ReportNaming& naming, base::TimePoint now) {
  std::vector<model::MailEvent> events;
  std::optional<TraceFacts> trace;
  if (naming.resolve_trace && !report.original.trace.empty()) {
    trace = naming.resolve_trace(report.original.trace);
  }
  if (report.kind == ReportKind::feedback) {
    if (!report.feedback || !is_complaint(report.feedback->type)) return events;
    model::Complaint complaint;
    if (trace) {
      complaint.id = trace->id;
      complaint.account = trace->account;
    }
    complaint.source_ip = report.feedback->source_ip;
    complaint.reporter = report.from;
    complaint.kind = report.feedback->type;
    events.push_back({.occurred_at = now, .received_at = now, .what = std::move(complaint)});
    return events;
  }
  if (report.kind != ReportKind::bounce && report.kind != ReportKind::delayed &&
      report.kind != ReportKind::success) {
    return events;
  }
  const model::QueueKey queue = queue_of(report, naming);
  for (const auto& recipient : report.recipients) {
    const auto status = status_of(recipient, report.kind);
    if (!status || recipient.recipient.empty()) continue;
    model::Delivery delivery;
    if (trace) delivery.id = trace->id;
    delivery.queue = queue;
    delivery.source = model::Source::report;
    delivery.recipient = recipient.recipient;
    delivery.remote = recipient.remote_mta;
    delivery.status = *status;
    delivery.stage = recipient.stage;
    delivery.reply = recipient.text;
    events.push_back({.occurred_at = now, .received_at = now, .what = std::move(delivery)});
  }
  return events;
}

}  // namespace leumund::intake
