// What a list engine keeps across a restart, and how it goes on from it.
#include <algorithm>
#include <utility>

#include "listing/list_engine.h"

namespace leumund::listing {

void ListEngine::drain(bool traffic, ListSave& save) {
  const auto none = [this] { return Places(16, HashOf{settings_.key}); };
  save.reports.insert(save.reports.end(), changed_.reports.begin(), changed_.reports.end());
  changed_.reports.clear();
  for (const base::IpAddress& place : std::exchange(changed_.places, none())) {
    const auto found = addresses_.find(place);
    if (found == addresses_.end()) continue;  // forgotten since
    const Address& one = found->second;
    save.places.push_back({.place = place,
                           .since = one.since,
                           .until = one.until,
                           .requested_at = one.requested_at,
                           .cleared_at = one.cleared_at,
                           .told_spared_at = one.told_spared_at,
                           .times_listed = one.times_listed});
  }
  for (const std::uint64_t who : std::exchange(changed_.reporters, {})) {
    save.reporters.push_back(reporters_.record(who));
  }
  if (!traffic) return;
  // A count may have come for the day before: what was written of it is written again.
  for (const base::IpAddress& place : std::exchange(changed_.traffic, none())) {
    const auto found = addresses_.find(place);
    if (found == addresses_.end()) continue;
    if (save.traffic.size() >= traffic_rows_most) break;  // the rest is estimated from what comes
    const Address& one = found->second;
    for (std::int32_t day = std::max(0, one.day - 1); day <= one.day; ++day) {
      const auto slot = static_cast<std::size_t>(day) % days;
      // Whoever asks a few times about an address that sends nothing leaves no trace on disk.
      if (one.mails[slot] == 0 && one.queries[slot] < queries_kept_from) continue;
      save.traffic.push_back({place, day, one.mails[slot], one.queries[slot]});
    }
  }
}

void ListEngine::restore(const ListRecord& record, base::TimePoint now) {
  const bool recording = std::exchange(settings_.record, false);
  for (const ListReporterRecord& one : record.reporters) reporters_.restore(one);
  for (const ListPlaceRecord& one : record.places) {
    Address* address = take(place_of(one.place).address, now);
    if (address == nullptr) continue;
    address->since = one.since;
    address->until = one.until;
    address->requested_at = one.requested_at;
    address->cleared_at = one.cleared_at;
    address->told_spared_at = one.told_spared_at;
    address->times_listed = one.times_listed;
    if (!address->listed()) continue;
    ++listed_;
    expiries_.push({address->until, one.place, address->since});
    count_range(one.place, 1, now, nullptr);
  }
  std::vector<Newest> newest = all_listed();
  sort_newest(newest, newest_kept);
  newest_.assign(newest.rbegin(), newest.rend());
  for (const ListReportRecord& one : record.reports) {
    Address* address = take(place_of(one.report.client).address, now);
    // What a delisting answered counts no more.
    if (address == nullptr || one.heard_at <= address->cleared_at) continue;
    if (!address->reports) address->reports = std::make_unique<ReportHistory>();
    static_cast<void>(
        address->reports->add(one.report, static_cast<double>(one.weight), settings_.rule));
  }
  for (auto& [place, address] : addresses_) {
    if (address.reports && !address.reports->forget(now, settings_.rule)) address.reports.reset();
  }
  for (const ListTrafficRecord& one : record.traffic) {
    const base::TimePoint at{std::chrono::days(one.day)};
    if (one.mails > 0) count(one.place, &Address::mails, one.mails, at);
    if (one.queries > 0) count(one.place, &Address::queries, one.queries, at);
  }
  settings_.record = recording;
}

}  // namespace leumund::listing
