#include "model/hygiene.h"

#include <algorithm>
#include <iterator>

namespace leumund::model {

std::string_view hygiene_state_name(HygieneState state) {
  switch (state) {
    case HygieneState::good: return "good";
    case HygieneState::fault: return "fault";
    case HygieneState::unknown: return "unknown";
  }
  return "unknown";
}

HygieneCounts count_hygiene(const HygieneReport& report) {
  HygieneCounts counts;
  const auto add = [&](const std::vector<HygieneFinding>& findings) {
    for (const HygieneFinding& finding : findings) {
      switch (finding.state) {
        case HygieneState::good: ++counts.good; break;
        case HygieneState::unknown: ++counts.unknown; break;
        case HygieneState::fault:
          ++counts.faults;
          counts.grave += finding.grave ? 1 : 0;
          break;
      }
    }
  };
  for (const auto& one : report.addresses) add(one.findings);
  for (const auto& one : report.domains) add(one.findings);
  return counts;
}

std::vector<HygieneFinding> hygiene_faults(const HygieneReport& report, std::string_view place) {
  std::vector<HygieneFinding> out;
  const auto add = [&](const std::vector<HygieneFinding>& findings) {
    std::copy_if(findings.begin(), findings.end(), std::back_inserter(out),
                 [](const auto& finding) { return finding.state == HygieneState::fault; });
  };
  if (place.empty()) return out;
  for (const auto& one : report.addresses) {
    if (one.egress == place || one.address == place) add(one.findings);
  }
  for (const auto& one : report.domains) {
    if (one.domain == place) add(one.findings);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.grave && !b.grave; });
  return out;
}

std::string hygiene_warning(const HygieneReport& report, std::string_view place) {
  std::string out;
  for (const HygieneFinding& finding : hygiene_faults(report, place)) {
    if (finding.grave) out += (out.empty() ? "" : "; ") + finding.text;
  }
  return out;
}

}  // namespace leumund::model
