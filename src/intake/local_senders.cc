#include "intake/local_senders.h"

#include <utility>

namespace leumund::intake {

void LocalSenders::add(const model::QueueKey& queue, std::string script) {
  if (!queue.host.empty() || !queue.known()) return;
  known_.with([&](Known& known) {
    // A queue id that is used again belongs to the newest mail.
    const auto [place, fresh] = known.scripts.insert_or_assign(queue, std::move(script));
    if (!fresh) return;
    known.oldest_first.push_back(queue);
    if (known.oldest_first.size() <= most_) return;
    known.scripts.erase(known.oldest_first.front());
    known.oldest_first.pop_front();
  });
}

std::optional<std::string> LocalSenders::find(const model::QueueKey& queue) const {
  return known_.with([&](const Known& known) -> std::optional<std::string> {
    const auto found = known.scripts.find(queue);
    if (found == known.scripts.end()) return std::nullopt;
    return found->second;
  });
}

}  // namespace leumund::intake
