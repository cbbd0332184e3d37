// A campaign that stands while its mailing goes on.
#include "engine/campaigns.h"

namespace leumund::engine {
namespace {

using evidence::Cluster;

constexpr std::chrono::seconds tell_again_after{600};
// Where the book does nothing, as beyond the bounds of the unattended time.
constexpr std::chrono::seconds tell_at_most_every{1};
constexpr std::size_t texts_kept = 3;
constexpr std::size_t text_bytes_kept = 4096;

}  // namespace

void Campaigns::go_on(const Around& around, Cluster& cluster, const model::Submission& submission,
                      base::TimePoint at, base::TimePoint now,
                      std::vector<model::Decision>& decisions) {
  dirty_.insert(cluster.id);
  if (settings_.keep_texts && !submission.own_text.empty() && cluster.texts.size() < texts_kept) {
    cluster.texts.push_back(submission.own_text.substr(0, text_bytes_kept));
  }
  const model::Subject subject = subject_of(cluster);
  const model::Restriction* standing = around.book.find(subject);
  // A measure that is shorter than that would end in the midst of the mailing; one that was only
  // reported begins.
  const bool due = standing == nullptr
                       ? around.book.acts_on("campaign", subject, now)
                       : standing->until && *standing->until < now + tell_again_after;
  if (cluster.told_at + (due ? tell_at_most_every : tell_again_after) > at) return;
  cluster.told_at = at;
  // Moves the end of the measure, which says nothing new; or what was observed is now in force.
  auto decision = around.book.apply(finding(cluster, judge(cluster), at), model::Level::hold, now);
  if (!decision) return;
  for (const std::uint64_t account : std::vector<std::uint64_t>(cluster.known_members))
    take_in(around, cluster, account, at);
  name_members(around, cluster, *decision);
  decisions.push_back(std::move(*decision));
}

}  // namespace leumund::engine
