#include "listing/report_history.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace leumund::listing {
namespace {

constexpr std::int64_t hour_seconds = 3600;

std::int64_t seconds_of(base::TimePoint at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

base::TimePoint middle_of(std::uint32_t hour, float second) {
  return base::from_unix_seconds(static_cast<double>(hour) * hour_seconds +
                                 static_cast<double>(second));
}

}  // namespace

double ReportHistory::distinct(const std::bitset<bits>& seen) {
  const double empty = static_cast<double>(bits - seen.count());
  const double all = static_cast<double>(bits);
  return empty > 0 ? -all * std::log(empty / all) : all * std::log(all);
}

void ReportHistory::note_seen(std::uint64_t reporter, bool witness) {
  seen_->all.set(reporter % bits);
  if (witness) seen_->witnesses.set(reporter % bits);
}

bool ReportHistory::may_speak(const model::AbuseReport& report, double weight,
                              const ListRule& rule) {
  const bool witness = weight >= witness_from;
  if (seen_) note_seen(report.reporter, witness);
  const auto found = std::find_if(reporters_.begin(), reporters_.end(),
                                  [&](const Reporter& one) { return one.who == report.reporter; });
  Reporter* reporter = found == reporters_.end() ? nullptr : &*found;
  if (reporter == nullptr && reporters_.size() == reporters_most) forget_reporters(report.at, rule);
  if (reporter == nullptr && reporters_.size() < reporters_most) {
    reporter = &reporters_.emplace_back();
    reporter->who = report.reporter;
    reporter->since = report.at;
  }
  if (reporter == nullptr) {
    if (!seen_) {
      seen_ = std::make_unique<Seen>();
      for (const Reporter& one : reporters_) note_seen(one.who, one.witness);
      note_seen(report.reporter, witness);
    }
    const double others = std::max(1.0, distinct(seen_->all) - static_cast<double>(reporters_most));
    if (static_cast<double>(others_given_) + 1 > others * rule.reports_of_one_most) return false;
    others_given_ += 1;
    return true;
  }
  if (report.at - reporter->since >= rule.counts_for) {
    reporter->since = report.at;
    reporter->given = 0;
  }
  if (static_cast<double>(reporter->given) + 1 > rule.reports_of_one_most) return false;
  reporter->given += 1;
  reporter->witness = reporter->witness || witness;
  reporter->last = std::max(reporter->last, report.at);
  return true;
}

ReportHistory::Hour& ReportHistory::hour_of(base::TimePoint at) {
  const auto number =
      static_cast<std::uint32_t>(std::max<std::int64_t>(0, seconds_of(at)) / hour_seconds);
  const auto place =
      std::lower_bound(hours_.begin(), hours_.end(), number,
                       [](const Hour& one, std::uint32_t n) { return one.number < n; });
  if (place != hours_.end() && place->number == number) return *place;
  if (hours_.size() < hours_most) return *hours_.insert(place, Hour{.number = number});
  // Whoever forgets in time never comes here; what is older than all joins the oldest.
  if (place == hours_.begin()) return hours_.front();
  std::rotate(hours_.begin(), hours_.begin() + 1, place);
  *std::prev(place) = Hour{.number = number};
  return *std::prev(place);
}

bool ReportHistory::add(const model::AbuseReport& report, double weight, const ListRule& rule) {
  if (!may_speak(report, weight, rule)) return false;
  Hour& hour = hour_of(report.at);
  const auto kind = static_cast<std::size_t>(report.kind);
  const double second =
      base::to_unix_seconds(report.at) - static_cast<double>(hour.number) * hour_seconds;
  if (report.kind == model::AbuseKind::complaint) {
    // The mean is of complaints where there are any: they are what time makes lighter.
    const double before = static_cast<double>(hour.complaints);
    const double sum = before + weight;
    hour.second =
        static_cast<float>((static_cast<double>(hour.second) * before + second * weight) / sum);
    hour.complaints = static_cast<float>(sum);
  } else {
    if (hour.complaints == 0) hour.second = std::max(hour.second, static_cast<float>(second));
    hour.trap_score += static_cast<float>(rule.trap_score[kind] * weight);
  }
  hour.believed += static_cast<float>(weight);
  if (hour.kinds[kind] < std::numeric_limits<std::uint16_t>::max()) ++hour.kinds[kind];
  last_at_ = std::max(last_at_, report.at);
  if (weight >= witness_from) last_witnessed_at_ = std::max(last_witnessed_at_, report.at);
  return true;
}

void ReportHistory::forget_reporters(base::TimePoint at, const ListRule& rule) {
  std::erase_if(reporters_, [&](const Reporter& one) { return at - one.last >= rule.counts_for; });
  if (!seen_ || reporters_.size() == reporters_most) return;
  seen_.reset();
  others_given_ = 0;
}

bool ReportHistory::forget(base::TimePoint now, const ListRule& rule) {
  std::erase_if(hours_, [&](const Hour& hour) {
    return now - middle_of(hour.number, hour.second) >= rule.counts_for;
  });
  forget_reporters(now, rule);
  return !hours_.empty();
}

Weighed ReportHistory::weigh(base::TimePoint now, const ListRule& rule) const {
  Weighed out;
  double traps = 0;
  for (const Hour& hour : hours_) {
    const double one = weight_at_age(rule, now - middle_of(hour.number, hour.second));
    if (one <= 0) continue;
    out.spam += static_cast<double>(hour.complaints) * one;
    traps += static_cast<double>(hour.trap_score);
    out.believed += static_cast<double>(hour.believed);
    for (const std::uint16_t n : hour.kinds) out.reports += n;
  }
  out.spam += trap_weight(traps);
  for (const Reporter& one : reporters_) {
    if (one.witness && now - one.last < rule.counts_for) ++out.reporters;
  }
  if (seen_) {
    out.reporters = std::max(out.reporters, static_cast<std::uint32_t>(distinct(seen_->witnesses)));
  }
  return out;
}

ReportHistory::KindCounts ReportHistory::kinds(base::TimePoint now, const ListRule& rule) const {
  KindCounts out{};
  for (const Hour& hour : hours_) {
    if (now - middle_of(hour.number, hour.second) >= rule.counts_for) continue;
    for (std::size_t kind = 0; kind < out.size(); ++kind) out[kind] += hour.kinds[kind];
  }
  return out;
}

std::vector<ReportHistory::HourSaid> ReportHistory::hours_said(base::TimePoint now,
                                                               const ListRule& rule) const {
  std::vector<HourSaid> out;
  for (const Hour& hour : hours_) {
    HourSaid said{.at = middle_of(hour.number, hour.second), .kinds = {}, .weight = 0};
    if (now - said.at >= rule.counts_for) continue;
    for (std::size_t kind = 0; kind < said.kinds.size(); ++kind)
      said.kinds[kind] = hour.kinds[kind];
    said.weight = static_cast<double>(hour.complaints) * weight_at_age(rule, now - said.at);
    out.push_back(said);
  }
  std::ranges::sort(out, std::greater(), &HourSaid::at);
  return out;
}

std::vector<ReportHistory::ReporterSaid> ReportHistory::reporters_said() const {
  std::vector<ReporterSaid> out;
  for (const Reporter& one : reporters_) {
    out.push_back({one.who, static_cast<double>(one.given), one.last, one.witness});
  }
  std::ranges::sort(out, std::greater(), &ReporterSaid::last);
  return out;
}

std::size_t ReportHistory::bytes() const {
  return sizeof(*this) + hours_.capacity() * sizeof(Hour) +
         reporters_.capacity() * sizeof(Reporter) + (seen_ ? sizeof(*seen_) : 0);
}

}  // namespace leumund::listing
