#include "apps/daemon/detour_tries.h"

#include <algorithm>

namespace leumund::apps {
namespace {

constexpr std::chrono::minutes lately{1};

}  // namespace

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

void DetourTries::let_out(const Key& key, std::size_t mails, Time now) {
  auto& theirs = let_out_[key];
  std::erase_if(theirs, [&](const auto& lot) { return lot.first + lately < now; });
  if (mails > 0) theirs.emplace_back(now, mails);
}

std::size_t DetourTries::let_out_lately(const Key& key, Time now) const {
  std::size_t out = 0;
  const auto theirs = let_out_.find(key);
  if (theirs == let_out_.end()) return out;
  for (const auto& [at, mails] : theirs->second) out += at + lately < now ? 0 : mails;
  return out;
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
    for (auto& [queue_id, one] : theirs) one.at = std::max(one.at, until);
  }
}

void DetourTries::end(const Key& key, Time now) {
  tries_.erase(key);
  ended_[key] = now;
}

std::vector<DetourTries::Key> DetourTries::turning(const std::string& provider, Time now) const {
  std::set<Key> out;
  for (const auto& [key, one] : tries_) {
    if (key.first == provider) out.insert(key);
  }
  for (const auto& [key, ended] : ended_) {
    if (key.first == provider && now - ended <= lately) out.insert(key);
  }
  return {out.begin(), out.end()};
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

void DetourTries::end_missed(const Key& key, const std::set<std::string>& queue_ids) {
  const auto theirs = missed_.find(key);
  if (theirs == missed_.end()) return;
  for (const std::string& queue_id : queue_ids) {
    const auto found = theirs->second.find(queue_id);
    if (found != theirs->second.end()) found->second.tried = true;
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
