#include "apps/daemon/control_desk.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <set>
#include <utility>

#include "action/stopping.h"
#include "apps/daemon/campaign_release.h"
#include "apps/daemon/held_mail.h"
#include "apps/daemon/listing_decision.h"
#include "apps/version.h"
#include "base/log.h"
#include "diagnosis/provider_group.h"
#include "engine/reach.h"
#include "wire/event_line.h"

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;
using model::Decision;
using Decisions = std::vector<Decision>;

constexpr std::size_t decisions_shown = 20;  // about one subject
constexpr std::size_t problems_shown = 10;   // of one batch of events

// The result of a command and the decisions that the pipeline has to write and publish.
template <typename T>
std::pair<base::Result<T>, Decisions> told(base::Result<T> result, Decisions decisions) {
  return {std::move(result), std::move(decisions)};
}

// "FROM UNTIL" in microseconds since 1970, "" for off.
std::string write_unattended(const action::Unattended& unattended) {
  if (!unattended.from || !unattended.until) return "";
  return fmt::format("{} {}", unattended.from->time_since_epoch().count(),
                     unattended.until->time_since_epoch().count());
}

// The decision stands; the mail stays where it is and can be asked for again.
void tell_mail(const base::Result<face::QueueReport>& report, face::OrderDone& done) {
  if (!report) {
    done.trouble = "its held mail stays: " + report.error().message;
    return;
  }
  done.mail = *report;
  done.trouble = report->failed > 0 ? "its held mail stays: " + report->detail : report->detail;
}

// Refused, half open, suspected, open.
void sort_by_trouble(std::vector<model::BlockFacts>& cells) {
  constexpr std::array<int, 4> rank = {3, 2, 0, 1};
  std::stable_sort(cells.begin(), cells.end(), [&](const auto& a, const auto& b) {
    return rank[static_cast<std::size_t>(a.state)] < rank[static_cast<std::size_t>(b.state)];
  });
}

// What is left of a body, as the milter does it.
void add_print(model::MailEvent& event, fingerprint::PrintMaker& prints, bool keep_own_text) {
  auto* mail = std::get_if<model::Submission>(&event.what);
  if (mail == nullptr || mail->body.empty()) return;
  mail->print =
      std::make_shared<const model::Fingerprint>(fingerprint::print_of(*mail, prints).print);
  if (keep_own_text) mail->own_text = prints.own_text();
  mail->body = {};
}

}  // namespace

void restore_unattended(const std::string& text, action::Unattended& unattended) {
  std::int64_t from = 0;
  std::int64_t until = 0;
  if (std::sscanf(text.c_str(), "%" SCNd64 " %" SCNd64, &from, &until) != 2) return;
  unattended.from = base::TimePoint(base::Micros(from));
  unattended.until = base::TimePoint(base::Micros(until));
}

base::Result<face::StatusReport> ControlDesk::status(std::size_t most) {
  face::StatusReport report;
  report.version = version;
  report.now = around_.clock.now();
  report.started_at = around_.started_at;
  report.burst_mode = around_.burst_mode();
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    report.counters = engine.counters();
    report.learning = engine.learning();
    report.last_decision = engine.book().last_number();
    report.unattended = engine.book().unattended();
    report.restrictions = engine.book().restrictions();
    report.would_restrict = engine.book().would_be(report.now);
    report.exemptions_total = engine.book().exemptions().size();
    report.watched = engine.watched(most, report.now);
  });
  const auto& away = report.unattended;
  report.unattended_now =
      away.from && *away.from <= report.now && (!away.until || report.now < *away.until);
  report.restrictions_total = report.restrictions.size();
  // Campaigns, then who is stopped for what it did itself, then whom only a campaign stopped.
  const auto rank = [](const model::Restriction& one) {
    if (one.subject.kind == model::SubjectKind::campaign) return 0;
    return one.rests_on.empty() ? 1 : 2;
  };
  std::stable_sort(report.restrictions.begin(), report.restrictions.end(),
                   [&](const auto& a, const auto& b) {
                     return rank(a) != rank(b) ? rank(a) < rank(b) : a.since > b.since;
                   });
  if (report.restrictions.size() > most) report.restrictions.resize(most);
  report.would_restrict_total = report.would_restrict.size();
  if (report.would_restrict.size() > most) report.would_restrict.resize(most);
  report.parts = around_.parts();
  return report;
}

base::Result<std::vector<model::BlockFacts>> ControlDesk::block_matrix() {
  const auto now = around_.clock.now();
  auto cells = around_.pipeline.with_engine(
      [&](engine::Engine& engine) { return engine.blocks().all(now); });
  sort_by_trouble(cells);
  return cells;
}

base::Result<face::ReachReport> ControlDesk::reachable(const std::string& recipient) {
  face::ReachReport report;
  report.domain = diagnosis::domain_of(recipient);
  report.provider = around_.provider(recipient);
  const auto now = around_.clock.now();
  auto cells = around_.pipeline.with_engine([&](engine::Engine& engine) {
    return report.provider.empty() ? std::vector<model::BlockFacts>()
                                   : engine.blocks().of_provider(report.provider, now);
  });
  engine::Reach reach = engine::reach_over(cells, now);
  report.reachable = reach.reachable;
  report.through = std::move(reach.through);
  report.refused = std::move(reach.refused);
  report.not_since = reach.not_since;
  return report;
}

base::Result<std::vector<model::Detour>> ControlDesk::detours() { return around_.detours->all(); }

base::Result<model::Detour> ControlDesk::set_detour(const face::DetourOrder& order) {
  return around_.detours->set(order);
}

base::Result<face::RouteReport> ControlDesk::route(const std::string& recipient,
                                                   const std::optional<std::string>& sender) {
  return around_.detours->route(recipient, sender, around_.provider(recipient));
}

base::Result<model::WatchReport> ControlDesk::lists() { return around_.watch.report(); }

base::Result<std::vector<model::ListSaid>> ControlDesk::look_up(const std::string& subject) {
  return around_.watch.look_up(subject);
}

base::Result<face::SubjectReport> ControlDesk::explain(const model::Subject& subject) {
  face::SubjectReport report;
  const auto now = around_.clock.now();
  around_.pipeline.with_engine([&](engine::Engine& engine) {
    report.explanation = engine.explain(subject, now);
    if (const auto* standing = action::stopping(engine.book(), subject))
      report.restriction = *standing;
    report.explanation.restriction = nullptr;  // ends with the lock
    report.exempt = engine.book().is_exempt(subject);
    report.checklist = engine.book().checklist(subject);
    if (subject.kind == model::SubjectKind::egress) {
      report.cells = engine.blocks().of_egress(subject.name, now);
    } else if (subject.kind == model::SubjectKind::provider) {
      report.cells = engine.blocks().of_provider(subject.name, now);
    }
  });
  for (model::Detour& detour : around_.detours->all()) {
    const bool about = subject.kind == model::SubjectKind::provider
                           ? detour.provider == subject.name
                           : subject.kind == model::SubjectKind::egress &&
                                 (detour.home == subject.name || detour.via == subject.name);
    if (about) report.detours.push_back(std::move(detour));
  }
  if (!report.cells.empty()) {
    sort_by_trouble(report.cells);
    report.explanation.known = true;
    report.explanation.standing = model::cell_state_name(report.cells.front().state);
  }
  report.listings = listings_of(subject, around_.listings());
  if (!report.listings.empty()) {
    report.explanation.known = true;
    if (report.cells.empty()) report.explanation.standing = "listed";
  }
  switch (subject.kind) {
    case model::SubjectKind::egress:
    case model::SubjectKind::address:
    case model::SubjectKind::domain: report.setup = around_.hygiene.faults_of(subject.name); break;
    default: break;
  }
  if (!report.setup.empty()) report.explanation.known = true;
  report.cases = around_.cases.of(subject);
  if (!report.cases.empty()) report.explanation.known = true;
  auto decisions = around_.store.decisions_about(subject, decisions_shown);
  if (decisions) report.decisions = std::move(*decisions);  // without a store: what is known now
  return report;
}

base::Result<face::OrderDone> ControlDesk::suspend(const face::SuspendOrder& order) {
  const auto now = around_.clock.now();
  auto done = around_.pipeline.command([&](engine::Engine& engine) {
    face::OrderDone made;
    if (const auto* standing = engine.book().find(order.subject)) made.before = *standing;
    // The later word of a person holds: a suspension ends an exemption, as an exemption lifts a
    // restriction. Only a detector keeps its hands off what is exempt.
    made.also = engine.book().exempt(order.subject, false, order.by, now);
    model::Restriction restriction;
    restriction.subject = order.subject;
    restriction.level = order.level;
    restriction.reason = order.reason;
    restriction.by = order.by;
    if (order.span) restriction.until = now + *order.span;
    made.decision = engine.with_queue(engine.book().suspend(restriction, now));
    Decisions all = made.also;
    all.push_back(made.decision);
    return std::pair(std::move(made), std::move(all));
  });
  if (order.level != model::Level::throttle) {
    if (const auto trouble = queue_trouble(); !trouble.empty()) {
      done.trouble = "its queued mail is not held: " + trouble;
    }
  }
  return done;
}

bool ControlDesk::is_undecided(const model::Subject& subject) {
  const auto [stands, rests] = around_.pipeline.with_engine([&](engine::Engine& engine) {
    return std::pair(engine.book().find(subject) != nullptr,
                     !engine.book().resting_on(subject).empty());
  });
  if (stands || rests) return !stands;
  auto held = HeldMail::look(around_.queue(), around_.pipeline, around_.store);
  if (!held) return false;
  if (subject.kind != model::SubjectKind::campaign) return held->count_of(subject) > 0;
  held->want_of(subject);
  held->want_decided(subject);
  held->leave_out_restricted(subject);
  return !held->wanted_keys().empty();
}

base::Result<face::OrderDone> ControlDesk::release(const face::ReleaseOrder& order) {
  const auto now = around_.clock.now();
  Decisions also;
  std::vector<model::Subject> members;
  const bool undecided = is_undecided(order.subject);
  auto decision = around_.pipeline.command([&](engine::Engine& engine) {
    members = engine.campaign_members(order.subject);
    auto made = engine.book().release(order.subject, order.recovery, order.by, now);
    if (!made && undecided && engine.book().find(order.subject) == nullptr)
      made = engine.book().release_over(order.subject, order.by, now);
    if (!made) return told<Decision>(made.error(), {});
    // What is thrown away was no honest mailing.
    Decisions all = {*made};
    also = after_campaign_release(engine, all, order.mail != face::HeldMail::remove, now);
    all.insert(all.end(), also.begin(), also.end());
    leave_out_restricted(engine, members);
    return told<Decision>(*made, std::move(all));
  });
  if (!decision) return decision.error();
  face::OrderDone done{std::move(*decision), {}, std::move(also), {}};
  if (order.mail == face::HeldMail::keep_held) return done;
  const bool release = order.mail == face::HeldMail::release;
  if (!release) members.clear();
  const auto work = release ? face::QueueWork::release : face::QueueWork::remove;
  tell_mail(work_on(order.subject, work, order.by, members), done);
  return done;
}

base::Result<Decisions> ControlDesk::exempt(const model::Subject& subject, bool on,
                                            const std::string& by) {
  const auto now = around_.clock.now();
  return around_.pipeline.command([&](engine::Engine& engine) {
    Decisions decisions = engine.book().exempt(subject, on, by, now);
    const Decisions also = after_campaign_release(engine, decisions, true, now);
    decisions.insert(decisions.end(), also.begin(), also.end());
    return told<Decisions>(decisions, decisions);
  });
}

base::Result<Decision> ControlDesk::announce(const face::AnnounceOrder& order) {
  const auto now = around_.clock.now();
  if (order.subject.kind != model::SubjectKind::account) {
    return Error{ErrorCode::malformed, "only an account can announce a mailing"};
  }
  model::MailEvent event;
  event.occurred_at = order.from.value_or(now);
  event.received_at = now;
  event.what = model::Announcement{order.subject.name, order.recipients, order.until};
  const auto outcome = around_.pipeline.feed(event, now);
  if (outcome.decisions.empty()) {
    return Error{ErrorCode::internal, order.subject.to_string() + " cannot be announced now"};
  }
  return outcome.decisions.front();
}

base::Result<face::OrderDone> ControlDesk::undo(std::uint64_t number, const std::string& by) {
  const auto now = around_.clock.now();
  Decisions also;
  std::vector<model::Subject> members;
  auto decision = around_.pipeline.command([&](engine::Engine& engine) {
    auto made = engine.book().undo(number, by, now);
    if (!made) return told<Decision>(made.error(), {});
    members = engine.campaign_members(made->subject);
    // It was a mistake: what the subject sent was honest.
    engine.learn_from_release(made->subject, now);
    Decisions all = {*made};
    also = after_campaign_release(engine, all, true, now);
    leave_out_restricted(engine, members);
    all.insert(all.end(), also.begin(), also.end());
    return told<Decision>(*made, std::move(all));
  });
  if (!decision) return decision.error();
  face::OrderDone done{std::move(*decision), {}, std::move(also), {}};
  if (done.decision.kind == model::DecisionKind::released && around_.queue().on()) {
    tell_mail(work_on(done.decision.subject, face::QueueWork::release, by, members), done);
  }
  return done;
}

base::Result<action::Unattended> ControlDesk::unattended() {
  return around_.pipeline.with_engine(
      [](engine::Engine& engine) { return engine.book().unattended(); });
}

base::Result<action::Unattended> ControlDesk::set_unattended(const face::UnattendedOrder& order) {
  const auto now = around_.clock.now();
  const auto set = around_.pipeline.with_engine([&](engine::Engine& engine) {
    action::Unattended unattended = engine.book().unattended();
    unattended.from = order.until ? std::optional(order.from.value_or(now)) : std::nullopt;
    unattended.until = order.until;
    engine.book().set_unattended(unattended);
    return unattended;
  });
  const std::vector<storage::Mark> mark = {{unattended_mark, write_unattended(set)}};
  if (const auto kept = around_.store.save_checkpoint({}, mark); !kept) {
    return Error{kept.error().code, "in force, but a restart forgets it: " + kept.error().message};
  }
  base::log(base::LogLevel::info, "unattended by={} until={}", order.by,
            set.until ? base::format_rfc3339(*set.until) : "off");
  return set;
}

std::string ControlDesk::queue_trouble() const {
  if (!around_.queue().on()) return "";
  for (const auto& part : around_.parts()) {
    if (part.name == "queue" && !part.well) return part.detail;
  }
  return "";
}

base::Result<std::vector<face::HeldMessage>> ControlDesk::held_mail(const model::Subject& subject) {
  auto held = HeldMail::look(around_.queue(), around_.pipeline, around_.store);
  if (!held) return held.error();
  held->want_of(subject);
  held->want_decided(subject);
  if (!held->trouble().empty())
    base::log(base::LogLevel::warn, "queue subject={} {}", subject.to_string(), held->trouble());
  return held->wanted();
}

base::Result<face::QueueReport> ControlDesk::queue_work(const model::Subject& subject,
                                                        face::QueueWork work,
                                                        const std::string& by) {
  return work_on(subject, work, by, {});
}

base::Result<face::QueueReport> ControlDesk::work_on(const model::Subject& subject,
                                                     face::QueueWork work, const std::string& by,
                                                     const std::vector<model::Subject>& besides) {
  const auto queue = around_.queue();
  auto held = HeldMail::look(queue, around_.pipeline, around_.store);
  if (!held) return held.error();
  held->want_of(subject);
  held->want_decided(subject);
  for (const model::Subject& other : besides) held->want_of(other);
  const bool release = work == face::QueueWork::release;
  face::QueueReport report;
  if (release && subject.kind == model::SubjectKind::campaign)
    report.kept = held->leave_out_restricted(subject);
  report.detail = held->trouble();
  const auto keys = held->wanted_keys();
  if (keys.empty()) return report;
  const auto verb = release ? action::QueueVerb::release : action::QueueVerb::remove;
  if (release) {
    // Before Postfix hears of it: its log line would put the mail on hold again at once.
    const bool stands = around_.pipeline.with_engine(
        [&](engine::Engine& engine) { return engine.book().find(subject) != nullptr; });
    if (stands) {
      held->remind_engine();
      around_.pipeline.with_engine([&](engine::Engine& engine) { engine.let_go(keys); });
    }
  }
  auto result = queue.run(verb, keys);
  auto left = still_held(keys);
  // A hold that was under way may have overtaken the release of some of it.
  if (release && left && !left->empty()) {
    result = queue.run(verb, *left);
    left = still_held(*left);
  }
  // What the helper did not find may have gone by another hand: what counts is what is still held.
  report.failed = left ? left->size() : keys.size() - std::min(keys.size(), result.done.size());
  report.done = keys.size() - report.failed;
  if (!result.trouble.empty()) report.detail = result.trouble;
  base::log(base::LogLevel::info, "queue subject={} verb={} by={} done={} failed={} kept={}",
            subject.to_string(), release ? "release" : "delete", by, report.done, report.failed,
            report.kept);
  around_.held_changed();
  return report;
}

base::Result<std::vector<model::QueueKey>> ControlDesk::still_held(
    const std::vector<model::QueueKey>& keys) {
  auto held = HeldMail::look(around_.queue(), around_.pipeline, around_.store);
  if (!held) return held.error();
  held->want(keys);
  return held->wanted_keys();
}

base::Result<Decisions> ControlDesk::decisions(std::uint64_t after, std::size_t limit) {
  return around_.store.decisions(after, limit);
}

base::Result<face::FeedReport> ControlDesk::feed_events(std::string_view lines) {
  face::FeedReport report;
  wire::EventLineReader reader;
  const intake::MilterPrintSettings wanted = around_.prints();
  fingerprint::PrintMaker prints(wanted.prints, around_.key);
  std::size_t number = 0;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto event = reader.read(line);
    if (!event) {
      ++report.rejected;
      if (report.problems.size() < problems_shown) {
        report.problems.push_back(fmt::format("line {}: {}", number, event.error().message));
      }
      continue;
    }
    const auto now = around_.clock.now();
    event->received_at = now;
    add_print(*event, prints, wanted.keep_own_text);
    static_cast<void>(around_.feed(*event));
    ++report.accepted;
  }
  // What it says of others is on disk before it is answered for.
  if (around_.lists != nullptr) static_cast<void>(around_.lists->settle());
  return report;
}

base::Result<std::vector<std::string>> ControlDesk::reload() { return around_.reload(); }

}  // namespace leumund::apps
