#include "apps/daemon/case_desk.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "config/case_options.h"

namespace leumund::apps {
namespace {

using action::CaseBook;
using base::LogLevel;
using base::TimePoint;
using model::CaseNews;
using model::CaseState;
using model::DecisionKind;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{1000};
constexpr std::chrono::milliseconds nap{100};
constexpr std::chrono::seconds compare_every{30};
constexpr std::size_t read_at_once = 1000;
constexpr std::uint64_t primed_with = 2000;  // decisions before the last, for who was stopped

action::CaseSettings settings_of(const config::RunSettings& run) {
  action::CaseSettings out;
  out.ask_after = run.cases_ask_after;
  out.remind_after = run.cases_remind_after;
  out.close_after = run.cases_close_after;
  out.reviews = config::case_reviews(run);
  out.keep = run.cases_keep;
  return out;
}

DecisionKind kind_of(CaseNews::What what) {
  switch (what) {
    case CaseNews::What::opened: return DecisionKind::case_opened;
    case CaseNews::What::closed: return DecisionKind::case_closed;
    case CaseNews::What::reopened: return DecisionKind::case_reopened;
    case CaseNews::What::due: return DecisionKind::case_due;
  }
  return DecisionKind::case_due;
}

std::string sentence_of(const CaseNews& news) {
  switch (news.what) {
    case CaseNews::What::opened:
      return fmt::format("case {} is open: {} is against us", news.number, news.title);
    case CaseNews::What::closed: return fmt::format("case {} is closed", news.number);
    case CaseNews::What::reopened: return fmt::format("case {} is open again", news.number);
    case CaseNews::What::due: break;
  }
  if (!news.step) return fmt::format("case {} wants a review", news.number);
  return fmt::format("case {}: {} still stands, next is: {}", news.number, news.title,
                     model::case_step_name(*news.step));
}

std::vector<model::Subject> subjects_of(const CaseBook& book, const std::vector<CaseNews>& news) {
  std::vector<model::Subject> out;
  for (const CaseNews& one : news) {
    const model::Case* about = book.find(one.number);
    out.push_back(about == nullptr ? model::Subject{} : about->subject);
  }
  return out;
}

// What was done the last time against whoever opens a case now: one term for each request, named
// "CHANNEL:OUTCOME".
std::vector<std::vector<model::Term>> worked_of(const CaseBook& book,
                                                const std::vector<CaseNews>& news) {
  std::vector<std::vector<model::Term>> out(news.size());
  for (std::size_t i = 0; i < news.size(); ++i) {
    if (news[i].what != CaseNews::What::opened) continue;
    for (const auto& figures : book.figures()) {
      if (figures.party != news[i].line.party || figures.last_case == news[i].number) continue;
      for (const model::CaseAttempt& attempt : figures.worked) {
        model::Term term;
        term.name = fmt::format("{}:{}", model::case_step_name(attempt.step),
                                model::case_outcome_name(attempt.outcome));
        term.text = attempt.to;
        if (!attempt.answer.empty()) term.text += " \"" + attempt.answer + "\"";
        out[i].push_back(std::move(term));
      }
    }
  }
  return out;
}

// What earlier cases say of the parties of this one.
face::CaseReport report_of(const CaseBook& book, const model::Case& one) {
  face::CaseReport out{one, {}, {}};
  for (auto& figures : book.figures()) {
    const bool here =
        std::any_of(one.parties.begin(), one.parties.end(),
                    [&](const model::CaseParty& party) { return party.id == figures.party; });
    if (here && figures.last_case != 0) out.parties.push_back(std::move(figures));
  }
  return out;
}

}  // namespace

CaseDesk::~CaseDesk() { stop(); }

void CaseDesk::start() {
  std::ignore = load();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "cases");
}

void CaseDesk::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void CaseDesk::set_trouble(std::string trouble) {
  const bool fresh = state_.with([&](State& state) {
    return std::exchange(state.trouble, trouble) != trouble && !trouble.empty();
  });
  if (fresh) base::log(LogLevel::error, "cases trouble=\"{}\"", trouble);
}

bool CaseDesk::load() {
  if (state_.with([](const State& state) { return state.loaded; })) return true;
  auto record = around_.store.load_cases();
  if (!record) {
    set_trouble("the cases cannot be read: " + record.error().message);
    return false;
  }
  for (const std::string& lost : record->unreadable) {
    base::log(LogLevel::error, "event=case_unreadable {}", lost);
  }
  catching_up_ = record->progress.last_decision == 0;
  state_.with([&](State& state) {
    const std::uint64_t last = record->progress.last_decision;
    state.book.restore(std::move(*record));
    prime(state.book, last);
    state.loaded = true;
  });
  return true;
}

void CaseDesk::prime(CaseBook& book, std::uint64_t last) const {
  const std::uint64_t from = last - std::min(last, primed_with);
  const auto decisions = around_.store.decisions(from, primed_with);
  if (!decisions) return;
  for (const auto& decision : *decisions) {
    if (decision.number <= last) book.prime(decision);
  }
}

void CaseDesk::run(const std::stop_token& stop) {
  auto next = SteadyClock::now();
  while (!stop.stop_requested()) {
    if (SteadyClock::now() < next) {
      std::this_thread::sleep_for(nap);
      continue;
    }
    next = SteadyClock::now() + look_every;
    try {
      look();
    } catch (const std::exception& error) {
      set_trouble(error.what());
    }
  }
}

void CaseDesk::look() {
  if (!load()) return;
  const auto now = around_.clock.now();
  const action::CaseSettings settings = settings_of(around_.settings());
  state_.with([&](State& state) { state.book.set_settings(settings); });
  journal_trouble_.clear();
  while (read_on()) {
  }
  if (SteadyClock::now() >= compared_at_ + compare_every) {
    compared_at_ = SteadyClock::now();
    compare(now);
  }
  std::vector<model::Subject> subjects;
  std::vector<std::vector<model::Term>> worked;
  const auto news = state_.with([&](State& state) {
    state.book.tick(now);
    auto out = state.book.take_news();
    subjects = subjects_of(state.book, out);
    worked = worked_of(state.book, out);
    for (const CaseNews& one : out) state.reminders += one.what == CaseNews::What::due ? 1 : 0;
    return out;
  });
  // Told before it is kept, and without the lock: the pipeline waits for the journal.
  if (!std::exchange(catching_up_, false)) tell(news, subjects, worked, now);
  const auto kept = state_.with([this](State& state) { return keep(state); });
  if (kept)
    set_trouble(journal_trouble_);
  else
    set_trouble(kept.error().message);
}

// One batch of the journal; whether there is more.
bool CaseDesk::read_on() {
  const auto last =
      state_.with([](const State& state) { return state.book.progress().last_decision; });
  const auto decisions = around_.store.decisions(last, read_at_once);
  if (!decisions) {
    journal_trouble_ = "the journal cannot be read: " + decisions.error().message;
    return false;
  }
  state_.with([&](State& state) {
    for (const auto& decision : *decisions) state.book.take(decision);
  });
  return decisions->size() == read_at_once;
}

void CaseDesk::compare(TimePoint now) {
  const auto cells = around_.pipeline.with_engine(
      [&](engine::Engine& engine) { return engine.blocks().all(now); });
  action::StandingTrouble standing;
  for (const auto& facts : cells) {
    const bool refused =
        facts.state == model::CellState::refused || facts.state == model::CellState::half_open;
    if (refused) standing.emplace("provider:" + facts.provider, facts.egress);
  }
  const auto listings = around_.listings();
  for (const auto& listing : listings.value_or(std::vector<model::Listing>())) {
    standing.emplace("list:" + listing.list, listing.place);
  }
  state_.with([&](State& state) {
    state.book.note_impact(cells);
    state.book.end_unknown(standing, listings.has_value(), now);
  });
}

void CaseDesk::tell(const std::vector<CaseNews>& news, const std::vector<model::Subject>& subjects,
                    const std::vector<std::vector<model::Term>>& worked, TimePoint now) {
  for (std::size_t i = 0; i < news.size(); ++i) {
    model::Decision decision;
    decision.kind = kind_of(news[i].what);
    decision.at = now;
    decision.subject = subjects[i];
    decision.detector = "cases";
    decision.by = news[i].line.by.empty() ? "cases" : news[i].line.by;
    decision.restriction.subject = subjects[i];
    decision.restriction.since = now;
    decision.restriction.reason = sentence_of(news[i]);
    decision.case_news = news[i];
    if (i < worked.size()) decision.terms = worked[i];
    around_.pipeline.note(std::move(decision));
  }
}

// What is taken out is written under the same lock, so that an older word never overwrites a newer
// one, and the progress never runs ahead of what follows from it.
base::Status CaseDesk::keep(State& state) {
  const auto changes = state.book.drain();
  if (!changes.moved) return {};
  auto kept = around_.store.save_cases({changes.cases, changes.forgotten, changes.progress});
  if (!kept) state.book.put_back(changes);
  return kept;
}

// --- people --------------------------------------------------------------------------------------

face::CasesReport CaseDesk::report(bool closed_too) const {
  return state_.with([&](const State& state) {
    face::CasesReport out;
    for (auto at = state.book.all().rbegin(); at != state.book.all().rend(); ++at) {
      if (closed_too || at->second.state != CaseState::closed) out.cases.push_back(at->second);
    }
    out.parties = state.book.figures();
    return out;
  });
}

base::Result<face::CaseReport> CaseDesk::find(std::uint64_t number) const {
  return state_.with([&](const State& state) -> base::Result<face::CaseReport> {
    const model::Case* one = state.book.find(number);
    if (one == nullptr) {
      return base::Error{base::ErrorCode::unavailable, fmt::format("there is no case {}", number)};
    }
    return report_of(state.book, *one);
  });
}

// What stands against a sender now, however long ago it was decided.
std::optional<model::CaseCause> CaseDesk::standing_against(const model::Subject& subject) const {
  return around_.pipeline.with_engine(
      [&](engine::Engine& engine) -> std::optional<model::CaseCause> {
        const auto* found = engine.book().find(subject);
        if (found == nullptr || found->mode != model::Mode::enforce) return std::nullopt;
        return CaseBook::cause_of(*found, found->decision, found->since);
      });
}

base::Result<face::CaseReport> CaseDesk::work(action::CaseOrder order) {
  const auto now = around_.clock.now();
  if (order.work == action::CaseWork::add_cause) order.standing = standing_against(order.subject);
  std::vector<CaseNews> news;
  std::vector<model::Subject> subjects;
  auto done = state_.with([&](State& state) -> base::Result<face::CaseReport> {
    if (!state.loaded) return base::Error{base::ErrorCode::unavailable, state.trouble};
    auto one = state.book.order(order, now);
    if (!one) return one.error();
    if (order.work == action::CaseWork::attempt) ++state.attempts;
    news = state.book.take_news();
    subjects = subjects_of(state.book, news);
    if (const auto kept = keep(state); !kept) {
      return base::Error{kept.error().code,
                         "written, but a restart forgets it: " + kept.error().message};
    }
    return report_of(state.book, *one);
  });
  tell(news, subjects, {}, now);
  return done;
}

std::vector<std::uint64_t> CaseDesk::of(const model::Subject& subject) const {
  const std::string name = subject.to_string();
  return state_.with([&](const State& state) {
    std::vector<std::uint64_t> out;
    for (const auto& [number, one] : state.book.all()) {
      if (one.state == CaseState::closed) continue;
      const bool party = std::any_of(one.parties.begin(), one.parties.end(),
                                     [&](const auto& each) { return each.id == name; });
      const bool cause = std::any_of(one.causes.begin(), one.causes.end(),
                                     [&](const auto& each) { return each.subject == subject; });
      if (one.subject == subject || party || cause) out.push_back(number);
    }
    return out;
  });
}

std::optional<face::PartStatus> CaseDesk::part() const {
  return state_.with([](const State& state) -> std::optional<face::PartStatus> {
    std::size_t open = 0;
    std::size_t quiet = 0;
    std::uint64_t oldest = 0;
    for (const auto& [number, one] : state.book.all()) {
      quiet += one.state == CaseState::quiet ? 1 : 0;
      if (one.state != CaseState::open) continue;
      ++open;
      if (oldest == 0) oldest = number;
    }
    if (!state.trouble.empty()) return face::PartStatus{"cases", false, state.trouble};
    if (open + quiet == 0) return std::nullopt;
    return face::PartStatus{
        "cases", true,
        open == 0 ? fmt::format("0 open, {} quiet", quiet)
                  : fmt::format("{} open, {} quiet; leumund case {}", open, quiet, oldest)};
  });
}

void CaseDesk::add_metrics(std::vector<face::Metric>& out) const {
  state_.with([&](const State& state) {
    std::map<std::string, std::uint64_t> states = {{"open", 0}, {"quiet", 0}, {"closed", 0}};
    for (const auto& [number, one] : state.book.all()) {
      ++states[std::string(model::case_state_name(one.state))];
    }
    face::Metric cases{"leumund_cases", "Cases by state.", {}};
    for (const auto& [name, count] : states) {
      cases.samples.push_back({{{"state", name}}, static_cast<double>(count)});
    }
    out.push_back(std::move(cases));
    out.push_back({"leumund_case_reminders_total",
                   "Times that something was due in a case.",
                   {{{}, static_cast<double>(state.reminders)}}});
    out.push_back({"leumund_case_attempts_total",
                   "Requests written into cases.",
                   {{{}, static_cast<double>(state.attempts)}}});
  });
}

}  // namespace leumund::apps
