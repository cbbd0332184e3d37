// Mail that the detours' desk keeps back: of accounts in doubt until its provider takes our mail
// again, mailings and forwards until the other way has room to spare.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "action/stopping.h"
#include "apps/daemon/detour_desk.h"
#include "diagnosis/provider_group.h"
#include "verdict/mail_order.h"

namespace leumund::apps {
namespace {

using model::Detour;
using model::MailClass;

constexpr std::size_t holding_max = 10'000;
constexpr std::size_t held_max = 100'000;
constexpr std::size_t released_at_once = 200;     // a second: the desk has more to do
constexpr std::chrono::hours client_patience{1};  // from a recipient to the mail's end

bool passes(const model::Answer& answer) { return answer.disposition <= model::Disposition::warn; }

// A doubt about the account that would not restrict it is enough to keep its mail from the second
// address.
bool is_doubtful(const engine::Outcome& outcome) {
  const auto& judged = outcome.judgement;
  return judged.threshold > 0 && judged.score >= judged.threshold / 2;
}

// Mail of somebody else's making.
bool is_forward(const model::Submission& submission) {
  return submission.forwarded ||
         (submission.envelope_sender && verdict::is_rewritten_sender(*submission.envelope_sender));
}

// Whose mail tells most about whether the usual way is open again.
bool may_probe(const engine::Outcome& outcome, const model::Submission& submission) {
  return outcome.judgement.threshold > 0 && !is_doubtful(outcome) && !is_forward(submission);
}

}  // namespace

// The count of this hour of the detour, and how many more may go.
DetourDesk::LetGo& DetourDesk::let_go_of(State& state, const Detour& detour) {
  LetGo& out = state.let_go[{detour.provider, detour.pool}];
  if (out.hour != detour.hour) out = {detour.hour, 0};
  return out;
}

std::uint32_t DetourDesk::room_left(State& state, const Detour& detour) {
  return verdict::room_of(detour, let_go_of(state, detour).mails);
}

// All detours that a held mail waits for, and its recipients there.
std::map<DetourDesk::Key, std::uint32_t> DetourDesk::reasons_of(const Held& held) {
  std::map<Key, std::uint32_t> out = held.also;
  out[{held.provider, held.pool}] = held.recipients;
  return out;
}

// It must not take the detour of `key` either.
void DetourDesk::add_reason(Held& held, const Key& key, std::uint32_t recipients) {
  if (key == Key{held.provider, held.pool}) {
    held.recipients += recipients;
  } else {
    held.also[key] += recipients;
  }
}

// Postfix holds it by an answer to one of its recipients, also if its detour is over meanwhile.
bool DetourDesk::note_held(const model::Submission& submission) {
  const bool at_end = submission.source == model::Source::policy &&
                      submission.stage != model::SubmissionStage::recipient;
  if (!holding_ || !at_end) return false;
  return state_.with([&](State& state) {
    auto node = state.holding.extract(submission.id);
    holding_ = !state.holding.empty();
    if (node.empty()) return false;
    if (!submission.queue.known()) return true;
    node.mapped().held.queue = submission.queue;
    state.held.push_back(std::move(node.mapped().held));
    ++state.held_total;
    return state.new_holds = true;
  });
}

// What was held by a recipient shows only now what it is.
void DetourDesk::note_class(const model::Submission& submission) {
  constexpr std::ptrdiff_t newest = 1000;
  if (!submission.print || !submission.queue.known()) return;
  state_.with([&](State& state) {
    const auto oldest =
        state.held.rbegin() + std::min(newest, static_cast<std::ptrdiff_t>(state.held.size()));
    const auto held = std::find_if(state.held.rbegin(), oldest,
                                   [&](const Held& one) { return one.queue == submission.queue; });
    if (held == oldest || held->mail_class != MailClass::unknown) return;
    held->mail_class = submission.print->mail_class;
    state.counts = true;
  });
}

// Without the helper nobody could let go of what is held, or take back a refused probe.
void DetourDesk::answer(const model::MailEvent& event, engine::Outcome& outcome) {
  const auto* submission = std::get_if<model::Submission>(&event.what);
  if (submission == nullptr || note_held(*submission) || !active_) return;
  const auto names = names_.read();
  if (!names || !names->holds) return;
  if (submission->source == model::Source::milter) {
    note_class(*submission);
    if (passes(outcome.answer)) hold_mailing(*submission, outcome);
    return;
  }
  if (submission->source != model::Source::policy) return;
  if (submission->stage == model::SubmissionStage::recipient) {
    const bool asked = !submission->recipients.empty() && passes(outcome.answer);
    if (asked) hold_at_recipient(*submission, outcome);
    return;
  }
  if (!passes(outcome.answer) || !may_probe(outcome, *submission)) return;
  if (submission->recipient_count != 1 || submission->recipients.size() != 1) return;
  send_probe(*submission, outcome);
}

void DetourDesk::hold_at_recipient(const model::Submission& submission, engine::Outcome& outcome) {
  const std::string domain = diagnosis::domain_of(submission.recipients.front());
  const std::string provider = provider_of(domain);
  const bool doubtful = is_doubtful(outcome);
  const bool forward = is_forward(submission);
  const std::string pool = pool_of(submission);
  const bool hold = state_.with([&](State& state) {
    if (domains_.provider_of(domain).empty() && state.unknown.size() < unknown_max) {
      state.unknown.try_emplace(domain, 0);
    }
    const auto found = leading(state.detours, provider, pool);
    if ((!doubtful && !forward) || found == state.detours.end()) return false;
    if (!doubtful && room_left(state, found->second) > 0) {
      ++let_go_of(state, found->second).mails;
      return false;
    }
    const auto now = std::chrono::steady_clock::now();
    if (state.holding.size() >= holding_max) {  // clients that hung up
      std::erase_if(state.holding,
                    [&](const auto& one) { return now - one.second.since > client_patience; });
    }
    // Whatever nobody remembers nobody lets go.
    const bool room = state.holding.size() < holding_max && state.held.size() < held_max;
    if (!room && !state.holding.contains(submission.id)) return false;
    const auto [at, first] = state.holding.try_emplace(submission.id);
    Held& held = at->second.held;
    at->second.since = now;
    state.new_holds = true;
    holding_ = true;
    if (!first) {
      add_reason(held, {provider, found->second.pool}, 1);
      held.for_room = held.for_room && !doubtful;
      return true;
    }
    held = {provider, {}, outcome.subject, found->second.pool};
    held.mail_class = forward ? MailClass::forward : MailClass::unknown;
    held.for_room = !doubtful;
    return true;
  });
  if (!hold) return;
  outcome.answer = {model::Disposition::hold,
                    doubtful ? fmt::format("held until {} takes our mail again", provider)
                             : fmt::format("held until the detour of {} has room", provider)};
}

// Only the milter knows that a mail is one of many, and only it sees what scripts send. The whole
// mail waits where one of its recipients' providers has no room, or all of them must not see it on
// another way: it cannot be cut in two.
void DetourDesk::hold_mailing(const model::Submission& submission, engine::Outcome& outcome) {
  if (!submission.print || !submission.queue.known() || is_forward(submission)) return;
  const bool doubtful = is_doubtful(outcome);
  if (!doubtful && !verdict::waits_for_room(submission.print->mail_class)) return;
  std::map<std::string, std::uint32_t> domains;
  for (const std::string& recipient : submission.recipients) {
    ++domains[diagnosis::domain_of(recipient)];
  }
  std::map<std::string, std::uint32_t> providers;
  for (const auto& [domain, count] : domains) providers[provider_of(domain)] += count;
  const std::string pool = pool_of(submission);
  std::string full;
  state_.with([&](State& state) {
    std::vector<std::pair<Detours::const_iterator, std::uint32_t>> ways;
    for (const auto& [provider, count] : providers) {
      const auto at = leading(state.detours, provider, pool);
      if (at == state.detours.end()) continue;
      const auto& probe = at->second.probe;
      // It is on its usual way, to find out whether that is open.
      if (probe && probe->queue.queue_id == submission.queue.queue_id) return;
      ways.emplace_back(at, count);
    }
    const auto blocked = std::find_if(ways.begin(), ways.end(), [&](const auto& way) {
      return doubtful || room_left(state, way.first->second) < way.second;
    });
    if (blocked == ways.end()) {
      for (const auto& [at, count] : ways) let_go_of(state, at->second).mails += count;
      return;
    }
    const bool known = std::any_of(state.held.begin(), state.held.end(), [&](const Held& held) {
      return held.queue == submission.queue;
    });
    if (known || state.held.size() >= held_max) return;
    full = blocked->first->first.first;
    Held held{full, submission.queue, outcome.subject, blocked->first->second.pool};
    held.mail_class = submission.print->mail_class;
    held.for_room = !doubtful;
    held.recipients = 0;
    for (const auto& [at, count] : ways) {
      add_reason(held, {at->first.first, at->second.pool}, count);
    }
    state.held.push_back(std::move(held));
    ++state.held_total;
    state.new_holds = true;
  });
  if (full.empty()) return;
  outcome.answer = {model::Disposition::hold,
                    doubtful ? fmt::format("held until {} takes our mail again", full)
                             : fmt::format("held until the detour of {} has room", full)};
}

// Deferred mailings and forwards that a newly opened detour would take with it.
void DetourDesk::hold_queued(const Key& key, const action::QueueControl& queue,
                             const std::vector<Held>& waiting) {
  std::set<model::QueueKey> keys;
  state_.with([&](State& state) {
    std::map<model::QueueKey, std::size_t> known;  // held for another provider already
    for (std::size_t i = 0; i < state.held.size(); ++i) known[state.held[i].queue] = i;
    for (const Held& held : waiting) {
      if (const auto at = known.find(held.queue); at != known.end()) {
        Held& older = state.held[at->second];
        older.for_room = older.for_room && held.for_room;
        if (!reasons_of(older).contains(key)) add_reason(older, key, held.recipients);
        continue;
      }
      if (state.held.size() >= held_max) break;
      state.held.push_back(held);
      state.held.back().provider = key.first;
      state.held.back().pool = key.second;
      keys.insert(held.queue);
    }
  });
  // First what a restart must find: to let go of what is not on hold does no harm.
  if (auto done = save(); !done) set_trouble(done.error().message);
  const auto result = queue.run(action::QueueVerb::hold, std::vector(keys.begin(), keys.end()));
  hear_helper(result.trouble, result.timed_out);
  // Of what the helper told nothing about nobody knows.
  std::set<model::QueueKey> not_held(result.missing.begin(), result.missing.end());
  not_held.insert(result.elsewhere.begin(), result.elsewhere.end());
  state_.with([&](State& state) {
    std::erase_if(state.held, [&](const Held& held) { return not_held.contains(held.queue); });
    state.held_total += result.done.size();
    state.counts = true;
  });
}

// What was put on hold before this detour opened would take it when its own is over.
void DetourDesk::note_also_held(const Key& key, const std::vector<action::QueuedMessage>& listed) {
  const auto& [provider, pool] = key;
  std::map<model::QueueKey, std::uint32_t> theirs;
  for (const auto& message : listed) {
    if (message.queue != "hold") continue;
    if (!pool.empty() && !is_of_pool(message.sender, pool)) continue;
    const auto count =
        std::count_if(message.addresses.begin(), message.addresses.end(), [&](const auto& address) {
          return provider_of(diagnosis::domain_of(address)) == provider;
        });
    if (count > 0) theirs[message.key] = static_cast<std::uint32_t>(count);
  }
  state_.with([&](State& state) {
    for (Held& held : state.held) {
      const auto found = theirs.find(held.queue);
      if (found == theirs.end() || reasons_of(held).contains(key)) continue;
      add_reason(held, key, found->second);
      state.counts = true;
    }
  });
}

// Where none of its detours stands in its way. Until Postfix has looked at the tables and what
// waits longer has been tried, it waits: by the tables of before, mail in doubt would still leave
// by the other way.
bool DetourDesk::may_go(State& state, const Held& held) {
  const auto reasons = reasons_of(held);
  return std::all_of(reasons.begin(), reasons.end(), [&](const auto& reason) {
    if (state.tries.waits(reason.first)) return false;
    const auto found = state.detours.find(reason.first);
    if (found == state.detours.end() || !model::routes_mail(found->second)) return true;
    return held.for_room && room_left(state, found->second) >= reason.second;
  });
}

// What may go now, in its turn, some at a time: all of a detour that is over, and of one with room
// as many mailings as it has room for. One turn a look: Postfix delivers what it gets at once in an
// order of its own.
std::vector<DetourDesk::Held> DetourDesk::take_released() {
  return state_.with([](State& state) {
    std::vector<Held> out;
    if (state.held.empty()) return out;
    std::vector<MailClass> classes;
    classes.reserve(state.held.size());
    for (const Held& held : state.held) classes.push_back(held.mail_class);
    std::vector<bool> goes(state.held.size(), false);
    for (const std::size_t place : verdict::in_turn(classes)) {
      if (out.size() == released_at_once) break;
      const Held& held = state.held[place];
      const auto turn = verdict::turn_of(held.mail_class);
      if (!out.empty() && turn != verdict::turn_of(out.front().mail_class)) break;
      if (state.stopped.contains(held.subject) || !may_go(state, held)) continue;
      for (const auto& [key, count] : reasons_of(held)) {
        const auto found = state.detours.find(key);
        const bool leads = found != state.detours.end() && model::routes_mail(found->second);
        if (leads) let_go_of(state, found->second).mails += count;
      }
      goes[place] = true;
      out.push_back(held);
    }
    if (out.empty()) return out;
    std::size_t place = 0;
    std::erase_if(state.held, [&](const Held&) { return goes[place++]; });
    state.counts = true;
    return out;
  });
}

// Whose restriction is over; and who is let go for good or stopped for good, which the next look at
// what is held finds out.
void DetourDesk::look_at_stopped() {
  auto stopped = state_.with([](const State& state) { return state.stopped; });
  if (stopped.empty()) return;
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    std::erase_if(stopped, [&](const model::Subject& subject) {
      const auto* restriction = action::stopping(engine.book(), subject);
      return restriction == nullptr || !action::stops_queued_mail(*restriction) ||
             !restriction->until;
    });
  });
  state_.with([&](State& state) { state.stopped = std::move(stopped); });
}

// Who was stopped meanwhile keeps his mail on hold: until his restriction ends, or where it has no
// end until somebody decides about it, like about the rest of that account's mail.
std::vector<DetourDesk::Held> DetourDesk::without_stopped(std::vector<Held> held) {
  std::set<model::Subject> for_now;
  std::set<model::Subject> for_good;
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    for (const Held& one : held) {
      const auto* restriction = action::stopping(engine.book(), one.subject);
      if (restriction == nullptr || !action::stops_queued_mail(*restriction)) continue;
      (restriction->until ? for_now : for_good).insert(one.subject);
    }
  });
  if (for_now.empty() && for_good.empty()) return held;
  state_.with([&](State& state) {
    for (const Held& one : held) {
      if (for_now.contains(one.subject)) state.held.push_back(one);
    }
    state.stopped.insert(for_now.begin(), for_now.end());
  });
  std::erase_if(held, [&](const Held& one) {
    return for_now.contains(one.subject) || for_good.contains(one.subject);
  });
  return held;
}

// What was deferred before would wait for its old turn, up to an hour.
bool DetourDesk::try_released() {
  constexpr std::chrono::seconds patience{5};
  if (released_.empty()) return true;
  const auto result = queue(patience).flush(released_, patience);
  hear_helper(result.trouble, result.timed_out);
  std::set<model::QueueKey> settled(result.done.begin(), result.done.end());
  settled.insert(result.missing.begin(), result.missing.end());
  settled.insert(result.elsewhere.begin(), result.elsewhere.end());
  std::erase_if(released_, [&](const model::QueueKey& key) { return settled.contains(key); });
  return released_.empty();
}

void DetourDesk::release_held() {
  constexpr std::chrono::seconds try_again{60};
  constexpr std::chrono::seconds patience{10};
  if (!try_released() || SteadyTime::clock::now() < release_at_) return;
  look_at_stopped();
  const std::vector<Held> over = without_stopped(take_released());
  if (over.empty()) return;
  std::vector<model::QueueKey> keys;
  keys.reserve(over.size());
  for (const Held& held : over) keys.push_back(held.queue);
  const auto result = queue(patience).run(action::QueueVerb::release, keys);
  hear_helper(result.trouble, result.timed_out);
  const std::set<model::QueueKey> done(result.done.begin(), result.done.end());
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(released_),  // in their turn
               [&](const model::QueueKey& key) { return done.contains(key); });
  if (may_ask_helper()) try_released();
  if (result.trouble.empty()) return;
  // Nobody else would let them go: they are tried again.
  release_at_ = SteadyTime::clock::now() + try_again;
  const auto left = action::left_of(keys, result);
  const std::set<model::QueueKey> waits(left.begin(), left.end());
  state_.with([&](State& state) {
    for (const Held& held : over) {
      if (waits.contains(held.queue)) state.held.push_back(held);
    }
    state.counts = true;
  });
}

}  // namespace leumund::apps
