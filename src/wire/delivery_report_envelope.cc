#include "wire/delivery_report_envelope.h"

#include <string_view>

#include "wire/delivery_report.h"

namespace leumund::wire {
namespace {

bool is_daemon_name(std::string_view text) {
  for (const std::string_view name :
       {"mailer-daemon", "mailerdaemon", "mailer daemon", "mail delivery", "postmaster",
        "post_master", "mdaemon", "mail-daemon", "mail administrator", "delivery subsystem",
        "mail system", "microsoftexchange"}) {
    if (contains_ignoring_case(text, name)) return true;
  }
  return false;
}

}  // namespace

ReportEnvelope read_report_envelope(const HeaderFields& fields) {
  ReportEnvelope envelope;
  const std::string_view from = fields.get("From");
  envelope.from = address_of(from);
  envelope.to = address_of(fields.get("To"));
  const std::string_view path = trim_blanks(fields.get("Return-Path"));
  envelope.null_sender = path == "<>" || contains_ignoring_case(path, "mailer-daemon");
  envelope.daemon = is_daemon_name(from) || trim_blanks(from) == "<>";
  const std::string_view submitted = trim_blanks(fields.get("Auto-Submitted"));
  envelope.auto_submitted = starts_ignoring_case(submitted, "auto-");
  const std::string_view precedence = trim_blanks(fields.get("Precedence"));
  envelope.auto_answer =
      starts_ignoring_case(submitted, "auto-replied") || fields.has("X-Autoreply") ||
      fields.has("X-Autorespond") || fields.has("X-Autoresponder") ||
      fields.has("X-Auto-Reply-From") || equal_ignoring_case(precedence, "auto_reply") ||
      equal_ignoring_case(precedence, "auto-reply") ||
      equal_ignoring_case(trim_blanks(fields.get("X-POST-MessageClass")), "9; Autoresponder") ||
      equal_ignoring_case(trim_blanks(fields.get("Delivered-To")), "Autoresponder");
  envelope.bulk =
      equal_ignoring_case(precedence, "bulk") || equal_ignoring_case(precedence, "junk");
  return envelope;
}

std::string list_of_robot(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return {};
  const std::string_view local = address.substr(0, at);
  for (const std::string_view robot : {"-bounces", "-owner", "-request", "-admin"}) {
    if (local.size() <= robot.size()) continue;
    const std::size_t keep = local.size() - robot.size();
    if (equal_ignoring_case(local.substr(keep), robot)) {
      return std::string(local.substr(0, keep)).append(address.substr(at));
    }
  }
  return {};
}

std::string_view report_kind_name(ReportKind kind) {
  switch (kind) {
    case ReportKind::ordinary: return "ordinary";
    case ReportKind::bounce: return "bounce";
    case ReportKind::delayed: return "delayed";
    case ReportKind::success: return "success";
    case ReportKind::vacation: return "vacation";
    case ReportKind::auto_reply: return "auto-reply";
    case ReportKind::feedback: return "feedback";
  }
  return "ordinary";
}

std::string_view report_action_name(ReportAction action) {
  switch (action) {
    case ReportAction::none: return "";
    case ReportAction::failed: return "failed";
    case ReportAction::delayed: return "delayed";
    case ReportAction::delivered: return "delivered";
    case ReportAction::relayed: return "relayed";
    case ReportAction::expanded: return "expanded";
  }
  return "";
}

}  // namespace leumund::wire
