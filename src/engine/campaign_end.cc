// How campaigns end: released by a person, ended in the book, quiet, or for want of room.
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/campaigns.h"

namespace leumund::engine {
namespace {

using evidence::Cluster;

// A campaign that stands nowhere and whose mail stopped coming for so long is over.
constexpr std::chrono::hours quiet_for{24 * 7};
// ... and where no more may be open, after so long for one that begins.
constexpr std::chrono::minutes makes_room_after{30};
// What a person released or what recurred is forgotten by itself when it was quiet for long.
constexpr std::chrono::hours sweeps_every{24};

}  // namespace

std::unordered_set<std::uint64_t> Campaigns::named_elsewhere(const Around& around,
                                                             const Cluster& cluster) const {
  std::unordered_set<std::uint64_t> elsewhere;
  const std::unordered_set<std::uint64_t> own(cluster.known_members.begin(),
                                              cluster.known_members.end());
  for (const std::uint64_t id : open_) {
    const Cluster* other = id == cluster.id ? nullptr : store_.find(id);
    if (other == nullptr || around.book.find(subject_of(*other)) == nullptr) continue;
    for (const std::uint64_t hash : other->known_members) {
      if (own.contains(hash)) elsewhere.insert(hash);
    }
  }
  return elsewhere;
}

void Campaigns::unname(const Around& around, const Cluster& cluster, base::TimePoint now) {
  const std::unordered_set<std::uint64_t> elsewhere = named_elsewhere(around, cluster);
  for (const std::uint64_t hash : cluster.known_members) {
    if (elsewhere.contains(hash)) continue;
    if (evidence::Account* account = around.ledger.touch_again(hash, now))
      account->recent.campaign_member = false;
  }
}

void Campaigns::lift_resting(const Around& around, const model::Subject& campaign,
                             base::TimePoint now, std::vector<model::Decision>& decisions) {
  for (const model::Subject& subject : around.book.resting_on(campaign)) {
    action::Recovery recovery;
    recovery.without_checklist = true;  // it was no break-in
    auto made = around.book.release(subject, recovery, "release of " + campaign.to_string(), now);
    if (made) decisions.push_back(std::move(*made));
  }
}

std::vector<model::Decision> Campaigns::released(const Around& around,
                                                 const model::Subject& campaign, bool honest,
                                                 base::TimePoint now) {
  std::vector<model::Decision> decisions;
  if (campaign.kind != model::SubjectKind::campaign) return decisions;
  if (honest) lift_resting(around, campaign, now, decisions);
  Cluster* cluster = store_.find(store_.id_of(campaign.name));
  if (cluster == nullptr) return decisions;
  unname(around, *cluster, now);
  store_.close(*cluster, honest, honest);
  if (!honest) cluster->members.clear();  // it must show itself anew
  open_.erase(cluster->id);
  dirty_.insert(cluster->id);
  return decisions;
}

// Whoever was stopped because of it stays so, and mail stays on hold: a script that was taken over
// is quiet because it is stopped. What is known of it is kept for the person who decides.
void Campaigns::ended(const Around& around, std::uint64_t id, base::TimePoint now) {
  open_.erase(id);
  dirty_.insert(id);
  Cluster* cluster = store_.find(id);
  if (cluster == nullptr || cluster->state != evidence::ClusterState::open) return;
  unname(around, *cluster, now);
  store_.end(*cluster);
}

void Campaigns::ended(const Around& around, const model::Subject& campaign, base::TimePoint now) {
  if (const Cluster* cluster = find(campaign)) ended(around, cluster->id, now);
}

// Who opens as many campaigns as there may be does not hide the next: the one that was quiet
// longest goes, before others one that is only observed, and none that a person set. If its mail
// comes again, it is found again.
void Campaigns::make_room(const Around& around, base::TimePoint at, base::TimePoint now,
                          std::vector<model::Decision>& decisions) {
  const Cluster* quietest = nullptr;
  bool quietest_stands = true;
  for (const std::uint64_t id : open_) {
    const Cluster* cluster = store_.find(id);
    if (cluster == nullptr || cluster->last_at + makes_room_after >= at) continue;
    const model::Restriction* standing = around.book.find(subject_of(*cluster));
    const bool stands = standing != nullptr;
    if (stands && !standing->automatic) continue;
    if (quietest == nullptr ||
        std::pair(stands, cluster->last_at) < std::pair(quietest_stands, quietest->last_at)) {
      quietest = cluster;
      quietest_stands = stands;
    }
  }
  if (quietest == nullptr) return;
  if (auto decision = around.book.end(subject_of(*quietest), "room for another campaign", now))
    decisions.push_back(std::move(*decision));
  ended(around, quietest->id, now);
}

void Campaigns::tick(const Around& around, base::TimePoint now) {
  // The first time is right after a start: records do not know how old they became meanwhile.
  if (swept_at_ + sweeps_every <= now) {
    swept_at_ = now;
    store_.forget_harmless(now);
  }
  if (open_.empty() || ticked_at_ + std::chrono::minutes(1) > now) return;
  ticked_at_ = now;
  std::vector<std::uint64_t> over;
  for (const std::uint64_t id : open_) {
    const Cluster* cluster = store_.find(id);
    // What stands in the book ends there, however long that is.
    if (cluster == nullptr ||
        (cluster->last_at + quiet_for < now && around.book.find(subject_of(*cluster)) == nullptr))
      over.push_back(id);
  }
  for (const std::uint64_t id : over) ended(around, id, now);
}

}  // namespace leumund::engine
