// How our ways out are set up, and what providers say of them, as JSON.
#pragma once

#include <string>
#include <vector>

#include "model/hygiene.h"
#include "model/provider_report.h"

namespace leumund::face {

[[nodiscard]] std::string hygiene_report_json(const model::HygieneReport& report);
// An array.
[[nodiscard]] std::string hygiene_findings_json(const std::vector<model::HygieneFinding>& findings);

[[nodiscard]] std::string provider_reports_json(const model::ProviderReports& reports);

}  // namespace leumund::face
