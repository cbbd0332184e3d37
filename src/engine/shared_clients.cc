#include "engine/shared_clients.h"

#include <algorithm>

namespace leumund::engine {
namespace {

constexpr std::int32_t quiet_days_max = 30;
constexpr std::int32_t enough_accounts = 3;

std::int32_t day_of(base::TimePoint at) {
  return static_cast<std::int32_t>(base::seconds_of(at.time_since_epoch()) / 86400);
}

std::uint32_t part_of(std::uint64_t account) {
  return std::max(1U, static_cast<std::uint32_t>(account >> 32));
}

}  // namespace

void SharedClients::use(std::uint32_t address, std::uint64_t account, base::TimePoint at) {
  const auto [found, added] = entries_.try_emplace(address);
  Entry& entry = found->second;
  if (added) {
    order_.push_back(address);
    if (order_.size() > entries_max) {
      entries_.erase(order_.front());
      order_.pop_front();
    }
  } else if (day_of(at) > entry.day + quiet_days_max) {
    entry.accounts = {};
  }
  entry.day = std::max(entry.day, day_of(at));
  const std::uint32_t part = part_of(account);
  const auto known = std::find(entry.accounts.begin(), entry.accounts.end(), part);
  // The newest first; one that comes back only moves forward.
  std::rotate(entry.accounts.begin(), known == entry.accounts.end() ? known - 1 : known,
              known == entry.accounts.end() ? known : known + 1);
  entry.accounts.front() = part;
}

bool SharedClients::shared(std::uint32_t address, std::uint64_t except_account,
                           base::TimePoint at) const {
  const auto found = entries_.find(address);
  if (found == entries_.end() || day_of(at) > found->second.day + quiet_days_max) return false;
  const std::uint32_t except = part_of(except_account);
  return std::count_if(found->second.accounts.begin(), found->second.accounts.end(),
                       [except](std::uint32_t part) { return part != 0 && part != except; }) >=
         enough_accounts;
}

}  // namespace leumund::engine
