#include "action/restriction_book.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/core.h>

#include "action/one_line.h"
#include "action/strongest_terms.h"
#include "base/ascii.h"
#include "model/sender_name.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using base::TimePoint;
using model::Decision;
using model::DecisionKind;
using model::Disposition;
using model::Level;
using model::Mode;
using model::Restriction;
using model::Subject;
using model::SubjectKind;

constexpr auto day = std::chrono::hours(24);
constexpr std::size_t reason_bytes_max = 400;
constexpr std::size_t contact_bytes_max = 200;

// An SMTP reply is one line of printable ASCII; what is not becomes "?".
std::string reply_safe(std::string_view text) {
  std::string out(text.substr(0, contact_bytes_max));
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

// The strongest three reasons as one sentence for people; the sender never sees it.
std::string reason_of(const model::Finding& finding) {
  std::string out = finding.kind;
  std::string_view before = ": ";
  for (const auto* term : strongest_terms(finding.terms, 3)) {
    out += before;
    out += term->text.empty() ? term->name : term->text;
    before = "; ";
  }
  return one_line(out, reason_bytes_max);
}

std::string_view thing(const Subject& subject) {
  switch (subject.kind) {
    case SubjectKind::account: return "this account";
    case SubjectKind::script: return "this script";
    case SubjectKind::forward: return "this forward";
    default: return "this sender";
  }
}

}  // namespace

std::size_t RestrictionBook::SubjectHash::operator()(const Subject& subject) const {
  return std::hash<std::string>()(subject.name) * 31 + static_cast<std::size_t>(subject.kind);
}

RestrictionBook::RestrictionBook(BookSettings settings) { set_settings(std::move(settings)); }

void RestrictionBook::set_settings(BookSettings settings) {
  settings_ = std::move(settings);
  helpdesk_.clear();
  own_domains_.clear();
  for (const auto& address : settings_.helpdesk) helpdesk_.insert(base::ascii_lower(address));
  for (const auto& domain : settings_.own_domains) own_domains_.insert(base::ascii_lower(domain));
}

void RestrictionBook::set_unattended(Unattended unattended) { unattended_ = unattended; }

void RestrictionBook::restore(const StandingRecord& standing) {
  last_number_ = std::max(last_number_, standing.last_number);
  for (const auto& restriction : standing.restrictions) {
    Entry entry{.restriction = restriction, .beneath = {}, .attempts = {}, .throttle = {}};
    const auto beneath = standing.beneath.find(restriction.subject);
    if (beneath != standing.beneath.end()) entry.beneath = beneath->second;
    put(restriction.subject, std::move(entry));
  }
  for (const auto& subject : standing.exempt) exempt_.insert(subject);
  for (const auto& [subject, attempts] : standing.attempts) {
    const auto it = entries_.find(subject);
    if (it != entries_.end()) it->second.attempts = attempts;
  }
  unattended_at_.assign(standing.unattended_at.begin(), standing.unattended_at.end());
  std::sort(unattended_at_.begin(), unattended_at_.end());
}

StandingRecord RestrictionBook::standing() const {
  StandingRecord out;
  out.restrictions = restrictions();
  out.exempt = exemptions();
  out.last_number = last_number_;
  for (const auto& [subject, entry] : entries_) {
    if (!entry.beneath.empty()) out.beneath.emplace(subject, entry.beneath);
    if (entry.attempts.recipients > 0) out.attempts.emplace_back(subject, entry.attempts);
  }
  out.unattended_at.assign(unattended_at_.begin(), unattended_at_.end());
  return out;
}

// --- answers -------------------------------------------------------------------------------------

bool RestrictionBook::throttle_lets(Entry& entry, std::uint32_t recipients, TimePoint now) {
  constexpr std::int64_t slot_seconds = 600;
  auto& window = entry.throttle;
  const auto slot_count = static_cast<std::int64_t>(window.slots.size());
  const std::int64_t slot =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() / slot_seconds;
  // A clock set back keeps counting in the newest slot: a wrong clock must not let more out.
  for (std::int64_t i = std::max(window.newest + 1, slot - slot_count + 1); i <= slot; ++i) {
    window.slots[static_cast<std::size_t>(i % slot_count)] = 0;
  }
  window.newest = std::max(window.newest, slot);
  std::uint64_t total = recipients;
  for (const auto count : window.slots) total += count;
  if (total > settings_.throttle_recipients_per_hour) return false;
  window.slots[static_cast<std::size_t>(window.newest % slot_count)] += recipients;
  return true;
}

model::Answer RestrictionBook::refuse(Entry& entry, const Ask& ask, Disposition disposition,
                                      std::string text, TimePoint now) {
  entry.attempts.recipients += ask.recipients;
  entry.attempts.last_at = now;
  if (!entry.attempts_dirty) attempted_.push_back(ask.subject);
  entry.attempts_dirty = true;
  text += "; please contact ";
  text += settings_.contact.empty() ? "your administrator" : reply_safe(settings_.contact);
  return {disposition, std::move(text)};
}

model::Answer RestrictionBook::answer(const Ask& ask, TimePoint now) {
  const auto it = entries_.find(ask.subject);
  if (it == entries_.end()) return {};
  Entry& entry = it->second;
  const Restriction& restriction = entry.restriction;
  if (restriction.until && *restriction.until <= now) return {};  // tick() will say so
  const bool whole_mail = ask.recipient.empty();
  if (whole_mail ? ask.only_helpdesk : is_helpdesk(ask.recipient)) return {};
  switch (restriction.level) {
    case Level::throttle:
      if (throttle_lets(entry, ask.recipients, now)) return {};
      return refuse(entry, ask, Disposition::throttle,
                    fmt::format("4.7.1 Too many recipients from {} for now, try again later",
                                thing(ask.subject)),
                    now);
    case Level::hold:
      return refuse(entry, ask, Disposition::hold,
                    fmt::format("Mail from {} is held for review", thing(ask.subject)), now);
    case Level::external_only:
      if (whole_mail ? ask.only_internal : is_internal(ask.recipient)) return {};
      return refuse(
          entry, ask, Disposition::reject,
          fmt::format("5.7.1 Sending from {} to other domains is suspended", thing(ask.subject)),
          now);
    case Level::no_sending:
      return refuse(entry, ask, Disposition::reject,
                    fmt::format("5.7.1 Sending from {} is suspended", thing(ask.subject)), now);
  }
  return {};
}

// --- findings ------------------------------------------------------------------------------------

Decision RestrictionBook::decide(DecisionKind kind, const Subject& subject, const std::string& by,
                                 TimePoint now) {
  Decision decision;
  decision.number = next_number();
  decision.kind = kind;
  decision.at = now;
  decision.subject = subject;
  decision.by = one_line(by, 200);
  decision.restriction.subject = subject;
  return decision;
}

void RestrictionBook::put(const Subject& subject, Entry entry) {
  const auto& restriction = entry.restriction;
  if (restriction.until) ends_.emplace(*restriction.until, subject);
  if (restriction.automatic) automatic_[restriction.decision] = subject;
  for (const auto& below : entry.beneath) {
    if (below.automatic) automatic_[below.decision] = subject;
  }
  entries_[subject] = std::move(entry);
}

void RestrictionBook::remove(Entries::iterator it) {
  automatic_.erase(it->second.restriction.decision);
  for (const auto& below : it->second.beneath) automatic_.erase(below.decision);
  entries_.erase(it);
}

std::optional<Restriction> RestrictionBook::next_beneath(Entry& entry, TimePoint now) {
  while (!entry.beneath.empty()) {
    Restriction below = std::move(entry.beneath.back());
    entry.beneath.pop_back();
    if (!below.until || *below.until > now) return below;
    automatic_.erase(below.decision);
  }
  return std::nullopt;
}

void RestrictionBook::alarm(const std::string& text, TimePoint now) {
  // One alarm an hour, however many findings follow it.
  if (alarmed_at_ && now - *alarmed_at_ < std::chrono::hours(1) && now >= *alarmed_at_) return;
  alarmed_at_ = now;
  Decision decision = decide(DecisionKind::alarm, Subject{}, "", now);
  decision.restriction.reason = text;
  decision.unattended = true;
  pending_.push_back(std::move(decision));
}

void RestrictionBook::forget_old_unattended(TimePoint now) {
  while (!unattended_at_.empty() && unattended_at_.front() <= now - day) unattended_at_.pop_front();
}

bool RestrictionBook::within_bounds(TimePoint now) {
  forget_old_unattended(now);
  const auto last_hour = std::count_if(unattended_at_.begin(), unattended_at_.end(),
                                       [now](auto at) { return at > now - std::chrono::hours(1); });
  if (unattended_at_.size() >= unattended_.restrictions_per_day) {
    alarm(fmt::format("unattended bound of {} restrictions a day is reached; further findings are "
                      "only reported",
                      unattended_.restrictions_per_day),
          now);
    return false;
  }
  if (last_hour >= static_cast<std::ptrdiff_t>(unattended_.restrictions_per_hour)) {
    alarm(fmt::format("unattended bound of {} restrictions an hour is reached; further findings "
                      "are only reported",
                      unattended_.restrictions_per_hour),
          now);
    return false;
  }
  return true;
}

void RestrictionBook::extend(Entry& entry, const model::Finding& finding, TimePoint now) {
  auto& restriction = entry.restriction;
  const auto span = settings_.detector_spans.find(finding.kind);
  if (!restriction.automatic || !restriction.until) return;
  const bool forever = span == settings_.detector_spans.end() || !span->second;
  const auto end = forever ? std::nullopt : std::optional<TimePoint>(now + *span->second);
  // Not at every finding: an attacker who goes on trying would fill the journal.
  if (end && *end - *restriction.until < *span->second / 8) return;
  restriction.until = end;
  if (end) ends_.emplace(*end, restriction.subject);
  Decision decision;  // tick() tells it and gives the number, if it still stands by then
  decision.kind = DecisionKind::extended;
  decision.at = now;
  decision.subject = restriction.subject;
  decision.by = finding.kind;
  decision.detector = finding.kind;
  decision.score = finding.score;
  decision.restriction = restriction;
  decision.beneath = entry.beneath;
  pending_.push_back(std::move(decision));
}

std::optional<Decision> RestrictionBook::would(Decision decision, TimePoint now) {
  if (now - observed_swept_at_ > std::chrono::hours(1)) {
    std::erase_if(observed_, [now](const auto& pair) { return pair.second.since <= now - day; });
    observed_swept_at_ = now;
  }
  const auto it = observed_.find(decision.subject);
  if (it != observed_.end() && it->second.since > now - day &&
      it->second.level >= decision.restriction.level) {
    return std::nullopt;
  }
  if (it == observed_.end() && observed_.size() >= settings_.restrictions_max) {
    ++refused_full_;
    return std::nullopt;
  }
  decision.kind = DecisionKind::would_restrict;
  decision.restriction.mode = Mode::observe;
  decision.number = next_number();
  decision.restriction.decision = decision.number;
  observed_[decision.subject] = decision.restriction;
  return decision;
}

std::vector<model::Restriction> RestrictionBook::would_be(TimePoint now) const {
  std::vector<model::Restriction> out;
  for (const auto& [subject, restriction] : observed_) {
    if (restriction.since > now - day) out.push_back(restriction);
  }
  std::ranges::sort(out, [](const auto& a, const auto& b) { return a.decision > b.decision; });
  return out;
}

std::optional<Decision> RestrictionBook::apply(const model::Finding& finding, Level level,
                                               TimePoint now) {
  if (is_exempt(finding.subject)) return std::nullopt;
  const auto it = entries_.find(finding.subject);
  if (it != entries_.end() && it->second.restriction.level >= level &&
      (!it->second.restriction.until || *it->second.restriction.until > now)) {
    extend(it->second, finding, now);
    return std::nullopt;
  }
  const bool away = unattended_.at(now);
  Decision decision;  // without a number yet: one that is not told must not use one up
  decision.kind = DecisionKind::restricted;
  decision.at = now;
  decision.subject = finding.subject;
  decision.detector = finding.kind;
  decision.by = finding.kind;
  decision.score = finding.score;
  decision.terms = finding.terms;
  decision.unattended = away;
  decision.restriction = {.subject = finding.subject,
                          .level = level,
                          .mode = Mode::enforce,
                          .reason = reason_of(finding),
                          .by = finding.kind,
                          .since = now,
                          .until = std::nullopt,
                          .decision = 0,
                          .automatic = true,
                          .rests_on = finding.rests_on};
  const auto span = settings_.detector_spans.find(finding.kind);
  if (span != settings_.detector_spans.end() && span->second) {
    decision.restriction.until = now + *span->second;
  }
  const bool observed = settings_.mode_of(finding.kind) == Mode::observe;
  if (observed && !(away && within_bounds(now))) return would(decision, now);
  if (it == entries_.end() && entries_.size() >= settings_.restrictions_max) {
    ++refused_full_;
    alarm(fmt::format("table of {} restrictions is full; further findings are only reported",
                      settings_.restrictions_max),
          now);
    return would(decision, now);
  }
  if (away) {
    forget_old_unattended(now);
    unattended_at_.push_back(now);
  }
  decision.number = next_number();
  decision.restriction.decision = decision.number;
  Entry entry{.restriction = decision.restriction, .beneath = {}, .attempts = {}, .throttle = {}};
  if (it != entries_.end()) {
    entry.attempts = it->second.attempts;
    entry.attempts_dirty = it->second.attempts_dirty;
    entry.beneath = std::move(it->second.beneath);
    entry.beneath.push_back(it->second.restriction);
    std::erase_if(entry.beneath, [&](const auto& below) {
      const bool over = below.until && *below.until <= now;
      if (over) automatic_.erase(below.decision);
      return over;
    });
  }
  decision.beneath = entry.beneath;
  observed_.erase(finding.subject);
  put(finding.subject, std::move(entry));
  return decision;
}

std::optional<Decision> RestrictionBook::end(const Subject& subject, const std::string& by,
                                             TimePoint now) {
  const auto it = entries_.find(subject);
  if (it == entries_.end() || !it->second.restriction.automatic) return std::nullopt;
  Decision ended = decide(DecisionKind::ended, subject, by, now);
  ended.restriction = it->second.restriction;
  remove(it);
  return ended;
}

std::optional<Decision> RestrictionBook::tell_again(const model::Finding& finding, TimePoint now) {
  const auto it = entries_.find(finding.subject);
  if (it == entries_.end()) return std::nullopt;
  Decision decision = decide(DecisionKind::restricted, finding.subject, finding.kind, now);
  decision.detector = finding.kind;
  decision.score = finding.score;
  decision.terms = finding.terms;
  decision.restriction = it->second.restriction;
  decision.beneath = it->second.beneath;
  return decision;
}

std::vector<Decision> RestrictionBook::tick(TimePoint now) {
  std::vector<Decision> decisions;
  for (Decision& told : std::exchange(pending_, {})) {
    if (told.kind == DecisionKind::extended) {
      // Released or made harder since: told now, it would bring back what is gone.
      const Restriction* standing = find(told.subject);
      if (standing == nullptr || standing->decision != told.restriction.decision) continue;
      told.number = next_number();
    }
    decisions.push_back(std::move(told));
  }
  while (!ends_.empty() && ends_.begin()->first <= now) {
    const Subject subject = ends_.begin()->second;
    const TimePoint end = ends_.begin()->first;
    ends_.erase(ends_.begin());
    const auto it = entries_.find(subject);
    if (it == entries_.end() || it->second.restriction.until != end) continue;  // stale
    Entry& entry = it->second;
    Decision ended = decide(DecisionKind::ended, subject, "", now);
    ended.restriction = entry.restriction;
    const auto below = next_beneath(entry, now);
    decisions.push_back(std::move(ended));
    if (!below) {
      remove(it);
      continue;
    }
    automatic_.erase(entry.restriction.decision);
    entry.restriction = *below;
    if (below->until) ends_.emplace(*below->until, subject);
    Decision back = decide(DecisionKind::restricted, subject, below->by, now);
    back.restriction = *below;
    back.beneath = entry.beneath;
    decisions.push_back(std::move(back));
  }
  return decisions;
}

// --- look-ups ------------------------------------------------------------------------------------

const Restriction* RestrictionBook::find(const Subject& subject) const {
  const auto it = entries_.find(subject);
  return it == entries_.end() ? nullptr : &it->second.restriction;
}

// With a uid all it hands in is exempt.
bool RestrictionBook::is_exempt(const Subject& subject) const {
  if (exempt_.contains(subject)) return true;
  const auto uid = model::hands_in(subject);
  return uid && exempt_.contains(*uid);
}

bool RestrictionBook::is_helpdesk(std::string_view recipient) const {
  return helpdesk_.contains(base::ascii_lower(recipient));
}

bool RestrictionBook::is_internal(std::string_view recipient) const {
  const auto at = recipient.rfind('@');
  const auto local = recipient.substr(0, at);
  // "x%evil.example@own" and "evil!x@own" leave again: Postfix rewrites them to their target.
  if (local.empty() || local.find_first_of("@%!") != std::string_view::npos) return false;
  if (at == std::string_view::npos) return true;
  return own_domains_.contains(base::ascii_lower(recipient.substr(at + 1)));
}

std::vector<Restriction> RestrictionBook::restrictions() const {
  std::vector<Restriction> all;
  all.reserve(entries_.size());
  for (const auto& [subject, entry] : entries_) all.push_back(entry.restriction);
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.subject < b.subject; });
  return all;
}

std::vector<Subject> RestrictionBook::resting_on(const Subject& campaign) const {
  const std::string name = campaign.to_string();
  std::vector<Subject> all;
  for (const auto& [subject, entry] : entries_) {
    if (entry.restriction.automatic && entry.restriction.rests_on == name) all.push_back(subject);
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<Subject> RestrictionBook::exemptions() const {
  std::vector<Subject> all(exempt_.begin(), exempt_.end());
  std::sort(all.begin(), all.end());
  return all;
}

Attempts RestrictionBook::attempts(const Subject& subject) const {
  const auto it = entries_.find(subject);
  return it == entries_.end() ? Attempts{} : it->second.attempts;
}

std::vector<std::pair<Subject, Attempts>> RestrictionBook::drain_attempts() {
  std::vector<std::pair<Subject, Attempts>> drained;
  for (auto& subject : std::exchange(attempted_, {})) {
    const auto it = entries_.find(subject);
    if (it == entries_.end() || !it->second.attempts_dirty) continue;
    it->second.attempts_dirty = false;
    drained.emplace_back(std::move(subject), it->second.attempts);
  }
  return drained;
}

}  // namespace leumund::action
