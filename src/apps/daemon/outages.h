// What the public may know of refusals: registered providers, since when, what becomes of the mail.
//
// Only refusals of what everybody's mail leaves by count: a resting way's are nobody's trouble, and
// a pool's would tell of its tenant.
//
// Flow:    block matrix, detours, cases, registry -> outage_report() -> face::StatusPage.
// Threads: a pure function.
#pragma once

#include <span>
#include <vector>

#include "config/settings.h"
#include "diagnosis/registry.h"
#include "face/status_page.h"
#include "model/block.h"
#include "model/case.h"
#include "model/detour.h"

namespace leumund::apps {

struct OutageFacts {
  std::span<const model::BlockFacts> cells;
  std::span<const model::Detour> detours;
  std::span<const model::Case> cases;
  std::span<const diagnosis::Provider> providers;
};

[[nodiscard]] face::OutageReport outage_report(const OutageFacts& facts,
                                               const config::RunSettings& run, base::TimePoint now);

}  // namespace leumund::apps
