#include "apps/diagnose/diagnose_message.h"

#include <algorithm>
#include <utility>

#include "apps/diagnose/diagnose_reason.h"
#include "wire/mime_header.h"

namespace leumund::apps {
namespace {

using diagnosis::Diagnosis;
using diagnosis::Stage;

// Below this an answer said so little that the rest of the report is asked.
constexpr double sure_enough = 0.5;

Diagnosis diagnose_recipient(const wire::RecipientReport& report, const diagnosis::Reader& reader,
                             diagnosis::Reader::Session& session) {
  diagnosis::Reply reply;
  reply.remote = report.remote_mta;
  reply.stage = report.stage;
  reply.recipient = report.recipient;
  reply.text = report.text;
  Diagnosis best = reader.diagnose(reply, session);
  for (const auto& note : report.notes) {
    if (best.confidence >= sure_enough) break;
    reply.text = note;
    Diagnosis other = reader.diagnose(reply, session);
    if (other.confidence > best.confidence) best = std::move(other);
  }
  // What the report itself says in fields is surer than what a note repeats.
  if (report.code) best.code = *report.code;
  if (!report.status.empty() && best.status.empty()) best.status = report.status;
  return best;
}

}  // namespace

MessageDiagnosis diagnose_message(std::string_view raw, wire::DeliveryReportReader& reports,
                                  const diagnosis::Reader& reader,
                                  diagnosis::Reader::Session& session) {
  MessageDiagnosis out;
  out.report = reports.read(raw);
  for (auto& recipient : out.report.recipients) {
    Diagnosis diagnosis;
    switch (out.report.kind) {
      case wire::ReportKind::feedback: diagnosis.reason = "feedback"; break;
      case wire::ReportKind::vacation:
      case wire::ReportKind::auto_reply: diagnosis.reason = "vacation"; break;
      case wire::ReportKind::success: diagnosis.reason = "delivered"; break;
      case wire::ReportKind::ordinary: break;
      case wire::ReportKind::bounce:
      case wire::ReportKind::delayed:
        if (recipient.action == wire::ReportAction::delivered ||
            recipient.action == wire::ReportAction::relayed ||
            recipient.action == wire::ReportAction::expanded) {
          diagnosis.reason = "delivered";
        } else {
          diagnosis = diagnose_recipient(recipient, reader, session);
          diagnosis.reason = std::string(reason_of_report(recipient, diagnosis, reader.registry()));
        }
        break;
    }
    diagnosis.status = recipient.status;
    diagnosis.code = recipient.code.value_or(0);
    out.recipients.push_back({std::move(recipient), std::move(diagnosis)});
  }
  out.report.recipients.clear();
  return out;
}

bool looks_like_message(std::string_view bytes) {
  if (bytes.starts_with("From ")) return true;
  std::size_t fields = 0;
  bool known = false;
  for (int line = 0; line < 60 && !bytes.empty(); ++line) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view text = bytes.substr(0, newline);
    bytes.remove_prefix(newline == std::string_view::npos ? bytes.size() : newline + 1);
    if (text.empty() || text == "\r") break;
    if (text[0] == ' ' || text[0] == '\t') continue;
    const std::size_t name = wire::header_name_size(text);
    if (name == 0) return false;
    ++fields;
    for (const std::string_view wanted : {"From", "Received", "Return-Path", "Subject", "To",
                                          "Date", "Content-Type", "Message-ID", "Delivered-To"}) {
      known = known || wire::equal_ignoring_case(text.substr(0, name), wanted);
    }
  }
  return known && fields >= 2;
}

}  // namespace leumund::apps
