// What is kept of open and harmless campaigns over a restart.
#include <charconv>
#include <utility>

#include "engine/campaigns.h"
#include "evidence/cluster_codec.h"

namespace leumund::engine {

using evidence::Cluster;
using evidence::ClusterState;

std::size_t Campaigns::drain_dirty(std::size_t most,
                                   const std::function<void(evidence::SubjectRecord&&)>& visit) {
  for (const std::uint64_t id : store_.take_forgotten()) dirty_.insert(id);
  for (std::size_t handed = 0; handed < most && !dirty_.empty(); ++handed) {
    const std::uint64_t id = *dirty_.begin();
    dirty_.erase(dirty_.begin());
    const Cluster* cluster = store_.find(id);
    evidence::SubjectRecord record;
    record.subject = model::Subject{model::SubjectKind::campaign, Cluster::name_of(id)}.to_string();
    // The empty state deletes it.
    if (cluster != nullptr && cluster->recorded()) evidence::encode_cluster(*cluster, record.state);
    visit(std::move(record));
  }
  return dirty_.size();
}

base::Status Campaigns::load_record(std::string_view name, std::string_view state) {
  auto cluster = evidence::decode_cluster(state);
  if (!cluster)
    return base::Error{cluster.error().code, std::string(name) + ": " + cluster.error().message};
  if (cluster->state == ClusterState::open) open_.insert(cluster->id);
  if (const auto queued = queued_before_.find(cluster->id); queued != queued_before_.end()) {
    cluster->message_numbers = std::move(queued->second);
    queued_before_.erase(queued);
  }
  store_.load(std::move(*cluster));
  return {};
}

void Campaigns::remember_queued(const model::Subject& campaign, Message& message) {
  std::uint64_t id = 0;  // its record comes later
  const char* const end = campaign.name.data() + campaign.name.size();
  const auto parsed = std::from_chars(campaign.name.data(), end, id, 16);
  if (campaign.kind != model::SubjectKind::campaign || parsed.ptr != end || id == 0) return;
  message.cluster = id;
  message.campaign_kept = true;
  message.placed = true;
  Cluster* const known = store_.find(id);
  (known != nullptr ? known->message_numbers : queued_before_[id]).push_back(message.number);
}

}  // namespace leumund::engine
