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
  }
  return "restricted";
}

}  // namespace leumund::model
