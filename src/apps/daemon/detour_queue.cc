// What the detours' desk does to queued mail: tries it again when a way opens, what people wait for
// first, and requeues refused probes.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "apps/daemon/detour_desk.h"
#include "base/log.h"
#include "diagnosis/provider_group.h"
#include "verdict/mail_order.h"

namespace leumund::apps {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience_most{30};
constexpr std::chrono::seconds patience_of_one{5};
constexpr std::chrono::seconds budget_of_one{5};

}  // namespace

// Whatever needs the helper, unless it has hung of late; some seconds, but for one that hangs.
void DetourDesk::work_queue(const config::RunSettings& run) {
  constexpr std::chrono::seconds budget{5};
  helper_until_ = SteadyClock::now() + budget;
  if (may_ask_helper() && probe_from_queue()) publish(run);
  if (may_ask_helper()) work_requeue();
  if (may_ask_helper()) flush_probes();
  if (may_ask_helper()) flush_due();
  if (may_ask_helper()) release_held();
}

bool DetourDesk::may_ask_helper() const {
  const auto now = SteadyClock::now();
  return now >= helper_again_ && now < helper_until_ && !stop_.stop_requested();
}

action::QueueControl DetourDesk::queue(std::chrono::seconds patience) const {
  return around_.queue().within(patience, stop_);
}

// What it said; "" ends the trouble.
void DetourDesk::hear_helper(const std::string& trouble, bool timed_out) {
  constexpr std::chrono::seconds pause_first{60};
  constexpr std::chrono::seconds pause_most{600};
  if (stop_.stop_requested()) return;
  helper_pause_ =
      !timed_out ? std::chrono::seconds(0) : std::clamp(2 * helper_pause_, pause_first, pause_most);
  helper_again_ = SteadyClock::now() + helper_pause_;
  const bool fresh = state_.with([&](State& state) {
    state.helper_failures += trouble.empty() ? 0 : 1;
    return std::exchange(state.helper_trouble, trouble) != trouble && !trouble.empty();
  });
  if (fresh) base::log(base::LogLevel::error, "detour helper trouble=\"{}\"", trouble);
}

bool DetourDesk::is_of_pool(const std::string& sender, const std::string& pool) const {
  const auto* found = pools_->of_sender(sender);
  return found != nullptr && found->name == pool;
}

// What is to be tried now, and how much of it may leave.
std::map<DetourDesk::Key, DetourDesk::Due> DetourDesk::due_now(SteadyTime now) {
  constexpr std::size_t flushed_at_once = 100;
  constexpr std::size_t flushed_on_return = 100'000;
  constexpr std::chrono::seconds missed_every{10};  // a long queue takes long to list
  std::map<Key, Due> out;
  state_.with([&](State& state) {
    const auto room = [&](const Key& key) -> std::size_t {
      const auto found = state.detours.find(key);
      const bool capped = found != state.detours.end() && model::routes_mail(found->second);
      if (!capped) return flushed_on_return;
      return found->second.cap - std::min(found->second.cap, found->second.delivered);
    };
    for (const Key& key : state.tries.due(now)) {
      auto& left = state.tries.find(key)->left;
      if (!left) left = room(key);
      out[key] = {std::min(*left, flushed_at_once), {}};
    }
    if (now < missed_again_) return;
    for (auto& [key, queue_ids] : state.tries.missed(now)) {
      const std::size_t most =
          room(key) - std::min(room(key), state.tries.let_out_lately(key, now));
      if (most == 0) continue;
      out[key] = {std::min(most, flushed_at_once), std::move(queue_ids)};
      missed_again_ = now + missed_every;
    }
  });
  return out;
}

void DetourDesk::flush_due() {
  constexpr std::chrono::seconds after_trouble{60};  // a long queue takes long to list
  const auto now = SteadyClock::now();
  const auto due = due_now(now);
  if (due.empty()) return;
  const action::QueueControl queue = this->queue(patience_most);
  const auto listed = queue.on() ? queue.list() : std::vector<action::QueuedMessage>();
  if (!listed) {
    hear_helper(listed.error().message, listed.error().code == base::ErrorCode::timed_out);
    state_.with([&](State& state) { state.tries.put_off(now + after_trouble); });
    return;
  }
  if (queue.on()) hear_helper("", false);
  helper_until_ = std::max(helper_until_, SteadyClock::now() + budget_of_one);
  for (const auto& [key, one] : due) {
    if (may_ask_helper()) flush_mail(key, one, queue, *listed);
  }
}

// The deferred mail of the provider that has not been tried yet.
std::vector<DetourDesk::Held> DetourDesk::to_be_tried(
    const Key& key, const Due& due, const std::vector<action::QueuedMessage>& listed) const {
  const auto& [provider, pool] = key;
  const auto tried = state_.with([&](const State& state) {
    const auto* one = state.tries.find(key);
    return one == nullptr ? std::set<model::QueueKey>() : one->tried;
  });
  std::vector<Held> out;
  for (const auto& message : listed) {
    if (message.queue != "deferred" || tried.contains(message.key)) continue;
    if (!due.only.empty() && !due.only.contains(message.key.queue_id)) continue;
    const auto wanted = [&](const auto& address) {
      return provider_of(diagnosis::domain_of(address)) == provider;
    };
    const auto count = std::count_if(message.addresses.begin(), message.addresses.end(), wanted);
    if (count == 0 || (!pool.empty() && !is_of_pool(message.sender, pool))) continue;
    Held& one = out.emplace_back();
    one.queue = message.key;
    one.recipients = static_cast<std::uint32_t>(count);
    one.for_room = true;
    if (verdict::is_rewritten_sender(message.sender)) one.mail_class = model::MailClass::forward;
  }
  return out;
}

void DetourDesk::flush_mail(const Key& key, const Due& due, const action::QueueControl& queue,
                            const std::vector<action::QueuedMessage>& listed) {
  std::vector<Held> theirs = to_be_tried(key, due, listed);
  const bool open = state_.with([&](const State& state) {
    const auto found = state.detours.find(key);
    return found != state.detours.end() && model::routes_mail(found->second);
  });
  if (open) note_also_held(key, listed);
  tell_classes(theirs);
  if (open) tell_doubts(theirs);
  std::vector<Held> waiting;
  std::vector<model::QueueKey> keys;
  std::set<std::string> later;
  std::optional<std::uint8_t> turn;  // one a look: Postfix has an order of its own for what it gets
  for (Held& one : theirs) {
    if (open && (!one.for_room || verdict::waits_for_room(one.mail_class))) {
      waiting.push_back(std::move(one));
      continue;
    }
    const auto its = verdict::turn_of(one.mail_class);
    if (keys.size() == due.most || turn.value_or(its) != its) {
      later.insert(one.queue.queue_id);
      continue;
    }
    keys.push_back(one.queue);
    turn = its;
  }
  if (!waiting.empty()) hold_queued(key, queue, waiting);
  if (!waiting.empty() && !may_ask_helper()) return;  // it is looked at again
  const auto result = this->queue(patience_of_one).flush(keys, budget_of_one);
  if (!keys.empty() && queue.on()) hear_helper(result.trouble, result.timed_out);
  std::set<model::QueueKey> settled(result.done.begin(), result.done.end());
  settled.insert(result.missing.begin(), result.missing.end());
  settled.insert(result.elsewhere.begin(), result.elsewhere.end());
  for (const model::QueueKey& one : keys) {
    if (!settled.contains(one)) later.insert(one.queue_id);
  }
  std::set<std::string> over = due.only;
  std::erase_if(over, [&](const std::string& queue_id) { return later.contains(queue_id); });
  state_.with([&](State& state) {
    state.flushed += result.done.size();
    // They use up room, though the log does not tell of them yet.
    const auto detour = state.detours.find(key);
    if (open && detour != state.detours.end()) {
      let_go_of(state, detour->second).mails += static_cast<std::uint32_t>(result.done.size());
    }
    state.tries.let_out(key, result.done.size(), SteadyClock::now());
    state.tries.end_missed(key, over);
    if (!due.only.empty() && !later.empty() && result.trouble.empty()) missed_again_ = {};
    auto* one = state.tries.find(key);
    if (one == nullptr || !one->left) return;  // it was ordered anew
    // What is put off again waits as Postfix has it: the provider has only just forgiven us.
    one->tried.insert(settled.begin(), settled.end());
    *one->left -= std::min(*one->left, settled.size());
    // Without the helper Postfix tries it by itself, only later.
    if (!later.empty() && *one->left > 0) return;
    state.tries.end(key, SteadyClock::now());
    state.counts = true;
  });
}

// Whose the mails are and what they are for; then in the order in which they are to leave.
void DetourDesk::tell_classes(std::vector<Held>& mails) const {
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    for (Held& one : mails) {
      auto facts = engine.queued_facts(one.queue);
      one.subject = std::move(facts.subject);
      if (one.mail_class == model::MailClass::unknown) one.mail_class = facts.mail_class;
    }
  });
  std::stable_sort(mails.begin(), mails.end(), [](const Held& a, const Held& b) {
    return verdict::turn_of(a.mail_class) < verdict::turn_of(b.mail_class);
  });
}

// Mail of accounts in doubt would burn the other way as well: it waits for the usual one.
void DetourDesk::tell_doubts(std::vector<Held>& mails) const {
  constexpr std::size_t at_once = 100;  // under the engine's lock
  const auto now = around_.clock.now();
  std::map<model::Subject, bool> doubtful;
  for (std::size_t begin = 0; begin < mails.size(); begin += at_once) {
    around_.pipeline.with_engine([&](engine::Engine& engine) {
      for (std::size_t i = begin; i < std::min(begin + at_once, mails.size()); ++i) {
        const model::Subject& subject = mails[i].subject;
        if (subject.name.empty()) continue;
        const auto [known, first] = doubtful.try_emplace(subject, false);
        if (first) {
          const auto about = engine.explain(subject, now);
          known->second = about.known && about.score >= about.threshold / 2;
        }
        mails[i].for_room = mails[i].for_room && !known->second;
      }
    });
  }
}

// A refused probe keeps the way it was given; requeued it takes the one that the table says.
void DetourDesk::work_requeue() {
  const auto keys = state_.with([](State& state) { return std::exchange(state.requeue, {}); });
  if (keys.empty()) return;
  const auto result = queue(patience_most).run(action::QueueVerb::requeue, keys);
  hear_helper(result.trouble, result.timed_out);
  if (result.trouble.empty()) return;
  const auto left = action::left_of(keys, result);
  state_.with(
      [&](State& state) { state.requeue.insert(state.requeue.end(), left.begin(), left.end()); });
}

}  // namespace leumund::apps
