// The last step before the engine: adds to an event what is looked up about its client or its
// recipient's provider, shows it to whoever follows, and in a demonstration puts it on the
// demonstration's clock.
//
// Flow:    policy, log, API -> ClientEdge -> Pipeline::feed.
// Threads: any; nothing changes after construction.
#pragma once

#include <memory>

#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "face/stream_ring.h"
#include "intake/client_facts.h"
#include "intake/provider_groups.h"
#include "model/mail_event.h"

namespace leumund::apps {

class ClientEdge {
 public:
  // `facts` may be null.
  // `providers` may be null as well: then the engine goes by remote hosts and domains alone.
  ClientEdge(Pipeline& pipeline, const Clock& clock, face::StreamRing& followers,
             std::unique_ptr<intake::ClientFactsSource> facts, intake::ProviderGroups* providers)
      : pipeline_(pipeline),
        clock_(clock),
        followers_(followers),
        facts_(std::move(facts)),
        providers_(providers) {}

  // An event that happens now (policy): on a clock of ours it is dated anew.
  engine::Outcome feed_live(const model::MailEvent& event);
  // An event that was recorded with its own time (log, API).
  engine::Outcome feed_recorded(const model::MailEvent& event);

 private:
  [[nodiscard]] bool needs_facts(const model::MailEvent& event) const;
  void add_facts(model::MailEvent& event) const;
  [[nodiscard]] engine::Outcome feed(const model::MailEvent& event, base::TimePoint now);

  Pipeline& pipeline_;
  const Clock& clock_;
  face::StreamRing& followers_;
  std::unique_ptr<intake::ClientFactsSource> facts_;
  intake::ProviderGroups* providers_;
};

}  // namespace leumund::apps
