#include "model/decision.h"

namespace leumund::model {

std::string_view decision_kind_name(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::restricted: return "restricted";
    case DecisionKind::would_restrict: return "would_restrict";
    case DecisionKind::released: return "released";
    case DecisionKind::ended: return "ended";
    case DecisionKind::exempted: return "exempted";
    case DecisionKind::exemption_ended: return "exemption_ended";
    case DecisionKind::announced: return "announced";
    case DecisionKind::extended: return "extended";
    case DecisionKind::alarm: return "alarm";
    case DecisionKind::provider_refuses: return "provider_refuses";
    case DecisionKind::provider_accepts: return "provider_accepts";
    case DecisionKind::detour: return "detour";
    case DecisionKind::would_detour: return "would_detour";
    case DecisionKind::listed: return "listed";
    case DecisionKind::delisted: return "delisted";
    case DecisionKind::list_fault: return "list_fault";
    case DecisionKind::list_well: return "list_well";
    case DecisionKind::setup_fault: return "setup_fault";
    case DecisionKind::setup_well: return "setup_well";
    case DecisionKind::case_opened: return "case_opened";
    case DecisionKind::case_closed: return "case_closed";
    case DecisionKind::case_reopened: return "case_reopened";
    case DecisionKind::case_due: return "case_due";
  }
  return "restricted";
}

std::optional<DecisionKind> parse_decision_kind(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(DecisionKind::case_due); ++i) {
    const auto kind = static_cast<DecisionKind>(i);
    if (decision_kind_name(kind) == text) return kind;
  }
  return std::nullopt;
}

}  // namespace leumund::model
