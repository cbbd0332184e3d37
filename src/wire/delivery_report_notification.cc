#include "wire/delivery_report_notification.h"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>

#include "wire/delivery_report_answer.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

using simdjson::dom::element;

constexpr std::size_t text_bytes = 256UL * 1024;
constexpr std::size_t recipients_read = 1'000;

// The string at a key; "" when it is missing or something else.
std::string_view text_at(const element& object, std::string_view key) {
  std::string_view value;
  if (object[key].get(value) != simdjson::SUCCESS) return {};
  return value;
}

std::string_view without_type(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  return trim_blanks(semicolon < 16 ? value.substr(semicolon + 1) : value);
}

// Mail breaks long lines anywhere, some servers with "!" and a blank; JSON allows no line end in a
// string.
void join_broken_lines(std::string& json) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < json.size(); ++from) {
    if (json[from] == '\n') continue;
    if (json[from] == '!' && from + 2 < json.size() && json[from + 1] == '\n' &&
        json[from + 2] == ' ') {
      from += 2;
      continue;
    }
    json[to++] = json[from];
  }
  json.resize(to);
}

// An address as a bare string, or in an object with "emailAddress".
std::string recipient_at(const element& entry) {
  std::string_view address;
  if (entry.get(address) != simdjson::SUCCESS) address = text_at(entry, "emailAddress");
  return address_of(address);
}

void read_recipients(const element& report, std::string_view key, ReportAction action,
                     StatusPart& status) {
  simdjson::dom::array entries;
  if (report[key].get(entries) != simdjson::SUCCESS) return;
  const std::string_view response = text_at(report, "smtpResponse");
  status.reporting_mta = without_type(text_at(report, "reportingMTA"));
  for (const element entry : entries) {
    if (status.recipients.size() >= recipients_read) return;
    StatusRecipient recipient;
    recipient.recipient = recipient_at(entry);
    if (recipient.recipient.empty()) continue;
    recipient.action = action;
    recipient.status = find_status(text_at(entry, "status"));
    const std::string_view diagnostic = text_at(entry, "diagnosticCode");
    recipient.diagnostic = unfold_header(diagnostic.empty() ? response : without_type(diagnostic));
    if (recipient.diagnostic.empty()) {
      recipient.diagnostic = unfold_header(text_at(report, "bounceSubType"));
    }
    status.recipients.push_back(std::move(recipient));
  }
}

void read_complaint(const element& report, ServiceNotification& out) {
  FeedbackReport feedback;
  feedback.type = text_at(report, "complaintFeedbackType");
  if (feedback.type.empty()) feedback.type = "abuse";
  feedback.user_agent = text_at(report, "userAgent");
  feedback.arrival_date = text_at(report, "arrivalDate");
  simdjson::dom::array entries;
  if (report["complainedRecipients"].get(entries) == simdjson::SUCCESS) {
    for (const element entry : entries) {
      if (feedback.original_recipients.size() >= recipients_read) break;
      if (std::string address = recipient_at(entry); !address.empty()) {
        feedback.original_recipients.push_back(std::move(address));
      }
    }
  }
  feedback.redacted = feedback.original_recipients.empty();
  out.complaint = std::move(feedback);
}

std::string first_of(const element& object, std::string_view key) {
  simdjson::dom::array entries;
  if (object[key].get(entries) != simdjson::SUCCESS) return {};
  for (const element entry : entries) return recipient_at(entry);
  return {};
}

void read_mail(const element& root, ServiceNotification& out) {
  element mail;
  if (root["mail"].get(mail) != simdjson::SUCCESS) return;
  OriginalMessage& original = out.original;
  original.envelope_sender = address_of(text_at(mail, "source"));
  original.envelope_id = text_at(mail, "messageId");
  if (out.complaint && out.complaint->original_sender.empty()) {
    out.complaint->original_sender = original.envelope_sender;
    out.complaint->source_ip = base::IpAddress::parse(text_at(mail, "sourceIp"));
  }
  element common;
  if (mail["commonHeaders"].get(common) == simdjson::SUCCESS) {
    original.from = first_of(common, "from");
    original.to = first_of(common, "to");
    original.subject = unfold_header(text_at(common, "subject"));
    original.message_id = text_at(common, "messageId");
  }
  simdjson::dom::array headers;
  if (mail["headers"].get(headers) != simdjson::SUCCESS) return;
  for (const element header : headers) {
    const std::string_view name = text_at(header, "name");
    if (equal_ignoring_case(name, "X-Leumund-Trace")) {
      original.trace = unfold_header(text_at(header, "value"));
    } else if (equal_ignoring_case(name, "Date")) {
      original.date = unfold_header(text_at(header, "value"));
    }
  }
}

}  // namespace

std::optional<ServiceNotification> read_service_notification(std::string_view text) {
  text = trim_blanks(text);
  const std::size_t end = text.rfind('}');
  if (!text.starts_with('{') || end == std::string_view::npos || end > text_bytes)
    return std::nullopt;
  if (!contains_ignoring_case(text.substr(0, 4096), "type\"")) return std::nullopt;
  std::string json(text.substr(0, end + 1));
  join_broken_lines(json);
  simdjson::dom::parser outer_parser(text_bytes + 1);
  simdjson::dom::parser inner_parser(text_bytes + 1);
  element root;
  if (outer_parser.parse(json).get(root) != simdjson::SUCCESS) return std::nullopt;
  // SNS wraps the notification as a string unless told otherwise.
  if (const std::string_view message = text_at(root, "Message"); message.starts_with('{')) {
    const std::string inner(message);
    if (inner_parser.parse(inner).get(root) != simdjson::SUCCESS) return std::nullopt;
  }
  ServiceNotification out;
  const auto read = [&](std::string_view key, std::string_view recipients, ReportAction action) {
    element report;
    if (root[key].get(report) == simdjson::SUCCESS) {
      read_recipients(report, recipients, action, out.status);
    }
  };
  read("bounce", "bouncedRecipients", ReportAction::failed);
  read("deliveryDelay", "delayedRecipients", ReportAction::delayed);
  read("delivery", "recipients", ReportAction::delivered);
  element complaint;
  if (root["complaint"].get(complaint) == simdjson::SUCCESS) read_complaint(complaint, out);
  if (out.status.recipients.empty() && !out.complaint) return std::nullopt;
  read_mail(root, out);
  return out;
}

}  // namespace leumund::wire
