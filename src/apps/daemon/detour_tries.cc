#include "apps/daemon/detour_tries.h"

#include <algorithm>

namespace leumund::apps {

void DetourTries::follow(const model::Detour& before, const model::Detour& after) {
  const Key key{after.provider, after.pool};
  if (model::routes_mail(after)) {
    if (after.phase == model::DetourPhase::open) return order(key);
    end(key);  // capped, deferred: it waits
    return;
  }
  // Of one that led nothing before, an earlier return may still stand.
  if (model::routes_mail(before)) order(key);
}

void DetourTries::tables_stand(Time now) {
  for (auto& [key, one] : tries_) {
    if (one.at == Time::max()) one.at = now + until_postfix_looks;
  }
}

void DetourTries::put_off(Time until) {
  for (auto& [key, one] : tries_) one.at = std::max(one.at, until);
}

std::vector<DetourTries::Key> DetourTries::due(Time now) const {
  std::vector<Key> out;
  for (const auto& [key, one] : tries_) {
    if (one.at <= now) out.push_back(key);
  }
  return out;
}

std::vector<DetourTries::Key> DetourTries::all() const {
  std::vector<Key> out;
  out.reserve(tries_.size());
  for (const auto& [key, one] : tries_) out.push_back(key);
  return out;
}

DetourTries::Try* DetourTries::find(const Key& key) {
  const auto found = tries_.find(key);
  return found == tries_.end() ? nullptr : &found->second;
}

const DetourTries::Try* DetourTries::find(const Key& key) const {
  const auto found = tries_.find(key);
  return found == tries_.end() ? nullptr : &found->second;
}

}  // namespace leumund::apps
