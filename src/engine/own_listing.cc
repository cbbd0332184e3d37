#include "engine/own_listing.h"

namespace leumund::engine {

void OwnListing::add(std::uint32_t address, const model::Subject& user, base::TimePoint now) {
  const auto [entry, added] = entries_.try_emplace(address);
  entry->second = {user, now + std::chrono::days(7)};
  if (!added) return;
  order_.push_back(address);
  // Removed ones still stand in the order; they go by when their turn comes.
  while (order_.size() > entries_max) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
}

const model::Subject* OwnListing::find(std::uint32_t address, base::TimePoint now) const {
  const auto entry = entries_.find(address);
  return entry == entries_.end() || entry->second.until <= now ? nullptr : &entry->second.user;
}

}  // namespace leumund::engine
