// What people do with a campaign.
#include "engine/parts.h"

namespace leumund::engine {

std::vector<model::Decision> Engine::campaign_released(const model::Subject& campaign, bool honest,
                                                       base::TimePoint now) {
  auto lifted = parts_->campaigns.released(parts_->around(), campaign, honest, now);
  // They were restricted by mistake.
  for (const model::Decision& decision : lifted) learn_from_release(decision.subject, now);
  return lifted;
}

std::vector<model::Subject> Engine::campaign_members(const model::Subject& campaign) const {
  std::vector<model::Subject> out;
  const evidence::Cluster* cluster = parts_->campaigns.find(campaign);
  if (cluster == nullptr) return out;
  for (const std::uint64_t account : cluster->known_members) {
    if (auto subject = model::Subject::parse(parts_->ledger.subject_of(account)))
      out.push_back(std::move(*subject));
  }
  return out;
}

}  // namespace leumund::engine
