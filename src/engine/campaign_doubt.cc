// What speaks against an alarm: owners among the accounts after it, and what many sent unfound.
#include "engine/campaigns.h"
#include "evidence/cluster_codec.h"

namespace leumund::engine {

using evidence::Cluster;

void Campaigns::learn_waiting(base::TimePoint at) {
  constexpr std::chrono::hours waits_for{24};
  while (!waiting_.empty() && waiting_.front().at + waits_for < at) {
    const model::Fingerprint& print = waiting_.front().print;
    if (!store_.shares_with_open(print)) store_.learn_background(print, at);
    waiting_.pop_front();
  }
}

void Campaigns::see_of_open(const Around& around, Cluster& cluster, const evidence::Placed& placed,
                            const model::Submission& submission, Message& message,
                            CampaignSeen& seen, base::TimePoint at, base::TimePoint now,
                            std::vector<model::Decision>& decisions) {
  const bool owner =
      verdict::hacked_odds(seen.p, seen.traits.acquaintance, settings_.detection) < 0;
  // Whoever sends the whole of it is one of many who do, however usual he looks else. A part of it,
  // such as a list's footer, is what honest mail has in common with the first ones.
  const bool part = !placed.copy;
  if (part && (placed.first_of_account || owner)) seen.judgement = judge(cluster);
  if (part && placed.first_of_account && seen.judgement.refuted(settings_.detection)) {
    message.in_character = true;
    withdraw(around, cluster, "later mail", now, decisions);
    return;
  }
  if (part && owner && seen.judgement.doubtful(settings_.detection)) {
    message.in_character = true;
    return;
  }
  take_in_all(around, cluster, message, placed, owner, at);
  go_on(around, cluster, submission, at, now, decisions);
}

// Nobody has looked at it, so nothing is learned: it is watched as before, and may be found again.
void Campaigns::withdraw(const Around& around, Cluster& cluster, const std::string& by,
                         base::TimePoint now, std::vector<model::Decision>& decisions) {
  const model::Subject subject = subject_of(cluster);
  unname(around, cluster, now);
  lift_resting(around, subject, now, decisions);
  store_.close(cluster, false, false);
  open_.erase(cluster.id);
  dirty_.insert(cluster.id);
  action::Recovery recovery;
  recovery.without_checklist = true;
  if (auto made = around.book.release(subject, recovery, by, now)) {
    evidence::encode_cluster(cluster, made->record);
    decisions.push_back(std::move(*made));
  }
}

void Campaigns::withdraw_all(const Around& around, const std::string& by, base::TimePoint now,
                             std::vector<model::Decision>& decisions) {
  for (const std::uint64_t id : std::set<std::uint64_t>(open_)) {
    if (Cluster* cluster = store_.find(id)) withdraw(around, *cluster, by, now, decisions);
  }
}

}  // namespace leumund::engine
