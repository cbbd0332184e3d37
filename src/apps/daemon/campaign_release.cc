#include "apps/daemon/campaign_release.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "action/stopping.h"

namespace leumund::apps {

std::vector<model::Decision> after_campaign_release(engine::Engine& engine,
                                                    std::vector<model::Decision>& decisions,
                                                    bool honest, base::TimePoint now) {
  std::vector<model::Decision> more;
  std::set<model::Subject> done;
  for (model::Decision& decision : decisions) {
    const bool let_go = decision.kind == model::DecisionKind::released ||
                        decision.kind == model::DecisionKind::exempted;
    if (!let_go || decision.subject.kind != model::SubjectKind::campaign ||
        !done.insert(decision.subject).second) {
      continue;
    }
    auto lifted = engine.campaign_released(decision.subject, honest, now);
    decision.record = engine.campaign_record(decision.subject);
    if (decision.kind == model::DecisionKind::released) decision.mistake = honest;
    for (model::Decision& one : lifted) one.mistake = honest;
    std::move(lifted.begin(), lifted.end(), std::back_inserter(more));
  }
  return more;
}

void leave_out_restricted(engine::Engine& engine, std::vector<model::Subject>& subjects) {
  std::erase_if(subjects, [&](const model::Subject& subject) {
    return action::stopping(engine.book(), subject) != nullptr;
  });
}

}  // namespace leumund::apps
