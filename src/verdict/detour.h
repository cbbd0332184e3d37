// Which way the mail of one provider takes: usual, another of our addresses, or none for now.
//
// Flow:    block matrix, suspects, deliveries so far -> plan_detour() -> the detour as it is to be.
//          The caller keeps it, publishes tables from it and tells of it when `changed`.
// Time:    passed in; asked again about once a second.
// Threads: pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/block.h"
#include "model/detour.h"

namespace leumund::verdict {

struct DetourSettings {
  std::vector<std::string> ways = {"default"};  // the first is the usual one
  std::uint32_t cap_per_hour = 500;
  // Of the first hours in which a way carries mail: an address that a provider does not know
  // gets burnt by volume alone.
  std::vector<std::uint32_t> warm_up = {50, 100, 200};
  std::chrono::seconds probe_first{600};
  std::chrono::seconds probe_most{6 * 3600};
  std::chrono::seconds probe_patience{900};  // after that a probe without news is over
  // A way in doubt, not refused, may be tried again when nothing was refused for that long.
  std::chrono::seconds doubt_span{3600};
};

struct DetourWorld {
  std::vector<model::BlockFacts> cells;  // of this provider
  std::string suspect;  // who sends like the cause and is not restricted; "": it is contained
};

struct DetourStep {
  model::Detour detour;
  bool changed = false;  // worth a decision: phase, way, or who keeps the gate shut
  // A probe that is over without news, or not needed any more.
  std::optional<model::DetourProbe> probe_over;
};

[[nodiscard]] DetourStep plan_detour(const model::Detour& before, const DetourWorld& world,
                                     const DetourSettings& settings, base::TimePoint now);

// A mail to the provider was delivered by `via`.
void count_detoured(model::Detour& detour, base::TimePoint now);

// Whether the next mail of a clean account may try the usual way.
[[nodiscard]] bool probe_is_due(const model::Detour& detour, base::TimePoint now);
// ... and must be one that is queued already: nothing new comes in while no way is free.
[[nodiscard]] bool queue_probe_is_due(const model::Detour& detour, base::TimePoint now);
void start_probe(model::Detour& detour, model::DetourProbe probe);
enum class ProbeResult : std::uint8_t {
  accepted,
  refused,  // for our address
  unclear,  // its recipient's trouble, or nobody answered: another mail may tell
};

// What became of it, as the log tells of `at`: accepted ones follow each other quickly, refused
// ones at growing pauses.
void end_probe(model::Detour& detour, ProbeResult result, base::TimePoint at,
               const DetourSettings& settings, base::TimePoint now);

// What a person ordered. `via` "" ends it.
[[nodiscard]] model::Detour set_by_hand(model::Detour detour, const std::string& via,
                                        const std::string& by, const DetourSettings& settings,
                                        base::TimePoint now);

}  // namespace leumund::verdict
