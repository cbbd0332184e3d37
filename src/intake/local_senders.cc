#include "intake/local_senders.h"

#include <utility>

namespace leumund::intake {

void LocalSenders::add(const model::QueueKey& queue, std::string script) {
  if (!queue.host.empty() || !queue.known()) return;
  known_.with([&](Known& known) {
    // A queue id that is used again belongs to the newest mail.
    const auto [place, fresh] =
        known.scripts[queue.queue_id].insert_or_assign(queue.instance, std::move(script));
    if (!fresh) return;
    known.oldest_first.push_back(queue);
    if (known.oldest_first.size() <= most_) return;
    const model::QueueKey& oldest = known.oldest_first.front();
    const auto found = known.scripts.find(oldest.queue_id);
    found->second.erase(oldest.instance);
    if (found->second.empty()) known.scripts.erase(found);
    known.oldest_first.pop_front();
  });
}

std::optional<std::string> LocalSenders::find(const model::QueueKey& queue) const {
  if (!queue.host.empty()) return std::nullopt;
  return known_.with([&](const Known& known) -> std::optional<std::string> {
    const auto found = known.scripts.find(queue.queue_id);
    if (found == known.scripts.end()) return std::nullopt;
    const auto& instances = found->second;
    const auto exact = instances.find(queue.instance);
    if (exact != instances.end()) return exact->second;
    if (!queue.instance.empty() || instances.size() > 1) return std::nullopt;
    return instances.begin()->second;
  });
}

}  // namespace leumund::intake
