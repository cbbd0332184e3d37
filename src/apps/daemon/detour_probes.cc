// Mail that tries the usual way while a detour stands: new mail that the policy service sends
// there, or, where no way is free, queued mail whose one recipient the table lets out.
#include <algorithm>
#include <array>
#include <utility>

#include "apps/daemon/detour_desk.h"
#include "base/ascii.h"
#include "diagnosis/provider_group.h"
#include "diagnosis/refusal.h"
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

// To one recipient left, whose domain the table leads, longest waiting first.
DetourDesk::QueuedMails DetourDesk::may_be_probes(
    const std::string& provider, const std::vector<action::QueuedMessage>& listed) const {
  const auto led = led_.read();
  const auto is_routed = [&](const std::string& domain) {
    return action::find_route(led->domains, domain) != nullptr;
  };
  QueuedMails out;
  for (const auto& message : listed) {
    const bool waits = message.queue == "deferred" && message.recipients == 1;
    if (!waits || message.addresses.size() != 1) continue;
    const std::string& recipient = message.addresses.front();
    const std::string domain = diagnosis::domain_of(recipient);
    if (!is_plain_address(recipient) || verdict::is_rewritten_sender(message.sender)) continue;
    if (is_routed(domain) && provider_of(domain) == provider) out.push_back(&message);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto* a, const auto* b) { return a->arrived_at < b->arrived_at; });
  return out;
}

// The first of a clean account that is no mailing: there may be thousands of those in front.
std::optional<model::DetourProbe> DetourDesk::choose_probe(const QueuedMails& mails,
                                                           base::TimePoint now) const {
  constexpr std::size_t at_once = 100;  // under the engine's lock
  constexpr std::size_t accounts_max = 1000;
  std::map<model::Subject, bool> clean;
  std::optional<model::DetourProbe> found;
  for (std::size_t begin = 0; begin < mails.size() && !found; begin += at_once) {
    if (clean.size() >= accounts_max) break;
    around_.pipeline.with_engine([&](engine::Engine& engine) {
      for (std::size_t i = begin; i < std::min(begin + at_once, mails.size()) && !found; ++i) {
        const auto facts = engine.queued_facts(mails[i]->key);
        if (facts.subject.name.empty() || verdict::waits_for_room(facts.mail_class)) continue;
        const auto [known, first] = clean.try_emplace(facts.subject, false);
        if (first) known->second = is_clean(engine, facts.subject, now);
        if (!known->second) continue;
        found = {mails[i]->key, now, base::ascii_lower(mails[i]->addresses.front())};
      }
    });
  }
  return found;
}

void DetourDesk::put_off_probes(const std::vector<Key>& keys, std::chrono::seconds pause) {
  const auto later = around_.clock.now() + pause;
  state_.with([&](State& state) {
    for (const Key& key : keys) {
      const auto found = state.detours.find(key);
      if (found != state.detours.end()) found->second.next_probe_at = later;
    }
  });
}

// Whether a table lets one out now.
bool DetourDesk::probe_from_queue() {
  constexpr std::chrono::seconds look_again{60};      // for a mail that may try
  constexpr std::chrono::seconds after_trouble{600};  // a long queue takes long to list
  const auto now = around_.clock.now();
  const auto due = state_.with([&](const State& state) {
    std::vector<Key> out;
    for (const auto& [key, detour] : state.detours) {
      if (verdict::queue_probe_is_due(detour, now)) out.push_back(key);
    }
    return out;
  });
  const action::QueueControl queue = this->queue(std::chrono::seconds(30));
  if (due.empty() || !queue.on()) return false;
  const auto listed = queue.list();
  if (!listed) {
    hear_helper(listed.error().message, listed.error().code == base::ErrorCode::timed_out);
    put_off_probes(due, after_trouble);
    return false;
  }
  bool any = false;
  for (const Key& key : due) {
    QueuedMails mails = may_be_probes(key.first, *listed);
    const auto before = state_.with([&](const State& state) {
      const auto probed = state.probed.find(key);
      return probed == state.probed.end() ? std::set<model::QueueKey>() : probed->second;
    });
    const auto fresh = std::stable_partition(
        mails.begin(), mails.end(), [&](const auto* mail) { return !before.contains(mail->key); });
    auto probe = choose_probe({mails.begin(), fresh}, now);
    const bool again = !probe;
    if (again) probe = choose_probe({fresh, mails.end()}, now);
    if (!probe) {
      put_off_probes({key}, look_again);
      continue;
    }
    std::string home;
    state_.with([&](State& state) {
      const auto found = state.detours.find(key);
      if (found == state.detours.end() || !verdict::queue_probe_is_due(found->second, now)) return;
      home = found->second.home;
      if (again) state.probed[key].clear();
      state.probed[key].insert(probe->queue);
      verdict::start_probe(found->second, std::move(*probe));
      state.probe_tries[key] = SteadyClock::now() + until_postfix_looks;
      state.dirty = true;
      ++state.probes;
    });
    if (home.empty()) continue;
    any = true;
    around_.pipeline.with_engine([&](engine::Engine& engine) {
      std::ignore = engine.blocks().set_half_open(home, key.first, true, now);
    });
  }
  return any;
}

// Once Postfix goes by the table that lets it out.
void DetourDesk::flush_probes() {
  constexpr std::chrono::seconds try_again{5};
  const auto due = state_.with([&](State& state) {
    std::map<Key, model::QueueKey> out;
    std::erase_if(state.probe_tries, [&](const auto& entry) {
      const auto found = state.detours.find(entry.first);
      const bool gone = found == state.detours.end() || !found->second.probe ||
                        found->second.probe->recipient.empty();
      if (gone) return true;
      if (SteadyClock::now() >= entry.second) out[entry.first] = found->second.probe->queue;
      return SteadyClock::now() >= entry.second;
    });
    return out;
  });
  for (const auto& [key, mail] : due) {
    if (may_ask_helper()) {
      const auto result = queue(try_again).flush(std::array{mail});
      hear_helper(result.trouble, result.timed_out);
      if (result.trouble.empty()) continue;
    }
    state_.with([&](State& state) { state.probe_tries[key] = SteadyClock::now() + try_again; });
  }
}

// What the log tells of it: whose the domain was taken for when the mail left, and whose it is by
// who has answered. Only a refusal for our address speaks against the way. True where it was one.
bool DetourDesk::note_probe(const model::Delivery& delivery, const std::string& taken_for,
                            const std::string& provider, base::TimePoint at) {
  const auto is_its = [&](const auto& entry) {
    const auto& probe = entry.second.probe;
    return entry.first.first == taken_for && probe &&
           probe->queue.queue_id == delivery.queue.queue_id;
  };
  const bool known = state_.with([&](const State& state) {
    return std::any_of(state.detours.begin(), state.detours.end(), is_its);
  });
  if (!known) return false;
  const bool asked_nobody = delivery.transport == "error" || delivery.transport == "retry";
  const bool by_smtp = delivery.transport == "smtp" || delivery.transport.empty();
  if (!by_smtp && !asked_nobody) return true;
  using verdict::ProbeResult;
  ProbeResult result = ProbeResult::accepted;
  if (delivery.status != model::DeliveryStatus::sent) {
    diagnosis::RefusalReader reader(around_.replies);
    const bool ours = reader.read(delivery, provider).about_our_address();
    result = ours ? ProbeResult::refused : ProbeResult::unclear;
  }
  // The DNS had lied, or the domain has moved: that was somebody else's word.
  if (provider != taken_for) result = ProbeResult::unclear;
  const config::RunSettings run = around_.settings();
  const auto settings = plan_settings(run, config::detour_ways(run));
  const auto now = around_.clock.now();
  std::string home;
  state_.with([&](State& state) {
    const auto found = std::find_if(state.detours.begin(), state.detours.end(), is_its);
    if (found == state.detours.end()) return;
    Detour& detour = found->second;
    const bool queued = !detour.probe->recipient.empty();
    // Put off by the table before Postfix has looked at the new one.
    if (asked_nobody && queued) {
      state.probe_tries[found->first] = SteadyClock::now() + until_postfix_looks;
    }
    if (asked_nobody) return;
    if (queued) state.dirty = true;  // the table lets it out no more
    if (!queued && delivery.status == model::DeliveryStatus::deferred) {
      state.requeue.push_back(detour.probe->queue);
    }
    home = detour.home;
    verdict::end_probe(detour, result, at, settings, now);
    state.counts = true;
  });
  if (home.empty() || result == ProbeResult::accepted) return true;
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    std::ignore = engine.blocks().set_half_open(home, taken_for, false, now);
  });
  return true;
}

}  // namespace leumund::apps
