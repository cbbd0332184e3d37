// The part of check_hygiene() about sender domains: SPF for each way out, DKIM keys, DMARC, and
// whether what leaves passes it.
#pragma once

#include "intake/hygiene_check.h"
#include "model/hygiene.h"

namespace leumund::intake {

// `report.addresses` are those of plan.ways, in their order; relay hosts are added behind them.
void check_domains(const HygienePlan& plan, const DnsLookUp& ask, model::HygieneReport& report);

}  // namespace leumund::intake
