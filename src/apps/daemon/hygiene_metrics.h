// What /metrics tells of our set-up: how many findings each way out and configured domain has.
//
// Limits:  domains that mail was only seen from are customers': they are counted together, unnamed.
// Threads: a pure function.
#pragma once

#include "face/metrics.h"
#include "model/hygiene.h"

namespace leumund::apps {

[[nodiscard]] face::Metric findings_metric(const model::HygieneReport& report);

}  // namespace leumund::apps
