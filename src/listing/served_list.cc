#include "listing/served_list.h"

#include <fmt/core.h>

#include <algorithm>

namespace leumund::listing {
namespace {

using base::Error;
using base::ErrorCode;
using base::IpPrefix;
using base::TimePoint;

constexpr std::size_t reason_bytes_max = 500;
constexpr TimePoint never{};
// Endings are collected a little before they matter.
constexpr std::chrono::seconds ahead{60};

std::pair<base::IpAddress, unsigned> place_of(const IpPrefix& what) {
  return {what.address, what.bits};
}

std::int64_t whole_seconds(TimePoint at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

ListHistoryRecord record_of(const ListEvent& event, const std::string& by) {
  ListHistoryRecord out;
  out.what = event.facts.what;
  out.at = event.at;
  out.move = list_move_name(event.move);
  out.until = event.facts.until;
  out.kinds = event.facts.kinds;
  out.reporters = event.facts.weighed.reporters;
  out.spam = event.facts.weighed.spam;
  out.mail = event.facts.weighed.mail;
  out.reason = event.reason;
  out.by = by;
  return out;
}

}  // namespace

base::Status ServedList::may_be_listed(const IpPrefix& what) {
  const unsigned bits_least = what.address.is_v4() ? 8 : 16;
  if (what.bits < bits_least) {
    return Error{ErrorCode::refused, fmt::format("{} is too large a network to list; at most a /{}",
                                                 what.to_string(), bits_least)};
  }
  if (what.contains(base::IpAddress::v4(0x7f000001)) || what.address.is_loopback()) {
    return Error{ErrorCode::refused,
                 what.to_string() + " is of this host or holds 127.0.0.1, which is never listed"};
  }
  return {};
}

ServedList::ServedList(Settings settings)
    : settings_(std::move(settings)),
      engine_(settings_.engine),
      live_(
          settings_.head,
          [this] {
            wire::ZoneScope scope;
            scope.ttl = settings_.ttl;
            return scope;
          }(),
          settings_.value) {}

void ServedList::restore(const ListRecord& record, TimePoint now) {
  engine_.restore(record, now);
  for (const HandListing& one : record.hand) {
    if (hand_.size() >= hand_most || !may_be_listed(one.what)) continue;
    hand_.insert_or_assign(place_of(one.what), one);
    if (one.until != never) hand_ends_.push({one.until, one.what});
    show(one.what, now);
  }
  for (const IpPrefix& what : engine_.listed()) show(what, now);
  tick(now);
}

// --- what comes ----------------------------------------------------------------------------------

bool ServedList::report(const model::AbuseReport& report, TimePoint now) {
  if (!lists_for(report.kind)) return false;
  std::vector<ListEvent> events;
  const bool witnessed = engine_.report(report, now, events);
  take_up(std::move(events), "", now);
  const IpPrefix what = ListEngine::place_of(report.client);
  if (endings_.contains(place_of(what))) note_end(what, now);  // it was prolonged
  return witnessed;
}

base::Status ServedList::delist_on_request(const base::IpAddress& client, std::string_view reason,
                                           TimePoint now) {
  auto event = engine_.delist_on_request(client, reason, now);
  if (!event) return event.error();
  take_up({std::move(*event)}, "request", now);
  return {};
}

base::Status ServedList::add(HandListing listing) {
  if (const auto fine = may_be_listed(listing.what); !fine) return fine.error();
  if (listing.reason.empty() || listing.reason.size() > reason_bytes_max) {
    return Error{ErrorCode::malformed, fmt::format("the reason has {} bytes, it wants 1 to {}",
                                                   listing.reason.size(), reason_bytes_max)};
  }
  if (listing.until != never && listing.until <= listing.since) {
    return Error{ErrorCode::malformed, "the listing would be over before it begins"};
  }
  listing.what.address = listing.what.address.masked(listing.what.bits, listing.what.bits);
  const auto place = place_of(listing.what);
  if (!hand_.contains(place) && hand_.size() >= hand_most) {
    return Error{ErrorCode::exhausted,
                 fmt::format("{} listings by hand are the most there can be", hand_most)};
  }
  const TimePoint now = listing.since;
  write(listing, "added", listing.reason, listing.by, now);
  save_.hand.push_back(listing);
  const IpPrefix what = listing.what;
  if (listing.until != never) hand_ends_.push({listing.until, what});
  hand_.insert_or_assign(place, std::move(listing));
  show(what, now);
  return {};
}

base::Status ServedList::remove(const IpPrefix& what, std::string_view reason,
                                bool reports_were_wrong, const std::string& by, TimePoint now) {
  IpPrefix masked = what;
  masked.address = what.address.masked(what.bits, what.bits);
  bool done = false;
  if (const auto found = hand_.find(place_of(masked)); found != hand_.end()) {
    write(found->second, "removed", reason, by, now);
    hand_.erase(found);
    save_.hand_gone.push_back(masked);
    show(masked, now);
    done = true;
  }
  const IpPrefix place = ListEngine::place_of(masked.address);
  if (masked.bits >= place.bits && engine_.facts(masked.address, now).listed) {
    auto event = engine_.delist(masked.address, reason, reports_were_wrong, now);
    if (!event) return event.error();
    take_up({std::move(*event)}, by, now);
    done = true;
  }
  if (done) return {};
  return Error{ErrorCode::refused, masked.to_string() + " is not on the list"};
}

void ServedList::tick(TimePoint now) {
  std::vector<ListEvent> events;
  engine_.tick(now, events);
  take_up(std::move(events), "", now);
  end_hand(now);
  collect_endings(now);
}

void ServedList::end_hand(TimePoint now) {
  while (!hand_ends_.empty() && hand_ends_.top().at <= now) {
    const auto found = hand_.find(place_of(hand_ends_.top().what));
    hand_ends_.pop();
    // It was taken off, or put on anew with another end.
    if (found == hand_.end() || found->second.until == never || found->second.until > now) continue;
    const HandListing over = found->second;
    hand_.erase(found);
    write(over, "expired", "", "", over.until);
    save_.hand_gone.push_back(over.what);
    show(over.what, now);
  }
}

std::optional<TimePoint> ServedList::next_due() const {
  std::optional<TimePoint> due = engine_.next_expiry();
  const auto sooner = [&due](TimePoint at) { due = due ? std::min(*due, at) : at; };
  if (!hand_ends_.empty()) sooner(hand_ends_.top().at);
  if (!later_.empty()) sooner(later_.top().at - std::chrono::seconds(settings_.ttl) - ahead);
  return due;
}

// --- what follows --------------------------------------------------------------------------------

void ServedList::take_up(std::vector<ListEvent> events, const std::string& by, TimePoint now) {
  for (ListEvent& event : events) {
    if (event.move != ListMove::range_proposed) show(event.facts.what, now);
    save_.history.push_back(record_of(event, by));
    events_.push_back(std::move(event));
  }
}

void ServedList::write(const HandListing& hand, const char* move, std::string_view reason,
                       const std::string& by, TimePoint now) {
  ListHistoryRecord out;
  out.what = hand.what;
  out.at = now;
  out.move = move;
  out.until = hand.until;
  out.reason = reason.substr(0, reason_bytes_max);
  out.by = by;
  save_.history.push_back(std::move(out));
}

bool ServedList::stands(const IpPrefix& what, TimePoint now) const {
  if (hand_.contains(place_of(what))) return true;
  const ListingFacts facts = engine_.facts(what.address, now);
  return facts.listed && facts.what.bits == what.bits;
}

std::optional<TimePoint> ServedList::end_of(const IpPrefix& what, TimePoint now) const {
  std::optional<TimePoint> end;
  if (const auto found = hand_.find(place_of(what)); found != hand_.end()) {
    if (found->second.until == never) return std::nullopt;
    end = found->second.until;
  }
  const ListingFacts facts = engine_.facts(what.address, now);
  if (facts.listed && facts.what.bits == what.bits)
    end = end ? std::max(*end, facts.until) : facts.until;
  return end;
}

// Puts the network on the zone or takes it off, as it stands now.
void ServedList::show(const IpPrefix& what, TimePoint now) {
  if (settings_.zone.is_root()) return;
  if (stands(what, now)) {
    changes_.push_back({what, settings_.value});
  } else {
    changes_.push_back({what, std::nullopt});
  }
  note_end(what, now);
}

void ServedList::note_end(const IpPrefix& what, TimePoint now) {
  const auto end = end_of(what, now);
  const auto known = endings_.find(place_of(what));
  const TimePoint soon = now + std::chrono::seconds(settings_.ttl) + ahead;
  if (!end || *end > soon) {
    if (known != endings_.end()) {
      endings_.erase(known);
      endings_changed_ = true;
    }
    if (end) later_.push({*end, what});
    return;
  }
  if (known != endings_.end() && known->second == *end) return;
  endings_[place_of(what)] = *end;
  endings_changed_ = true;
}

void ServedList::collect_endings(TimePoint now) {
  const TimePoint soon = now + std::chrono::seconds(settings_.ttl) + ahead;
  while (!later_.empty() && later_.top().at <= soon) {
    const IpPrefix what = later_.top().what;
    later_.pop();
    note_end(what, now);
  }
}

ZonePlan ServedList::plan(TimePoint now) {
  if (std::exchange(endings_changed_, false)) {
    std::vector<ListEnding> endings;
    endings.reserve(endings_.size());
    for (const auto& [place, at] : endings_) {
      endings.push_back({{place.first, place.second}, whole_seconds(at)});
    }
    live_.set_endings(endings);
  }
  live_.change(std::exchange(changes_, {}), whole_seconds(now));
  ZonePlan out;
  out.name = settings_.zone;
  out.datasets = live_.datasets();
  return out;
}

ListSave ServedList::drain(bool traffic) {
  engine_.drain(traffic, save_);
  save_.list = settings_.name;
  return std::exchange(save_, {});
}

// --- what is shown -------------------------------------------------------------------------------

ServedList::Standing ServedList::standing(const base::IpAddress& client, TimePoint now) const {
  return standing(IpPrefix{client, client.is_v4() ? 32U : 128U}, now);
}

ServedList::Standing ServedList::standing(const IpPrefix& what, TimePoint now) const {
  Standing out;
  if (what.bits >= ListEngine::place_of(what.address).bits) {
    out.facts = engine_.facts(what.address, now);
    out.verdict = engine_.verdict(what.address, now);
  } else {
    out.facts.what = {what.address.masked(what.bits, what.bits), what.bits};
  }
  for (unsigned bits = what.bits;; --bits) {
    const auto found = hand_.find({what.address.masked(bits, bits), bits});
    if (found != hand_.end()) out.hand = found->second;
    if (out.hand || bits == 0) return out;
  }
}

std::vector<ListingFacts> ServedList::listed(std::size_t most, TimePoint now) const {
  return engine_.newest(most, now);
}

std::vector<HandListing> ServedList::by_hand() const {
  std::vector<HandListing> out;
  for (const auto& [place, one] : hand_) out.push_back(one);
  return out;
}

}  // namespace leumund::listing
