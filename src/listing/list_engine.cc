#include "listing/list_engine.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

namespace leumund::listing {
namespace {

constexpr std::array<std::string_view, 6> move_names = {
    "listed", "expired", "delisted_on_request", "delisted_by_operator", "spared", "range_proposed"};

constexpr std::size_t reason_bytes = 500;
// A pool that is spared is told about once in so long.
constexpr std::chrono::hours told_again_after{24};

std::int32_t day_of(base::TimePoint at) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(at).time_since_epoch() /
                                   std::chrono::days(1));
}

base::IpPrefix prefix_of(const base::IpAddress& place) {
  return {place, place.is_v4() ? 32U : 64U};
}

}  // namespace

std::string_view list_move_name(ListMove move) {
  return move_names[static_cast<std::size_t>(move)];
}

std::size_t ListEngine::HashOf::operator()(const base::IpAddress& place) const {
  const auto& bytes = place.bytes();
  return base::keyed_hash(key, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

ListEngine::ListEngine(Settings settings)
    : settings_(std::move(settings)),
      reporters_(settings_.reporters),
      addresses_(1024, HashOf{settings_.key}),
      changed_{.reports = {},
               .places = Places(16, HashOf{settings_.key}),
               .traffic = Places(16, HashOf{settings_.key}),
               .reporters = {}} {}

void ListEngine::changed(const base::IpAddress& place) {
  if (settings_.record) changed_.places.insert(place);
}

base::IpPrefix ListEngine::place_of(const base::IpAddress& client) {
  return prefix_of(client.masked(32, 64));
}

ListEngine::Address* ListEngine::take(const base::IpAddress& place, base::TimePoint now) {
  if (const auto found = addresses_.find(place); found != addresses_.end()) return &found->second;
  if (addresses_.size() >= settings_.addresses_most && !make_room(now)) {
    return nullptr;
  }
  by_age_.push_back(place);
  return &addresses_[place];
}

// Who delisted himself is remembered for as long as that counts: else a flood of addresses would
// give him another request.
bool ListEngine::make_room(base::TimePoint now) {
  constexpr std::size_t looked_at = 16;
  const auto has_asked = [&](const Address& one) {
    return one.requested_at != base::TimePoint{} &&
           now < one.requested_at + settings_.request_every;
  };
  const auto traffic_alone = [&](const Address& one) {
    return !one.reports && !one.listed() && !has_asked(one);
  };
  const auto quiet = [&](const Address& one) {
    return !one.listed() && !has_asked(one) &&
           (!one.reports || now - one.reports->last_at() >= std::chrono::hours(1));
  };
  // Of those known longest the one with the least mail: a flood of questions about addresses that
  // send nothing must not push out what stands against listing a busy pool.
  const auto traffic_of = [&](const Address& one) {
    return traffic_alone(one) ? mail_of(one, now) : std::numeric_limits<double>::infinity();
  };
  const std::size_t looked = std::min(looked_at, by_age_.size());
  std::size_t least = looked;
  double least_traffic = std::numeric_limits<double>::infinity();
  std::size_t quiet_one = looked;
  for (std::size_t i = 0; i < looked; ++i) {
    const Address& one = addresses_.find(by_age_[i])->second;
    const double traffic = traffic_of(one);
    if (traffic < least_traffic) {
      least = i;
      least_traffic = traffic;
    }
    if (quiet_one == looked && quiet(one)) quiet_one = i;
  }
  const std::size_t chosen = least < looked ? least : quiet_one;
  // Those that were looked at and stay wait their turn again.
  for (std::size_t i = 0; i < looked; ++i) {
    const base::IpAddress place = by_age_.front();
    by_age_.pop_front();
    if (i == chosen) {
      addresses_.erase(place);
      ++counters_.forgotten;
    } else {
      by_age_.push_back(place);
    }
  }
  return chosen < looked;
}

bool ListEngine::report(const model::AbuseReport& report, base::TimePoint now,
                        std::vector<ListEvent>& events) {
  ++counters_.reports;
  model::AbuseReport counted = report;
  counted.at = std::min(report.at, now);
  if (now - counted.at >= settings_.rule.counts_for) {
    ++counters_.too_old;
    return false;
  }
  const base::IpAddress place = place_of(report.client).address;
  Address* address = take(place, now);
  if (address == nullptr) {
    ++counters_.not_taken;
    counters_.no_room_at = now;
    return false;
  }
  // Of a clock that went ahead: nothing is immune for longer than it was cleared.
  address->cleared_at = std::min(address->cleared_at, now);
  if (counted.at < address->cleared_at) {
    ++counters_.too_old;
    return false;
  }
  const double weight =
      reporters_.hear(report.reporter, now) * std::clamp(report.believed, 0.0, 1.0);
  if (settings_.record) changed_.reporters.insert(report.reporter);
  if (!address->reports) address->reports = std::make_unique<ReportHistory>();
  if (weight <= 0 || !address->reports->add(counted, weight, settings_.rule)) {
    ++counters_.above_cap;
    if (weight > 0) reporters_.said_nothing(report.reporter);
    return false;
  }
  if (settings_.record) changed_.reports.push_back({counted, now, static_cast<float>(weight)});
  consider(place, *address, now, events);
  return weight >= ReportHistory::witness_from;
}

void ListEngine::consider(const base::IpAddress& place, Address& address, base::TimePoint now,
                          std::vector<ListEvent>& events) {
  if (!address.listed()) {
    const Weighed known = weigh(address, now);
    const ListVerdict verdict = judge(settings_.rule, known);
    if (verdict == ListVerdict::listed && !is_spared(place)) {
      put_on(place, address, known, now, events);
    } else if (verdict == ListVerdict::listed || verdict == ListVerdict::too_much_collateral) {
      if (now - address.told_spared_at < told_again_after) return;
      address.told_spared_at = now;
      changed(place);
      events.push_back({ListMove::spared, now, facts_of(place, address, now), {}});
    }
    return;
  }
  const Weighed known = weigh(address, now);
  // As two witnesses are wanted to list, one is to prolong: else anybody's word a day would do.
  const base::TimePoint until =
      address.reports->last_witnessed_at() + stays_for(settings_.rule, known);
  if (until <= address.until) return;
  address.until = until;
  changed(place);
}

void ListEngine::put_on(const base::IpAddress& place, Address& address, const Weighed& known,
                        base::TimePoint now, std::vector<ListEvent>& events) {
  const base::TimePoint until =
      address.reports->last_witnessed_at() + stays_for(settings_.rule, known);
  if (until <= now) return;  // late reports of what is over
  address.since = now;
  address.until = until;
  changed(place);
  ++address.times_listed;
  ++listed_;
  expiries_.push({until, place, now});
  note_newest(place, now);
  events.push_back({ListMove::listed, now, facts_of(place, address, now), {}});
  count_range(place, 1, now, &events);
}

ListEvent ListEngine::take_off(const base::IpAddress& place, Address& address, ListMove move,
                               base::TimePoint now) {
  ListEvent event{move, now, facts_of(place, address, now), {}};
  event.facts.listed = false;
  event.facts.until = now;
  address.until = {};
  changed(place);
  --listed_;
  count_range(place, -1, now, nullptr);
  return event;
}

void ListEngine::count_range(const base::IpAddress& place, int step, base::TimePoint now,
                             std::vector<ListEvent>* events) {
  const base::IpAddress range = place.masked(24, 48);
  std::uint32_t& listed = ranges_[range];
  listed = static_cast<std::uint32_t>(static_cast<int>(listed) + step);
  if (listed == settings_.range_from && step > 0 && events != nullptr) {
    ListEvent event{ListMove::range_proposed, now, {}, {}};
    event.facts.what = {range, range.is_v4() ? 24U : 48U};
    event.facts.weighed.reports = listed;
    events->push_back(std::move(event));
  }
  if (listed == 0) ranges_.erase(range);
}

void ListEngine::mails(const base::IpAddress& client, std::uint32_t n, base::TimePoint at) {
  count(client, &Address::mails, n, at);
}

void ListEngine::queries(const base::IpAddress& client, std::uint32_t n, base::TimePoint at) {
  if (settings_.mails_per_query <= 0) return;
  count(client, &Address::queries, n, at);
}

void ListEngine::count(const base::IpAddress& client, PerDay Address::* which, std::uint32_t n,
                       base::TimePoint at) {
  Address* address = take(place_of(client).address, at);
  if (address == nullptr) return;
  constexpr auto ring = static_cast<std::int32_t>(days);
  const std::int32_t day = day_of(at);
  if (day <= address->day - ring) return;
  if (settings_.record) changed_.traffic.insert(place_of(client).address);
  for (std::int32_t next = std::max(address->day + 1, day - ring + 1); next <= day; ++next) {
    const auto slot = static_cast<std::size_t>(next) % days;
    address->mails[slot] = address->queries[slot] = 0;
  }
  address->day = std::max(address->day, day);
  std::uint32_t& cell = ((*address).*which)[static_cast<std::size_t>(day) % days];
  cell = n > std::numeric_limits<std::uint32_t>::max() - cell
             ? std::numeric_limits<std::uint32_t>::max()
             : cell + n;
}

// Logs and queries see the same mail: the larger of the two counts.
double ListEngine::mail_of(const Address& address, base::TimePoint now) const {
  double mails = 0;
  double queries = 0;
  const auto first = day_of(now - settings_.rule.counts_for);
  for (std::int32_t day = std::max(first, address.day - static_cast<std::int32_t>(days) + 1);
       day <= address.day; ++day) {
    mails += address.mails[static_cast<std::size_t>(day) % days];
    queries += address.queries[static_cast<std::size_t>(day) % days];
  }
  return std::max(mails, queries * settings_.mails_per_query);
}

Weighed ListEngine::weigh(const Address& address, base::TimePoint now) const {
  Weighed known;
  if (address.reports) known = address.reports->weigh(now, settings_.rule);
  known.mail = mail_of(address, now);
  return known;
}

bool ListEngine::is_spared(const base::IpAddress& place) const {
  return std::any_of(settings_.spared.begin(), settings_.spared.end(),
                     [&](const base::IpPrefix& pool) { return pool.contains(place); });
}

base::Result<ListEvent> ListEngine::delist_on_request(const base::IpAddress& client,
                                                      std::string_view reason,
                                                      base::TimePoint now) {
  using base::ErrorCode;
  const base::IpAddress place = place_of(client).address;
  const auto found = addresses_.find(place);
  if (found == addresses_.end() || !found->second.listed())
    return base::Error{ErrorCode::refused, prefix_of(place).to_string() + " is not listed"};
  if (reason.empty() || reason.size() > reason_bytes)
    return base::Error{
        ErrorCode::malformed,
        fmt::format("the reason has {} bytes, it wants 1 to {}", reason.size(), reason_bytes)};
  Address& address = found->second;
  if (address.requested_at != base::TimePoint{} &&
      now < address.requested_at + settings_.request_every) {
    return base::Error{
        ErrorCode::refused,
        fmt::format("{} was delisted on request at {}; the next request counts "
                    "from {} on, and the listing ends by itself at {}",
                    prefix_of(place).to_string(), base::format_rfc3339(address.requested_at),
                    base::format_rfc3339(address.requested_at + settings_.request_every),
                    base::format_rfc3339(address.until))};
  }
  ListEvent event = take_off(place, address, ListMove::delisted_on_request, now);
  event.reason = reason;
  address.requested_at = address.cleared_at = now;
  address.reports.reset();
  return event;
}

base::Result<ListEvent> ListEngine::delist(const base::IpAddress& client, std::string_view reason,
                                           bool reports_were_wrong, base::TimePoint now) {
  const base::IpAddress place = place_of(client).address;
  const auto found = addresses_.find(place);
  if (found == addresses_.end() || !found->second.listed()) {
    return base::Error{base::ErrorCode::refused, prefix_of(place).to_string() + " is not listed"};
  }
  Address& address = found->second;
  ListEvent event = take_off(place, address, ListMove::delisted_by_operator, now);
  event.reason = reason.substr(0, reason_bytes);
  if (address.reports) {
    address.reports->visit_reporters([&](std::uint64_t who) {
      reporters_.judged(who, !reports_were_wrong);
      if (settings_.record) changed_.reporters.insert(who);
    });
  }
  address.cleared_at = now;
  address.reports.reset();
  return event;
}

void ListEngine::set_spared(std::vector<base::IpPrefix> pools) {
  settings_.spared = std::move(pools);
  spared_changed_ = true;
}

void ListEngine::set_settings(const Settings& settings) {
  const auto same = [](const base::IpPrefix& a, const base::IpPrefix& b) {
    return a.address == b.address && a.bits == b.bits;
  };
  if (!std::ranges::equal(settings.spared, settings_.spared, same)) set_spared(settings.spared);
  settings_.rule = settings.rule;
  settings_.request_every = settings.request_every;
  settings_.mails_per_query = settings.mails_per_query;
  settings_.range_from = settings.range_from;
  settings_.reporters = settings.reporters;
  reporters_.set_settings(settings.reporters);
}

void ListEngine::tick(base::TimePoint now, std::vector<ListEvent>& events) {
  if (std::exchange(spared_changed_, false)) {
    for (auto& [place, address] : addresses_) {
      if (address.listed() && is_spared(place))
        events.push_back(take_off(place, address, ListMove::spared, now));
    }
  }
  while (!expiries_.empty() && expiries_.top().at <= now) {
    const Expiry due = expiries_.top();
    const base::IpAddress& place = due.place;
    expiries_.pop();
    const auto found = addresses_.find(place);
    if (found == addresses_.end() || !found->second.listed()) continue;
    Address& address = found->second;
    if (address.since != due.since) continue;  // it was delisted, and listed again
    if (address.until > now) {
      expiries_.push({address.until, place, due.since});  // more reports came
      continue;
    }
    events.push_back(take_off(place, address, ListMove::expired, address.until));
    // None, where the store lost them.
    if (address.reports && !address.reports->forget(now, settings_.rule)) address.reports.reset();
  }
}

std::optional<base::TimePoint> ListEngine::next_expiry() const {
  if (expiries_.empty()) return std::nullopt;
  return expiries_.top().at;
}

ListingFacts ListEngine::facts_of(const base::IpAddress& place, const Address& address,
                                  base::TimePoint now) const {
  ListingFacts out;
  out.what = prefix_of(place);
  out.listed = address.listed();
  out.since = address.since;
  out.until = address.until;
  out.weighed = weigh(address, now);
  if (address.reports) {
    out.kinds = address.reports->kinds(now, settings_.rule);
    out.last_report_at = address.reports->last_at();
  }
  out.honest_per_spam = honest_per_spam(out.weighed);
  out.spared = is_spared(place);
  out.times_listed = address.times_listed;
  if (address.requested_at != base::TimePoint{} &&
      now < address.requested_at + settings_.request_every) {
    out.next_request_at = address.requested_at + settings_.request_every;
  }
  return out;
}

ListingFacts ListEngine::facts(const base::IpAddress& client, base::TimePoint now) const {
  const base::IpAddress place = place_of(client).address;
  const auto found = addresses_.find(place);
  static const Address unknown;
  return facts_of(place, found == addresses_.end() ? unknown : found->second, now);
}

ListReportsSaid ListEngine::reports_said(const base::IpAddress& client, base::TimePoint now) const {
  ListReportsSaid out;
  const auto found = addresses_.find(place_of(client).address);
  if (found == addresses_.end() || !found->second.reports) return out;
  out.hours = found->second.reports->hours_said(now, settings_.rule);
  for (const auto& one : found->second.reports->reporters_said()) {
    if (now - one.last >= settings_.rule.counts_for) continue;
    out.reporters.push_back({one, reporters_.standing(one.who)});
  }
  return out;
}

ListVerdict ListEngine::verdict(const base::IpAddress& client, base::TimePoint now) const {
  const auto found = addresses_.find(place_of(client).address);
  static const Address unknown;
  return judge(settings_.rule, weigh(found == addresses_.end() ? unknown : found->second, now));
}

std::vector<base::IpPrefix> ListEngine::listed() const {
  std::vector<base::IpPrefix> out;
  for (const Newest& one : all_listed()) out.push_back(prefix_of(one.place));
  return out;
}

std::vector<ListEngine::Newest> ListEngine::all_listed() const {
  std::vector<Newest> out;
  if (listed_ == 0) return out;
  out.reserve(listed_);
  for (const auto& [place, address] : addresses_) {
    if (address.listed()) out.push_back({address.since, place});
  }
  return out;
}

void ListEngine::note_newest(const base::IpAddress& place, base::TimePoint since) {
  newest_.push_back({since, place});
  if (newest_.size() > newest_kept) newest_.pop_front();
}

bool ListEngine::still_listed(const Newest& one) const {
  const auto found = addresses_.find(one.place);
  return found != addresses_.end() && found->second.listed() && found->second.since == one.since;
}

void ListEngine::sort_newest(std::vector<Newest>& all, std::size_t most) {
  const auto shown = static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::partial_sort(all.begin(), all.begin() + shown, all.end(), [](const auto& a, const auto& b) {
    return std::tie(b.since, a.place) < std::tie(a.since, b.place);
  });
  all.resize(static_cast<std::size_t>(shown));
}

std::vector<ListingFacts> ListEngine::newest(std::size_t most, base::TimePoint now) const {
  std::vector<Newest> known;
  std::ranges::copy_if(newest_, std::back_inserter(known),
                       [this](const Newest& one) { return still_listed(one); });
  if (known.size() < std::min(most, listed_)) known = all_listed();
  sort_newest(known, most);
  std::vector<ListingFacts> out;
  for (const Newest& one : known) out.push_back(facts(one.place, now));
  return out;
}

ListCounters ListEngine::counters() const {
  ListCounters out = counters_;
  out.addresses = addresses_.size();
  out.listed = listed_;
  return out;
}

std::size_t ListEngine::bytes() const {
  constexpr std::size_t node = sizeof(void*) * 2 + sizeof(std::pair<base::IpAddress, Address>);
  std::size_t sum = addresses_.size() * (node + sizeof(base::IpAddress)) +
                    addresses_.bucket_count() * sizeof(void*) + expiries_.size() * sizeof(Expiry);
  for (const auto& [place, address] : addresses_) {
    if (address.reports) sum += address.reports->bytes();
  }
  return sum;
}

}  // namespace leumund::listing
