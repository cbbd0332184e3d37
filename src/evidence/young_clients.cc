#include "evidence/young_clients.h"

#include <algorithm>

#include "base/hash.h"

namespace leumund::evidence {
namespace {

constexpr std::chrono::hours young_for{24 * 7};
constexpr std::chrono::hours together{24};

template <typename Map, typename Order, typename Key>
auto& put(Map& map, Order& order, const Key& key, std::size_t most) {
  const auto [at, added] = map.try_emplace(key);
  if (added) {
    order.push_back(key);
    if (order.size() > most) {
      map.erase(order.front());
      order.pop_front();
    }
  }
  return at->second;
}

}  // namespace

YoungClients::Seen YoungClients::use(std::uint32_t address, std::uint64_t account,
                                     std::uint32_t tenant, base::TimePoint at) {
  if (!watching_) watching_since_ = at;
  watching_ = true;
  Seen seen;
  Entry& entry = entry_of(address);
  if (entry.first_at == base::TimePoint{}) entry.first_at = at;
  seen.young = at >= watching_since_ + young_for && entry.first_at + young_for > at;
  if (seen.young) seen.address = address;
  User* own = nullptr;
  for (User& user : entry.users) {
    if (user.account == account) own = &user;
    if (user.account == 0 || user.account == account || user.tenant == tenant) continue;
    if (user.at + together > at) seen.companions.push_back(user.account);
  }
  if (own == nullptr) {
    own = &entry.users[entry.next];
    entry.next = static_cast<std::uint8_t>((entry.next + 1U) % accounts_max);
  }
  *own = {account, tenant, at};
  if (!seen.young) {
    seen.companions.clear();
  } else {
    for (const std::uint64_t other : seen.companions) meet(account, other, address, at);
  }
  seen.group = group_of(account, at);
  return seen;
}

// Who floods the table with addresses of his own does not make the house's known ones new again.
YoungClients::Entry& YoungClients::entry_of(std::uint32_t address) {
  const auto [at, added] = entries_.try_emplace(address);
  if (!added) {
    order_.splice(order_.end(), order_, at->second.place);
    return at->second;
  }
  at->second.place = order_.insert(order_.end(), address);
  if (entries_.size() > entries_max) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
  return at->second;
}

std::uint64_t YoungClients::group_of(std::uint64_t account, base::TimePoint at) const {
  const auto group = groups_.find(account);
  return group == groups_.end() || group->second.at + together <= at ? 0 : group->second.root;
}

void YoungClients::meet(std::uint64_t a, std::uint64_t b, std::uint32_t address,
                        base::TimePoint at) {
  const std::uint64_t key = base::combine_hashes(std::min(a, b), std::max(a, b));
  Pair& pair = put(pairs_, pair_order_, key, entries_max);
  const bool second = pair.address != 0 && pair.address != address && pair.at + together > at;
  if (pair.address == 0 || pair.at + together <= at) pair = {address, at};
  if (!second) return;
  std::uint64_t root = group_of(b, at);
  if (root == 0) root = group_of(a, at);
  if (root == 0) root = base::combine_hashes(key, 0x67726f7570ULL) | 1U;
  put(groups_, group_order_, a, groups_max) = {root, at};
  put(groups_, group_order_, b, groups_max) = {root, at};
}

}  // namespace leumund::evidence
