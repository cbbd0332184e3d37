#include "apps/daemon/hygiene_metrics.h"

#include <map>
#include <string>
#include <vector>

namespace leumund::apps {

using model::HygieneFinding;
using model::HygieneState;

face::Metric findings_metric(const model::HygieneReport& report) {
  std::map<std::string, std::map<std::string, double>> places;
  const auto add = [&](const std::string& place, const std::vector<HygieneFinding>& all) {
    auto& counts = places[place];
    for (const char* state : {"good", "fault", "grave", "unknown"}) counts.try_emplace(state, 0);
    for (const auto& finding : all) {
      const bool grave = finding.state == HygieneState::fault && finding.grave;
      counts[grave ? "grave" : std::string(model::hygiene_state_name(finding.state))] += 1;
    }
  };
  for (const auto& one : report.addresses) {
    add(one.address.empty() ? one.egress : one.address, one.findings);
  }
  for (const auto& one : report.domains) add(one.seen > 0 ? "other" : one.domain, one.findings);
  face::Metric out{"leumund_hygiene_findings",
                   "Findings about a way out or a domain, by state; other: domains of mail seen.",
                   {}};
  for (const auto& [place, counts] : places) {
    for (const auto& [state, count] : counts) {
      out.samples.push_back({{{"place", place}, {"state", state}}, count});
    }
  }
  return out;
}

}  // namespace leumund::apps
