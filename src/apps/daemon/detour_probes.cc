// Mail that tries the usual way while a detour stands: new mail that the policy service sends
// there, or, where no way is free, queued mail whose one recipient the table lets out.
#include <algorithm>
#include <utility>

#include "apps/daemon/detour_desk.h"
#include "base/ascii.h"
#include "diagnosis/provider_group.h"
#include "verdict/mail_order.h"

namespace leumund::apps {
namespace {

using model::Detour;
using SteadyClock = std::chrono::steady_clock;

// A table's key is looked for as it is, and stands in a line of the plain file.
bool is_plain_address(const std::string& address) {
  const bool plain = std::all_of(address.begin(), address.end(),
                                 [](char c) { return c > ' ' && c < 0x7f && c != '"'; });
  return plain && std::count(address.begin(), address.end(), '@') == 1 && address.front() != '@';
}

bool is_clean(engine::Engine& engine, const model::Subject& subject, base::TimePoint now) {
  if (subject.name.empty()) return false;
  const auto about = engine.explain(subject, now);
  const bool stopped = about.restriction != nullptr;
  return about.known && !stopped && about.score < about.threshold / 2;
}

}  // namespace

// The usual way of the sender's pool, or of all mail: what a pool's mail would find out of the
// other one is not what stands in question.
void DetourDesk::send_probe(const model::Submission& submission, engine::Outcome& outcome) {
  const std::string provider = provider_of(diagnosis::domain_of(submission.recipients.front()));
  const auto pools = names_.read()->pools;
  const config::DetourPool* pool = pools->find(pool_of(submission));
  const auto home =
      pool == nullptr ? config::detour_ways(around_.settings()).front() : pool->ways.front();
  const auto now = around_.clock.now();
  const bool probe = submission.queue.known() && state_.with([&](State& state) {
    const auto found = state.detours.find({provider, pool == nullptr ? "" : pool->name});
    if (found == state.detours.end() || !verdict::probe_is_due(found->second, now)) return false;
    verdict::start_probe(found->second, {submission.queue, now});
    ++state.probes;
    return state.counts = true;
  });
  if (!probe) return;
  outcome.answer.filter = home.target;
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    std::ignore = engine.blocks().set_half_open(home.name, provider, true, now);
  });
}

// The longest waiting mail of a clean account, to one recipient.
std::optional<model::DetourProbe> DetourDesk::choose_probe(
    const std::string& provider, const std::vector<action::QueuedMessage>& listed,
    base::TimePoint now) const {
  constexpr std::size_t asked_max = 100;
  std::vector<const action::QueuedMessage*> theirs;
  for (const auto& message : listed) {
    if (message.queue != "deferred" || message.recipients != 1 || message.addresses.size() != 1) {
      continue;
    }
    if (verdict::is_rewritten_sender(message.sender)) continue;
    const std::string& recipient = message.addresses.front();
    const bool wanted = provider_of(diagnosis::domain_of(recipient)) == provider;
    if (wanted && is_plain_address(recipient)) theirs.push_back(&message);
  }
  std::stable_sort(theirs.begin(), theirs.end(),
                   [](const auto* a, const auto* b) { return a->arrived_at < b->arrived_at; });
  if (theirs.size() > asked_max) theirs.resize(asked_max);
  return around_.pipeline.with_engine(
      [&](engine::Engine& engine) -> std::optional<model::DetourProbe> {
        for (const auto* message : theirs) {
          const auto facts = engine.queued_facts(message->key);
          if (verdict::waits_for_room(facts.mail_class)) continue;
          if (!is_clean(engine, facts.subject, now)) continue;
          return model::DetourProbe{message->key, now,
                                    base::ascii_lower(message->addresses.front())};
        }
        return std::nullopt;
      });
}

void DetourDesk::probe_from_queue() {
  constexpr std::chrono::seconds look_again{60};  // for a mail that may try
  const auto now = around_.clock.now();
  const auto due = state_.with([&](const State& state) {
    std::vector<Key> out;
    for (const auto& [key, detour] : state.detours) {
      if (verdict::queue_probe_is_due(detour, now)) out.push_back(key);
    }
    return out;
  });
  const action::QueueControl queue = around_.queue();
  if (due.empty() || !queue.on()) return;
  const auto listed = queue.list();
  if (!listed) return set_trouble(listed.error().message);
  for (const Key& key : due) {
    auto probe = choose_probe(key.first, *listed, now);
    std::string home;
    state_.with([&](State& state) {
      const auto found = state.detours.find(key);
      if (found == state.detours.end() || !verdict::queue_probe_is_due(found->second, now)) return;
      if (!probe) {
        found->second.next_probe_at = now + look_again;
        return;
      }
      home = found->second.home;
      verdict::start_probe(found->second, std::move(*probe));
      state.probe_tries[key] = SteadyClock::now() + until_postfix_looks;
      state.dirty = true;
      ++state.probes;
    });
    if (home.empty()) continue;
    around_.pipeline.with_engine([&](engine::Engine& engine) {
      std::ignore = engine.blocks().set_half_open(home, key.first, true, now);
    });
  }
}

// Once Postfix goes by the table that lets it out.
void DetourDesk::flush_probes() {
  const auto keys = state_.with([&](State& state) {
    std::vector<model::QueueKey> out;
    for (auto at = state.probe_tries.begin(); at != state.probe_tries.end();) {
      const auto found = state.detours.find(at->first);
      const bool out_there = found != state.detours.end() && found->second.probe &&
                             !found->second.probe->recipient.empty();
      if (out_there && SteadyClock::now() < at->second) {
        ++at;
        continue;
      }
      if (out_there) out.push_back(found->second.probe->queue);
      at = state.probe_tries.erase(at);
    }
    return out;
  });
  if (keys.empty()) return;
  const auto result = around_.queue().flush(keys);
  if (!result.trouble.empty()) set_trouble(result.trouble);
}

void DetourDesk::note_probe(const model::Delivery& delivery, const std::string& provider) {
  // Put off by the table before Postfix has looked at the new one: it has asked nobody.
  if (delivery.transport == "error" || delivery.transport == "retry") return;
  const config::RunSettings run = around_.settings();
  const bool accepted = delivery.status == model::DeliveryStatus::sent;
  const auto now = around_.clock.now();
  std::string home;
  state_.with([&](State& state) {
    const auto found = std::find_if(state.detours.begin(), state.detours.end(), [&](auto& entry) {
      const auto& probe = entry.second.probe;
      return entry.first.first == provider && probe &&
             probe->queue.queue_id == delivery.queue.queue_id;
    });
    if (found == state.detours.end()) return;
    Detour& detour = found->second;
    if (!detour.probe->recipient.empty()) {
      state.dirty = true;  // the table lets it out no more
    } else if (delivery.status == model::DeliveryStatus::deferred) {
      state.requeue.push_back(detour.probe->queue);
    }
    home = detour.home;
    verdict::DetourSettings settings;
    settings.probe_first = run.detour_probe_first;
    settings.probe_most = std::max(run.detour_probe_first, run.detour_probe_most);
    verdict::end_probe(detour, accepted, settings, now);
    state.counts = true;
  });
  if (home.empty() || accepted) return;
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    std::ignore = engine.blocks().set_half_open(home, provider, false, now);
  });
}

}  // namespace leumund::apps
