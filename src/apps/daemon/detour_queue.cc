// What the detours' desk does to queued mail: tries it again when a way opens, requeues refused
// probes, lets held mail go.
#include <algorithm>
#include <utility>

#include "apps/daemon/detour_desk.h"
#include "diagnosis/provider_group.h"

namespace leumund::apps {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool is_of_pool(const config::DetourPools& pools, const std::string& pool,
                const std::string& sender) {
  const auto* found = pools.of_sender(sender);
  return found != nullptr && found->name == pool;
}

}  // namespace

void DetourDesk::flush_due() {
  constexpr std::size_t flushed_at_once = 100;
  constexpr std::size_t flushed_on_return = 100'000;
  const auto now = SteadyClock::now();
  std::map<Key, std::size_t> due;  // and how many may leave
  state_.with([&](State& state) {
    for (auto& [key, flush] : state.flushes) {
      if (flush.at > now) continue;
      if (!flush.left) {
        const auto found = state.detours.find(key);
        const bool capped = found != state.detours.end() && model::routes_mail(found->second);
        flush.left = !capped
                         ? flushed_on_return
                         : found->second.cap - std::min(found->second.cap, found->second.delivered);
      }
      due[key] = std::min(*flush.left, flushed_at_once);
    }
  });
  if (due.empty()) return;
  const action::QueueControl queue = around_.queue();
  const auto listed = queue.on() ? queue.list() : std::vector<action::QueuedMessage>();
  if (!listed) {
    set_trouble(listed.error().message);
    return;
  }
  for (const auto& [key, most] : due) flush_mail(key, most, queue, *listed);
}

void DetourDesk::flush_mail(const Key& key, std::size_t most, const action::QueueControl& queue,
                            const std::vector<action::QueuedMessage>& listed) {
  const auto& [provider, pool] = key;
  std::vector<model::QueueKey> keys;
  for (const auto& message : listed) {
    const bool theirs =
        (pool.empty() || is_of_pool(*pools_, pool, message.sender)) &&
        std::any_of(message.addresses.begin(), message.addresses.end(), [&](const auto& address) {
          return provider_of(diagnosis::domain_of(address)) == provider;
        });
    if (message.queue != "deferred" || !theirs) continue;
    if (keys.size() == most) break;
    keys.push_back(message.key);
  }
  const auto result = queue.flush(keys);
  if (!result.trouble.empty()) set_trouble(result.trouble);
  state_.with([&](State& state) {
    state.flushed += result.done.size();
    const auto flush = state.flushes.find(key);
    if (flush == state.flushes.end()) return;
    *flush->second.left -= std::min(*flush->second.left, keys.size());
    // Without the helper Postfix tries it by itself, only later.
    if (keys.size() < most || *flush->second.left == 0) state.flushes.erase(flush);
  });
}

// A refused probe keeps the way it was given; requeued it takes the one that the table says.
void DetourDesk::work_requeue() {
  const auto keys = state_.with([](State& state) { return std::exchange(state.requeue, {}); });
  if (keys.empty()) return;
  const auto result = around_.queue().run(action::QueueVerb::requeue, keys);
  if (!result.trouble.empty()) set_trouble(result.trouble);
}

void DetourDesk::release_held() {
  std::vector<Held> over;
  state_.with([&](State& state) {
    const auto waits = [&](const Held& held) {
      const auto found = state.detours.find({held.provider, held.pool});
      return found != state.detours.end() && model::routes_mail(found->second);
    };
    const auto first = std::partition(state.held.begin(), state.held.end(), waits);
    over.assign(std::make_move_iterator(first), std::make_move_iterator(state.held.end()));
    state.held.erase(first, state.held.end());
    if (!over.empty()) state.counts = true;
  });
  if (over.empty()) return;
  std::vector<model::QueueKey> keys;
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    for (const Held& held : over) {
      const auto* restriction = engine.book().find(held.subject);
      // Who was stopped meanwhile stays held, like the rest of that account's mail.
      if (restriction != nullptr && restriction->mode == model::Mode::enforce) continue;
      keys.push_back(held.queue);
    }
  });
  const auto result = around_.queue().run(action::QueueVerb::release, keys);
  if (!result.trouble.empty()) set_trouble(result.trouble);
}

}  // namespace leumund::apps
