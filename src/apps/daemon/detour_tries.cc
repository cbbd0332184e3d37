#include "apps/daemon/detour_tries.h"

#include <algorithm>

namespace leumund::apps {

void DetourTries::order(const Key& key) {
  tries_[key] = {};
  missed_.erase(key);
}

void DetourTries::follow(const model::Detour& before, const model::Detour& after) {
  const Key key{after.provider, after.pool};
  missed_.erase(key);
  if (model::routes_mail(after)) {
    if (after.phase == model::DetourPhase::open) return order(key);
    tries_.erase(key);  // capped, deferred: it waits
    return;
  }
  // Of one that led nothing before, an earlier return may still stand.
  if (model::routes_mail(before)) order(key);
}

void DetourTries::miss(const Key& key, const std::string& queue_id) {
  auto& theirs = missed_[key];
  const auto found = theirs.find(queue_id);
  if (found != theirs.end()) {
    if (found->second.tried) found->second.told = true;
    if (!found->second.tried) found->second.at = Time::max();
  } else if (theirs.size() < missed_max) {
    theirs.try_emplace(queue_id);
  }
}

void DetourTries::arrived(const std::string& provider, const std::string& queue_id) {
  for (auto at = missed_.lower_bound({provider, ""});
       at != missed_.end() && at->first.first == provider; ++at) {
    at->second.erase(queue_id);
  }
}

std::size_t DetourTries::under_way(const Key& key, Time now) const {
  constexpr std::chrono::minutes patience{10};  // its log line is lost, or somebody deleted it
  const auto theirs = missed_.find(key);
  if (theirs == missed_.end()) return 0;
  return static_cast<std::size_t>(
      std::count_if(theirs->second.begin(), theirs->second.end(), [&](const auto& entry) {
        const Missed& one = entry.second;
        return one.tried && !one.told && now < one.at + patience;
      }));
}

void DetourTries::tables_stand(Time now) {
  for (auto& [key, one] : tries_) {
    if (one.at == Time::max()) one.at = now + until_postfix_looks;
  }
  for (auto& [key, theirs] : missed_) {
    for (auto& [queue_id, one] : theirs) {
      if (one.at == Time::max()) one.at = now + until_postfix_asks;
    }
  }
}

void DetourTries::put_off(Time until) {
  for (auto& [key, one] : tries_) one.at = std::max(one.at, until);
  for (auto& [key, theirs] : missed_) {
    for (auto& [queue_id, one] : theirs) {
      if (!one.tried) one.at = std::max(one.at, until);
    }
  }
}

void DetourTries::end(const Key& key, Time now) {
  tries_.erase(key);
  ended_[key] = now;
}

bool DetourTries::turns(const Key& key, Time now) const {
  constexpr std::chrono::minutes lately{1};
  const auto ended = ended_.find(key);
  return waits(key) || (ended != ended_.end() && now - ended->second <= lately);
}

std::map<DetourTries::Key, std::set<std::string>> DetourTries::missed(Time now) const {
  std::map<Key, std::set<std::string>> out;
  for (const auto& [key, theirs] : missed_) {
    if (waits(key)) continue;
    for (const auto& [queue_id, one] : theirs) {
      if (!one.tried && one.at <= now) out[key].insert(queue_id);
    }
  }
  return out;
}

void DetourTries::end_missed(const Key& key, const std::set<std::string>& queue_ids, Time now) {
  const auto theirs = missed_.find(key);
  if (theirs == missed_.end()) return;
  for (const std::string& queue_id : queue_ids) {
    const auto found = theirs->second.find(queue_id);
    if (found != theirs->second.end()) found->second = {now, true, false};
  }
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
