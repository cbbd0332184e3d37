#include "listing/name_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "wire/zone_file_write.h"

namespace leumund::listing {
namespace {

using base::Error;
using base::ErrorCode;
using base::TimePoint;
using model::ListKind;

constexpr std::size_t reason_bytes_max = 500;
constexpr std::size_t hand_most = 100'000;
constexpr TimePoint never{};

base::Status may_say(std::string_view reason) {
  if (!reason.empty() && reason.size() <= reason_bytes_max) return {};
  return Error{ErrorCode::malformed, fmt::format("the reason has {} bytes, it wants 1 to {}",
                                                 reason.size(), reason_bytes_max)};
}

}  // namespace

NameList::NameList(Settings settings)
    : settings_(std::move(settings)),
      reporters_(settings_.reporters),
      live_(settings_.head, settings_.ttl, settings_.value, settings_.kind == ListKind::domains) {}

void NameList::set_settings(const Settings& settings) {
  settings_.rule = settings.rule;
  settings_.reporters = settings.reporters;
  settings_.request_every = settings.request_every;
  spared_changed_ = spared_changed_ || settings_.spared != settings.spared;
  settings_.spared = settings.spared;
  reporters_.set_settings(settings.reporters);
}

void NameList::restore(const ListRecord& record, TimePoint now) {
  for (const ListReporterRecord& one : record.reporters) reporters_.restore(one);
  for (const NamePlaceRecord& one : record.names) {
    Name* name = take(one.name, now);
    if (name == nullptr) continue;
    name->since = one.since;
    name->until = one.until;
    name->requested_at = one.requested_at;
    name->cleared_at = one.cleared_at;
    name->times_listed = one.times_listed;
    if (!name->listed()) continue;
    ++counters_.listed;
    endings_.push({name->until, one.name});
  }
  for (const NameReportRecord& one : record.name_reports) {
    Name* name = take(one.name, now);
    // What a delisting answered counts no more.
    if (name == nullptr || one.heard_at <= name->cleared_at) continue;
    if (!name->reports) name->reports = std::make_unique<ReportHistory>();
    static_cast<void>(
        name->reports->add(one.report, static_cast<double>(one.weight), settings_.rule));
  }
  for (auto& [text, name] : names_) {
    if (name.reports && !name.reports->forget(now, settings_.rule)) name.reports.reset();
  }
  for (const HandName& one : record.hand_names) {
    if (hand_.size() >= hand_most) break;
    hand_.insert_or_assign(one.name, one);
    if (one.until != never) endings_.push({one.until, one.name});
  }
  for (const auto& [text, name] : names_) {
    if (name.listed()) show(text);
  }
  for (const auto& [text, hand] : hand_) show(text);
  live_.fold();
  tick(now);
}

// --- names ---------------------------------------------------------------------------------------

base::Result<std::string> NameList::key_of(std::string_view text, bool registrable) const {
  const auto name = wire::list_name(settings_.kind, text, registrable);
  if (!name) return name.error();
  if (name->bytes().size() - 1 + settings_.zone.bytes().size() > wire::dns_name_bytes_max) {
    return Error{ErrorCode::malformed, fmt::format("{} is too long for a name in {}",
                                                   name->to_text(), settings_.zone.to_text())};
  }
  return name->to_text();
}

// Of a digest alone nobody can tell whose it is.
bool NameList::is_spared(std::string_view text, const std::string& name) const {
  std::string_view domain = name;
  std::string small;
  if (settings_.kind != ListKind::domains) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos) return false;
    const auto host = wire::list_name(ListKind::domains, text.substr(at + 1), false);
    if (!host) return false;
    small = host->to_text();
    domain = small;
  }
  while (!settings_.spared.contains(domain)) {
    const std::size_t dot = domain.find('.');
    if (dot == std::string_view::npos) return false;
    domain.remove_prefix(dot + 1);
  }
  return true;
}

NameList::Name* NameList::take(const std::string& name, TimePoint now) {
  if (const auto found = names_.find(name); found != names_.end()) return &found->second;
  if (names_.size() >= settings_.names_most && !make_room(now)) {
    ++counters_.not_taken;
    counters_.no_room_at = now;
    return nullptr;
  }
  by_age_.push_back(name);
  return &names_[name];
}

bool NameList::make_room(TimePoint now) {
  constexpr std::size_t looked_at = 64;
  for (std::size_t i = 0; i < std::min(looked_at, by_age_.size()); ++i) {
    std::string name = std::move(by_age_.front());
    by_age_.pop_front();
    const auto found = names_.find(name);
    const Name& one = found->second;
    const bool asked =
        one.requested_at != never && now < one.requested_at + settings_.request_every;
    const bool quiet = !one.reports || now - one.reports->last_at() >= std::chrono::hours(1);
    if (!one.listed() && !asked && quiet) {
      names_.erase(found);
      ++counters_.forgotten;
      return true;
    }
    by_age_.push_back(std::move(name));
  }
  return false;
}

// --- what comes ----------------------------------------------------------------------------------

base::Status NameList::report(std::string_view text, const model::AbuseReport& report,
                              TimePoint now) {
  const auto name = key_of(text, true);
  if (!name) return name.error();
  if (!settings_.kinds[static_cast<std::size_t>(report.kind)]) return {};
  ++counters_.reports;
  model::AbuseReport counted = report;
  counted.client = {};
  counted.at = std::min(report.at, now);
  if (is_spared(text, *name)) return {};
  Name* one = take(*name, now);
  if (one == nullptr) return {};
  one->cleared_at = std::min(one->cleared_at, now);  // of a clock that went ahead
  if (now - counted.at >= settings_.rule.counts_for || counted.at < one->cleared_at) {
    ++counters_.too_old;
    return {};
  }
  const double weight =
      reporters_.hear(report.reporter, now) * std::clamp(report.believed, 0.0, 1.0);
  changed_reporters_.insert(report.reporter);
  if (!one->reports) one->reports = std::make_unique<ReportHistory>();
  if (weight <= 0 || !one->reports->add(counted, weight, settings_.rule)) {
    ++counters_.above_cap;
    if (weight > 0) reporters_.said_nothing(report.reporter);
    return {};
  }
  save_.name_reports.push_back({*name, counted, now, static_cast<float>(weight)});
  consider(*name, *one, now);
  return {};
}

void NameList::consider(const std::string& name, Name& one, TimePoint now) {
  const Weighed known = one.reports->weigh(now, settings_.rule);
  // As two witnesses are wanted to list, one is to prolong.
  const TimePoint until = one.reports->last_witnessed_at() + stays_for(settings_.rule, known);
  if (one.listed()) {
    if (until <= one.until) return;
  } else {
    // Late reports of what is over list nothing.
    if (judge(settings_.rule, known) != ListVerdict::listed || until <= now) return;
    one.since = now;
    ++one.times_listed;
    ++counters_.listed;
    endings_.push({until, name});
    write(name, &one, "listed", until, "", "", now);
    one.until = until;
    show(name);
  }
  one.until = until;
  changed_names_.insert(name);
}

void NameList::take_off(const std::string& name, Name& one, const char* move,
                        std::string_view reason, const std::string& by, TimePoint at) {
  write(name, &one, move, at, reason, by, at);
  one.until = never;
  --counters_.listed;
  changed_names_.insert(name);
  show(name);
}

void NameList::write(const std::string& name, const Name* one, const char* move, TimePoint until,
                     std::string_view reason, const std::string& by, TimePoint at) {
  NameHistoryRecord out;
  out.name = name;
  out.line.at = at;
  out.line.move = move;
  out.line.until = until;
  if (one != nullptr && one->reports) {
    const Weighed known = one->reports->weigh(at, settings_.rule);
    out.line.kinds = one->reports->kinds(at, settings_.rule);
    out.line.reporters = known.reporters;
    out.line.spam = known.spam;
  }
  out.line.reason = reason.substr(0, reason_bytes_max);
  out.line.by = by;
  save_.name_history.push_back(out);
  events_.push_back(std::move(out));
}

base::Status NameList::add(std::string_view text, HandName hand) {
  const auto name = key_of(text, false);
  if (!name) return name.error();
  if (const auto fine = may_say(hand.reason); !fine) return fine.error();
  if (hand.until != never && hand.until <= hand.since) {
    return Error{ErrorCode::malformed, "the listing would be over before it begins"};
  }
  if (!hand_.contains(*name) && hand_.size() >= hand_most) {
    return Error{ErrorCode::exhausted,
                 fmt::format("{} listings by hand are the most there can be", hand_most)};
  }
  hand.name = *name;
  write(*name, nullptr, "added", hand.until, hand.reason, hand.by, hand.since);
  if (hand.until != never) endings_.push({hand.until, *name});
  save_.hand_names.push_back(hand);
  hand_.insert_or_assign(*name, std::move(hand));
  show(*name);
  return {};
}

base::Status NameList::remove(std::string_view text, std::string_view reason,
                              bool reports_were_wrong, const std::string& by, TimePoint now) {
  const auto name = key_of(text, false);
  if (!name) return name.error();
  bool done = false;
  if (const auto found = hand_.find(*name); found != hand_.end()) {
    write(*name, nullptr, "removed", found->second.until, reason, by, now);
    hand_.erase(found);
    save_.hand_names_gone.push_back(*name);
    show(*name);
    done = true;
  }
  const auto found = names_.find(*name);
  if (found != names_.end() && found->second.listed()) {
    Name& one = found->second;
    take_off(*name, one, "delisted_by_operator", reason, by, now);
    if (one.reports) {
      one.reports->visit_reporters([&](std::uint64_t who) {
        reporters_.judged(who, !reports_were_wrong);
        changed_reporters_.insert(who);
      });
    }
    one.cleared_at = now;
    one.reports.reset();
    done = true;
  }
  if (done) return {};
  return Error{ErrorCode::refused, *name + " is not on the list"};
}

base::Status NameList::delist_on_request(std::string_view text, std::string_view reason,
                                         TimePoint now) {
  const auto name = key_of(text, true);
  if (!name) return name.error();
  const auto found = names_.find(*name);
  if (found == names_.end() || !found->second.listed()) {
    return Error{ErrorCode::refused, *name + " is not listed"};
  }
  if (const auto fine = may_say(reason); !fine) return fine.error();
  Name& one = found->second;
  if (one.requested_at != never && now < one.requested_at + settings_.request_every) {
    return Error{ErrorCode::refused,
                 fmt::format("{} was delisted on request at {}; the next request counts from {} "
                             "on, and the listing ends by itself at {}",
                             *name, base::format_rfc3339(one.requested_at),
                             base::format_rfc3339(one.requested_at + settings_.request_every),
                             base::format_rfc3339(one.until))};
  }
  take_off(*name, one, "delisted_on_request", reason, "request", now);
  one.requested_at = one.cleared_at = now;
  one.reports.reset();
  return {};
}

void NameList::take_off_spared(TimePoint now) {
  if (!std::exchange(spared_changed_, false)) return;
  for (auto& [name, one] : names_) {
    if (one.listed() && is_spared(name, name)) {
      take_off(name, one, "delisted_by_operator", "", "list.spared", now);
    }
  }
}

void NameList::tick(TimePoint now) {
  take_off_spared(now);
  while (!endings_.empty() && endings_.top().at <= now) {
    const Ending due = endings_.top();
    endings_.pop();
    const auto hand = hand_.find(due.name);
    if (hand != hand_.end() && hand->second.until == due.at) {
      write(due.name, nullptr, "expired", due.at, "", "", due.at);
      hand_.erase(hand);
      save_.hand_names_gone.push_back(due.name);
      show(due.name);
    }
    const auto found = names_.find(due.name);
    if (found == names_.end() || !found->second.listed()) continue;
    Name& one = found->second;
    if (one.until > due.at) {  // more reports came; what is served knows the former end
      endings_.push({one.until, due.name});
      show(due.name);
      continue;
    }
    take_off(due.name, one, "expired", "", "", due.at);
    if (one.reports && !one.reports->forget(now, settings_.rule)) one.reports.reset();
  }
}

std::optional<TimePoint> NameList::next_due() const {
  if (spared_changed_) return never;
  if (endings_.empty()) return std::nullopt;
  return endings_.top().at;
}

// --- what follows --------------------------------------------------------------------------------

std::optional<TimePoint> NameList::end_of(const std::string& name) const {
  std::optional<TimePoint> end;
  if (const auto hand = hand_.find(name); hand != hand_.end()) {
    if (hand->second.until == never) return std::nullopt;
    end = hand->second.until;
  }
  const auto found = names_.find(name);
  if (found != names_.end() && found->second.listed()) {
    end = end ? std::max(*end, found->second.until) : found->second.until;
  }
  return end;
}

// Puts the name on the zone or takes it off, as it stands now.
void NameList::show(const std::string& text) {
  changed_ = true;
  const wire::DnsName name = *wire::DnsName::parse(text);
  const auto known = names_.find(text);
  const bool listed = known != names_.end() && known->second.listed();
  if (!listed && !hand_.contains(text)) return live_.remove(name.relative_bytes());
  std::optional<std::uint32_t> end;
  if (const auto at = end_of(text)) {
    const auto second = std::chrono::floor<std::chrono::seconds>(*at).time_since_epoch().count();
    end = static_cast<std::uint32_t>(std::clamp<std::int64_t>(second, 0, Dataset::never_ends - 1));
  }
  live_.put(name.relative_bytes(), end);
}

ZonePlan NameList::plan(TimePoint now) {
  changed_ = false;
  live_.publish(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  ZonePlan out;
  out.name = settings_.zone;
  out.datasets = {live_.data()};
  return out;
}

ListSave NameList::drain() {
  for (const std::string& text : std::exchange(changed_names_, {})) {
    const auto found = names_.find(text);
    if (found == names_.end()) continue;  // forgotten since
    const Name& one = found->second;
    save_.names.push_back(
        {text, one.since, one.until, one.requested_at, one.cleared_at, one.times_listed});
  }
  for (const std::uint64_t who : std::exchange(changed_reporters_, {})) {
    save_.reporters.push_back(reporters_.record(who));
  }
  save_.list = settings_.name;
  return std::exchange(save_, {});
}

std::string NameList::export_names(const LoadedDataset& served) {
  std::string out;
  wire::ZoneFileWriter writer(out);
  writer.head(served.head);
  writer.scope(served.data.scope);
  const wire::ZoneValue value = served.data.values->at(served.data.scope.single_value);
  const auto put = [&](const NameIndex::Entry& entry) {
    if (entry.count == 0) return;
    const auto name = wire::DnsName::from_wire(std::string(entry.name) + '\0');
    writer.name(name, true, served.data.lists_below && name.labels() > 1, &value, true);
  };
  const NameIndex& changed = served.data.names.itself;
  served.data.under_names->each([&](const NameIndex::Entry& entry) {
    if (!changed.find(entry.name)) put(entry);
  });
  changed.each(put);
  return out;
}

// --- what is shown -------------------------------------------------------------------------------

NameFacts NameList::facts_of(const std::string& name, const Name& one, TimePoint now) const {
  NameFacts out;
  out.name = name;
  out.listed = one.listed();
  out.since = one.since;
  out.until = one.until;
  if (one.reports) {
    out.weighed = one.reports->weigh(now, settings_.rule);
    out.kinds = one.reports->kinds(now, settings_.rule);
    out.last_report_at = one.reports->last_at();
  }
  out.times_listed = one.times_listed;
  if (one.requested_at != never && now < one.requested_at + settings_.request_every) {
    out.next_request_at = one.requested_at + settings_.request_every;
  }
  return out;
}

base::Result<NameList::Standing> NameList::standing(std::string_view text, TimePoint now) const {
  const auto name = key_of(text, false);
  if (!name) return name.error();
  static const Name unknown;
  const auto of = [&](const std::string& one) {
    const auto found = names_.find(one);
    const Name& known = found == names_.end() ? unknown : found->second;
    Standing out{facts_of(one, known, now), judge(settings_.rule, Weighed{}), {}};
    out.verdict = judge(settings_.rule, out.facts.weighed);
    out.facts.spared = is_spared(text, one);
    if (const auto hand = hand_.find(one); hand != hand_.end()) out.hand = hand->second;
    return out;
  };
  Standing itself = of(*name);
  if (settings_.kind != ListKind::domains) return itself;
  for (std::string above = *name; above.contains('.'); above.erase(0, above.find('.') + 1)) {
    if (Standing one = of(above); one.listed()) return one;
  }
  // Reports count for the domain that could be registered.
  const auto registrable = key_of(text, true);
  return registrable ? of(*registrable) : itself;
}

std::vector<NameFacts> NameList::listed(std::size_t most, TimePoint now) const {
  std::vector<std::pair<TimePoint, const std::string*>> newest;
  for (const auto& [text, one] : names_) {
    if (one.listed()) newest.emplace_back(one.since, &text);
  }
  const std::size_t shown = std::min(most, newest.size());
  std::partial_sort(newest.begin(), newest.begin() + static_cast<std::ptrdiff_t>(shown),
                    newest.end(), [](const auto& a, const auto& b) {
                      return std::tie(b.first, *a.second) < std::tie(a.first, *b.second);
                    });
  std::vector<NameFacts> out;
  for (std::size_t i = 0; i < shown; ++i) {
    out.push_back(facts_of(*newest[i].second, names_.at(*newest[i].second), now));
  }
  return out;
}

std::vector<HandName> NameList::by_hand() const {
  std::vector<HandName> out;
  for (const auto& [text, one] : hand_) out.push_back(one);
  return out;
}

ListCounters NameList::counters() const {
  ListCounters out = counters_;
  out.addresses = names_.size();
  return out;
}

}  // namespace leumund::listing
