// How a cluster becomes a campaign and stops being one.
#include <algorithm>
#include <utility>

#include "evidence/cluster_store.h"

namespace leumund::evidence {

bool ClusterStore::open(Cluster& cluster, base::TimePoint at) {
  if (cluster.state == ClusterState::open) return true;
  if (open_ >= settings_.open_max) return false;
  cluster.state = ClusterState::open;
  if (std::exchange(cluster.undecided, false)) cluster.known_members = {};
  cluster.opened_at = at;
  cluster.told_at = {};
  ++open_;
  return true;
}

void ClusterStore::end(Cluster& cluster) {
  std::vector<std::uint64_t> members = std::exchange(cluster.known_members, {});
  close(cluster, false, false);
  cluster.known_members = std::move(members);
  cluster.members.clear();
  keep_undecided(cluster);
}

void ClusterStore::keep_undecided(Cluster& cluster) {
  cluster.undecided = true;
  std::erase(undecided_, cluster.id);
  undecided_.push_back(cluster.id);
  if (undecided_.size() <= settings_.open_max) return;
  Cluster* oldest = find(undecided_.front());
  if (oldest != nullptr && oldest->undecided) {
    oldest->undecided = false;
    oldest->known_members = {};
    if (!oldest->recorded()) recorded_gone_.push_back(oldest->id);
  }
  undecided_.erase(undecided_.begin());
}

void ClusterStore::close(Cluster& cluster, bool harmless, bool by_person) {
  if (cluster.state == ClusterState::open) --open_;
  cluster.state = harmless ? ClusterState::harmless : ClusterState::watched;
  cluster.by_person = by_person;
  cluster.undecided = false;
  cluster.known_members = {};
  cluster.texts = {};
}

}  // namespace leumund::evidence
