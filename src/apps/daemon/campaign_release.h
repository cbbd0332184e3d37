// What follows from the release of a campaign: its members go free of what they were restricted for
// because of it, its text counts as honest, and the mail that it kept back may go.
//
// Threads: to be called under the engine's lock.
#pragma once

#include <vector>

#include "base/time.h"
#include "engine/engine.h"
#include "model/decision.h"

namespace leumund::apps {

// The decisions that follow from `decisions`, in which a campaign may have been released, or
// exempted while it was only observed. `honest`: its mail was wanted. Without a campaign: nothing
// follows. What became of it is written with its decision: killed right after, the daemon must not
// hold its mail again.
[[nodiscard]] std::vector<model::Decision> after_campaign_release(
    engine::Engine& engine, std::vector<model::Decision>& decisions, bool honest,
    base::TimePoint now);

// Without those that anything stands against.
void leave_out_restricted(engine::Engine& engine, std::vector<model::Subject>& subjects);

}  // namespace leumund::apps
