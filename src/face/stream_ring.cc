#include "face/stream_ring.h"

#include <algorithm>
#include <utility>

namespace leumund::face {

void StreamRing::publish(std::string kind, std::string json) {
  items_.with([&](Items& items) {
    const std::uint64_t sequence = newest_.load() + 1;
    items.bytes += json.size();
    items.kept.push_back({sequence, std::move(kind), std::move(json)});
    while (items.kept.size() > items_max_ || (items.bytes > bytes_max_ && items.kept.size() > 1)) {
      items.bytes -= items.kept.front().json.size();
      items.kept.pop_front();
    }
    newest_.store(sequence);
  });
}

std::vector<StreamItem> StreamRing::read(std::uint64_t after, std::size_t limit) const {
  if (after >= newest_.load()) return {};
  return items_.with([&](const Items& items) {
    const auto first = std::upper_bound(
        items.kept.begin(), items.kept.end(), after,
        [](std::uint64_t wanted, const StreamItem& item) { return wanted < item.sequence; });
    const auto count =
        std::min<std::size_t>(limit, static_cast<std::size_t>(items.kept.end() - first));
    return std::vector<StreamItem>(first, first + static_cast<std::ptrdiff_t>(count));
  });
}

}  // namespace leumund::face
