#include "action/effects.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "action/stopping.h"
#include "base/log.h"

namespace leumund::action {
namespace {

using base::LogLevel;
using model::Decision;
using model::DecisionKind;
using model::Restriction;
using model::Subject;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t batch_max = 256;  // batches taken before the tables are written once
constexpr auto hold_pause_first = std::chrono::milliseconds(1'000);
constexpr auto hold_pause_most = std::chrono::milliseconds(300'000);
constexpr std::size_t pending_keys_max = 100'000;
constexpr auto table_check_every = std::chrono::seconds(5);

// The subject's mail may go from here on.
bool lets_mail_go(const Decision& decision) {
  switch (decision.kind) {
    case DecisionKind::released:
    case DecisionKind::ended: return true;
    case DecisionKind::restricted:
    case DecisionKind::extended: return !stops_queued_mail(decision.restriction);
    default: return false;
  }
}

}  // namespace

base::Result<std::unique_ptr<Effects>> Effects::open(EffectsOptions options, EffectsPorts ports) {
  auto tables = AccessTables::open(options.tables);
  if (!tables.ok()) return tables.error();
  return std::unique_ptr<Effects>(new Effects(options, ports, std::move(*tables)));
}

Effects::Effects(EffectsOptions options, EffectsPorts ports, std::unique_ptr<AccessTables> tables)
    : options_(std::move(options)),
      ports_(std::move(ports)),
      queue_control_(std::make_shared<const QueueControl>(options_.settings.queue)),
      notifier_(options_.settings.notices, ports_.now),
      act_queue_(options_.queue_max, base::WhenFull::push_back),
      hold_queue_(options_.hold_queue_max, base::WhenFull::drop_oldest),
      tables_(std::move(tables)) {
  if (!options_.suspended_file.empty()) {
    file_.emplace(SuspendedFileOptions{.path = options_.suspended_file});
  }
  // Postfix must find every table from the first moment; what an earlier run left stays in force
  // until publish() tells what stands.
  if (auto status = tables_->create_missing(); !status.ok()) {
    set_trouble("tables", status.error().message);
  }
  act_ = std::jthread([this] { run_act(); });
  ::pthread_setname_np(act_.native_handle(), "act");
  hold_ = std::jthread([this] { run_hold(); });
  ::pthread_setname_np(hold_.native_handle(), "hold");
}

Effects::~Effects() { stop(std::chrono::milliseconds(0)); }

void Effects::publish(StandingRecord standing) {
  if (!act_queue_.push(Standing{std::move(standing)})) {
    set_trouble("effects", "what stands could not be published: the queue is full");
  }
}

std::optional<std::future<void>> Effects::submit(std::vector<Decision> decisions) {
  Batch batch{std::move(decisions), {}, {}};
  batch.order = order_of(batch.decisions);
  std::future<void> published = batch.published.get_future();
  ActWork work(std::move(batch));
  if (!act_queue_.push(std::move(work))) {
    shared_.with([](Shared& shared) { ++shared.counters.refused_full; });
    lost_.with([&](Lost& lost) {  // the work is still ours
      lost.any = true;
      for (Decision& decision : std::get<Batch>(work).decisions) {
        ++lost.decisions;
        if (decision.held.empty() || lost.keys + decision.held.size() > pending_keys_max) continue;
        lost.keys += decision.held.size();
        auto& keys = lost.held[decision.subject];
        keys.insert(keys.end(), decision.held.begin(), decision.held.end());
      }
    });
    return std::nullopt;
  }
  if (std::this_thread::get_id() != act_.get_id()) return published;
  std::promise<void> at_once;  // the thread that publishes cannot wait for itself
  at_once.set_value();
  return at_once.get_future();
}

// At once and not when thread `act` comes to it: whoever lets the mail go right after this must not
// see it held again by orders that still wait.
std::uint64_t Effects::order_of(const std::vector<Decision>& decisions) {
  const std::uint64_t first = hold_orders_.fetch_add(decisions.size()) + 1;
  let_go_.with([&](auto& let_go) {
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      if (lets_mail_go(decisions[i])) let_go[decisions[i].subject] = first + i;
    }
  });
  return first;
}

bool Effects::behind() const {
  return lost_.with([](const Lost& lost) { return lost.any; });
}

bool Effects::resync(StandingRecord standing) {
  ActWork work(Resync{std::move(standing),
                      lost_.with([](Lost& lost) { return std::exchange(lost, Lost{}); }),
                      ++hold_orders_});
  if (act_queue_.push(std::move(work))) return true;
  lost_.with([&](Lost& lost) { lost = std::move(std::get<Resync>(work).lost); });
  return false;
}

void Effects::hold(Subject subject, std::vector<model::QueueKey> keys) {
  HoldWork work;
  work.subject = std::move(subject);
  work.keys = std::move(keys);
  work.order = ++hold_orders_;
  [[maybe_unused]] const bool closed = !hold_queue_.push(std::move(work));
}

void Effects::set_settings(EffectsSettings settings) {
  notifier_.set_options(settings.notices);
  queue_control_.publish(std::make_shared<const QueueControl>(settings.queue));
  if (!act_queue_.push(ActWork(std::move(settings)))) {
    set_trouble("effects", "new settings were not taken over: the queue is full");
  }
}

void Effects::digest(std::vector<Decision> decisions, base::TimePoint from, base::TimePoint until) {
  notifier_.digest(decisions, from, until);
}

EffectsCounters Effects::counters() const {
  EffectsCounters counters = shared_.with([](const Shared& shared) { return shared.counters; });
  counters.notices = notifier_.counters();
  counters.holds_lost = hold_queue_.dropped();
  return counters;
}

std::vector<std::pair<std::string, std::string>> Effects::troubles() const {
  auto all = shared_.with([](const Shared& shared) {
    return std::vector<std::pair<std::string, std::string>>(shared.troubles.begin(),
                                                            shared.troubles.end());
  });
  const auto notices = notifier_.counters();
  if (!notices.last_error.empty()) all.emplace_back("notices", notices.last_error);
  if (const auto lost = hold_queue_.dropped(); lost > 0) {
    all.emplace_back("queue", fmt::format("{} orders to hold or tell were lost behind a slow queue "
                                          "helper; look with `leumund queue SUBJECT`",
                                          lost));
  }
  return all;
}

void Effects::set_trouble(const std::string& part, std::string trouble) {
  const bool fresh = shared_.with([&](Shared& shared) {
    if (trouble.empty()) return shared.troubles.erase(part) > 0;
    return std::exchange(shared.troubles[part], trouble) != trouble;
  });
  if (!fresh) return;
  if (trouble.empty()) {
    base::log(LogLevel::info, "effects part=\"{}\" well again", part);
  } else {
    base::log(LogLevel::error, "effects part=\"{}\" trouble=\"{}\"", part, trouble);
  }
}

// --- thread act ----------------------------------------------------------------------------------

void Effects::run_act() {
  auto next_poll = SteadyClock::now();
  while (true) {
    try {
      auto work = act_queue_.pop(options_.poll_every / 2);
      const bool ended = !work && act_queue_.closed();
      for (std::size_t taken = 0; work && taken < batch_max; ++taken) {
        take(std::move(*work));
        work = act_queue_.pop(std::chrono::milliseconds(0));
      }
      if (work) take(std::move(*work));
      if (started_) carry_out();
      for (auto& waiting : waiting_for_tables_) waiting.set_value();
      waiting_for_tables_.clear();
      if (ended) return;
      if (started_ && SteadyClock::now() >= next_poll) {
        next_poll = SteadyClock::now() + options_.poll_every;
        look_at_file();
      }
    } catch (const std::exception& error) {
      set_trouble("effects", error.what());
      waiting_for_tables_.clear();  // whoever waits goes on
      if (act_queue_.closed()) return;
    }
  }
}

void Effects::take(ActWork work) {
  if (auto* settings = std::get_if<EffectsSettings>(&work)) {
    options_.settings = std::move(*settings);
    tables_dirty_ = true;
  } else if (auto* standing = std::get_if<Standing>(&work)) {
    for (auto& restriction : standing->record.restrictions) {
      const Subject subject = restriction.subject;
      standing_.insert_or_assign(subject, std::move(restriction));
    }
    tables_dirty_ = started_ = true;
    if (file_) {
      const auto& restrictions = standing->record.restrictions;
      std::vector<Restriction> stands;
      stands.reserve(restrictions.size());
      for (const auto& [subject, restriction] : standing_) stands.push_back(restriction);
      auto commands =
          file_->start(stands, standing->record.last_number, ports_.now(), ports_.decisions_after);
      if (!commands.empty() && ports_.on_file_edit) ports_.on_file_edit(std::move(commands));
    }
  } else if (auto* resync = std::get_if<Resync>(&work)) {
    replace_all(std::move(*resync));
  } else {
    auto& batch = std::get<Batch>(work);
    for (auto& decision : batch.decisions) apply(std::move(decision), batch.order++);
    waiting_for_tables_.push_back(std::move(batch.published));
  }
}

void Effects::apply(Decision decision, std::uint64_t order) {
  shared_.with([](Shared& shared) { ++shared.counters.decisions; });
  NoticeCause cause;
  const auto it = standing_.find(decision.subject);
  if (it != standing_.end()) cause.before = it->second;
  switch (decision.kind) {
    case DecisionKind::restricted:
    case DecisionKind::extended:
      standing_.insert_or_assign(decision.subject, decision.restriction);
      tables_dirty_ = true;
      break;
    case DecisionKind::released:
    case DecisionKind::ended:
      standing_.erase(decision.subject);
      tables_dirty_ = true;
      break;
    default: break;
  }
  const auto after = standing_.find(decision.subject);
  if (after != standing_.end()) cause.now = after->second;
  // A provider that refuses us, or a list, is no sender: there is nothing to write or hold.
  if (file_ && !decision.about_surroundings()) {
    file_->set(decision.subject, cause.now, decision.number);
  }
  HoldWork work;
  work.subject = decision.subject;
  work.released = !cause.now || !stops_queued_mail(*cause.now);
  work.order = order;
  if (decision.kind == DecisionKind::restricted && !work.released) work.keys = decision.held;
  cause.decision = std::move(decision);
  work.notice = std::move(cause);
  after_tables_.push_back(std::move(work));
}

void Effects::replace_all(Resync resync) {
  std::map<Subject, Restriction> stands;
  for (auto& restriction : resync.record.restrictions) {
    const Subject subject = restriction.subject;
    stands.insert_or_assign(subject, std::move(restriction));
  }
  const auto number = resync.record.last_number;
  const auto let_go = [&](const Subject& subject) {
    HoldWork work;
    work.subject = subject;
    work.order = resync.order;
    work.released = true;
    after_tables_.push_back(std::move(work));
  };
  for (const auto& [subject, restriction] : standing_) {
    if (stands.contains(subject)) continue;
    if (file_) file_->set(subject, std::nullopt, number);
    let_go(subject);
  }
  for (const auto& [subject, restriction] : stands) {
    const auto known = standing_.find(subject);
    if (known != standing_.end() && known->second == restriction) continue;
    if (file_) file_->set(subject, restriction, number);
    if (!stops_queued_mail(restriction)) let_go(subject);
  }
  for (auto& [subject, keys] : resync.lost.held) {
    const auto now = stands.find(subject);
    if (now == stands.end() || !stops_queued_mail(now->second)) continue;
    HoldWork work;
    work.subject = subject;
    work.keys = std::move(keys);
    work.order = resync.order;
    after_tables_.push_back(std::move(work));
  }
  standing_ = std::move(stands);
  tables_dirty_ = started_ = true;
  shared_.with([&](Shared& shared) {
    ++shared.counters.resyncs;
    shared.counters.notices_lost += resync.lost.decisions;
  });
  base::log(LogLevel::warn, "effects resync standing={} decisions_without_notice={}",
            standing_.size(), resync.lost.decisions);
}

void Effects::publish_tables() {
  const auto now = SteadyClock::now();
  // Now and then also without a change: somebody may have deleted a table.
  if (now >= tables_checked_ + table_check_every) {
    tables_checked_ = now;
    tables_dirty_ = tables_dirty_ || tables_->any_missing();
  }
  if (!tables_dirty_ || now < tables_retry_) return;
  std::vector<Restriction> restrictions;
  restrictions.reserve(standing_.size());
  for (const auto& [subject, restriction] : standing_) restrictions.push_back(restriction);
  const auto content = compile(restrictions, options_.settings.helpdesk,
                               options_.settings.own_domains, ports_.login_name_of);
  const auto status = tables_->publish(content);
  tables_dirty_ = !status.ok();
  if (!status.ok()) tables_retry_ = now + options_.retry_every;
  set_trouble("tables", status.ok() ? "" : status.error().message);
  shared_.with([&](Shared& shared) {
    shared.counters.table_writes = tables_->writes();
    shared.counters.not_expressed = content.not_expressed;
  });
}

void Effects::carry_out() {
  publish_tables();
  for (auto& work : std::exchange(after_tables_, {})) {
    [[maybe_unused]] const bool closed = !hold_queue_.push(std::move(work));
  }
  const auto now = SteadyClock::now();
  if (!file_ || now < file_retry_) return;
  const auto status = file_->flush();
  if (!status.ok()) file_retry_ = now + options_.retry_every;
  set_trouble("suspended file", status.ok() ? file_->trouble() : status.error().message);
  shared_.with([&](Shared& shared) { shared.counters.file_writes = file_->writes(); });
}

void Effects::look_at_file() {
  if (!file_) return;
  auto commands = file_->poll(ports_.now());
  shared_.with([&](Shared& shared) { shared.counters.file_edits = file_->edits(); });
  if (!commands.empty() && ports_.on_file_edit) ports_.on_file_edit(std::move(commands));
}

// --- thread hold ---------------------------------------------------------------------------------

void Effects::run_hold() {
  while (true) {
    try {
      auto work = hold_queue_.pop(options_.poll_every);
      if (!work && hold_queue_.closed()) return;
      if (work) {
        for (HoldWork& one : with_what_waits(std::move(*work))) {
          if (holds_abandoned_) return;
          work_hold(std::move(one));
        }
      }
      retry_holds();
    } catch (const std::exception& error) {
      set_trouble("queue", error.what());
      if (hold_queue_.closed()) return;
    }
  }
}

// A stopped script may go on at a hundred mails a second while one run of postsuper takes a tenth
// of a second: what waits for the same subject goes into one run.
std::vector<Effects::HoldWork> Effects::with_what_waits(HoldWork first) {
  constexpr std::size_t works_max = 1000;
  std::vector<HoldWork> works;
  works.push_back(std::move(first));
  for (std::size_t taken = 1; taken < works_max; ++taken) {
    auto more = hold_queue_.pop(std::chrono::milliseconds(0));
    if (!more) break;
    HoldWork& last = works.back();
    if (more->subject == last.subject && !more->released && !(more->notice && last.notice)) {
      if (let_go_since(last.subject, last.order)) last.keys.clear();
      last.order = std::max(last.order, more->order);
      last.keys.insert(last.keys.end(), more->keys.begin(), more->keys.end());
      if (more->notice) last.notice = std::move(more->notice);
    } else {
      works.push_back(std::move(*more));
    }
  }
  return works;
}

void Effects::work_hold(HoldWork work) {
  if (work.released) {
    pending_holds_.erase(work.subject);
    let_go_.with([&](auto& let_go) {
      const auto last = let_go.find(work.subject);
      if (last != let_go.end() && last->second <= work.order) let_go.erase(last);
    });
  }
  HoldOutcome outcome;
  if (!work.keys.empty()) {
    PendingHold hold{.keys = std::move(work.keys),
                     .order = work.order,
                     .next_try = {},
                     .pause = hold_pause_first};
    if (auto waiting = pending_holds_.extract(work.subject)) {
      const PendingHold& older = waiting.mapped();
      if (!let_go_since(work.subject, older.order))
        hold.keys.insert(hold.keys.end(), older.keys.begin(), older.keys.end());
    }
    hold_unless_let_go(work.subject, std::move(hold), outcome);
  }
  shared_.with([&](Shared& shared) { shared.counters.holds_waiting = pending_holds_.size(); });
  if (!work.notice) return;
  work.notice->outcome = std::move(outcome);
  notifier_.tell(std::move(*work.notice));
}

bool Effects::let_go_since(const Subject& subject, std::uint64_t order) const {
  return let_go_.with([&](const auto& let_go) {
    const auto last = let_go.find(subject);
    return last != let_go.end() && last->second > order;
  });
}

void Effects::hold_unless_let_go(const Subject& subject, PendingHold hold, HoldOutcome& outcome) {
  const std::uint64_t order = hold.order;
  if (let_go_since(subject, order)) return;
  const std::vector<model::QueueKey> keys = hold.keys;
  try_hold(subject, std::move(hold), outcome);
  if (!let_go_since(subject, order)) return;
  // It was let go while the helper held it.
  pending_holds_.erase(subject);
  static_cast<void>(queue_control_.read()->run(QueueVerb::release, keys));
}

void Effects::try_hold(const Subject& subject, PendingHold hold, HoldOutcome& outcome) {
  const auto queue = queue_control_.read();
  const auto result = queue->run(QueueVerb::hold, hold.keys);
  outcome = {
      .held = result.done.size(), .missing = result.missing.size(), .trouble = result.trouble};
  const bool failed = !result.trouble.empty();
  if (failed) outcome.missing = 0;  // not known to be gone
  shared_.with([&](Shared& shared) {
    shared.counters.held += outcome.held;
    shared.counters.hold_missing += outcome.missing;
    shared.counters.hold_failures += failed ? 1 : 0;
  });
  set_trouble("queue", result.trouble);
  if (!failed || !queue->on()) return;
  hold.keys = left_of(hold.keys, result);
  if (hold.keys.size() > pending_keys_max) hold.keys.resize(pending_keys_max);
  hold.next_try = SteadyClock::now() + hold.pause;
  hold.pause = std::min(hold.pause * 2, std::chrono::milliseconds(hold_pause_most));
  pending_holds_.insert_or_assign(subject, std::move(hold));
}

void Effects::retry_holds() {
  const auto now = SteadyClock::now();
  const auto due = std::find_if(pending_holds_.begin(), pending_holds_.end(),
                                [now](const auto& pair) { return pair.second.next_try <= now; });
  if (due == pending_holds_.end()) return;
  auto node = pending_holds_.extract(due);
  HoldOutcome outcome;
  hold_unless_let_go(node.key(), std::move(node.mapped()), outcome);
  shared_.with([&](Shared& shared) { shared.counters.holds_waiting = pending_holds_.size(); });
}

// --- the end -------------------------------------------------------------------------------------

void Effects::stop(std::chrono::milliseconds deadline) {
  const auto end = SteadyClock::now() + deadline;
  act_queue_.close();
  if (act_.joinable()) act_.join();
  while (SteadyClock::now() < end && hold_queue_.size() > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  hold_queue_.close();
  // The end must not take longer for a long list: that the sender is stopped stands in the tables.
  if (SteadyClock::now() >= end) holds_abandoned_ = true;
  if (hold_.joinable()) hold_.join();
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now());
  notifier_.stop(std::max(left, std::chrono::milliseconds(0)));
}

}  // namespace leumund::action
