// What our own lists say of ourselves, as decisions: for the journal, the notices, the cases and
// `explain`.
#include <fmt/core.h>

#include <utility>

#include "apps/daemon/list_desk.h"
#include "base/log.h"

namespace leumund::apps {
namespace {

using base::TimePoint;
using model::DecisionKind;
using model::SubjectKind;

constexpr const char* detector = "own lists";
constexpr std::size_t decisions_looked_at = 200;  // of one address, for the last about this

model::Subject subject_of(const base::IpAddress& address, const std::string& egress) {
  if (!egress.empty()) return {SubjectKind::egress, egress};
  return {SubjectKind::address, address.to_string()};
}

std::string reports_of(const listing::ListingFacts& facts) {
  std::string out;
  for (std::size_t i = 0; i < facts.kinds.size(); ++i) {
    if (facts.kinds[i] == 0) continue;
    const auto kind = model::abuse_kind_name(static_cast<model::AbuseKind>(i));
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", facts.kinds[i], kind);
  }
  return fmt::format("reports in a week: {}; reporters: {}; mail: {:.0f}",
                     out.empty() ? "none" : out, facts.weighed.reporters, facts.weighed.mail);
}

}  // namespace

// What was told before a restart, so that it is not told again.
void ListDesk::load_own() {
  const auto rules = rules_.read();
  for (const auto& [address, egress] : rules->own) {
    const auto known =
        around_.store.decisions_about(subject_of(address, egress), decisions_looked_at);
    if (!known) continue;
    const model::Decision* last = nullptr;
    for (const model::Decision& one : *known) {
      const bool ours =
          one.detector == detector && one.listing && one.listing->place == address.to_string();
      if (ours && (last == nullptr || one.number > last->number)) last = &one;
    }
    if (last != nullptr && last->kind == DecisionKind::listed)
      own_told_.emplace(address, *last->listing);
  }
}

std::optional<model::Listing> ListDesk::own_listing(const State& state,
                                                    const base::IpAddress& address,
                                                    const std::string& egress,
                                                    TimePoint now) const {
  model::Listing out;
  const auto would = state.lists.back()->standing(address, now);
  std::string zones;
  for (const auto& list : state.lists) {
    if (list->zone().is_root() || !list->standing(address, now).listed()) continue;
    zones += (zones.empty() ? "" : ", ") + list->zone().to_text();
  }
  if (!would.facts.listed && zones.empty()) return std::nullopt;
  out.place = address.to_string();
  out.egress = egress;
  out.list = "own";
  out.list_name = zones.empty() ? "our own list, were it a stranger" : zones;
  out.scope = "address";
  out.mender = "us";
  out.meaning = "our own rule lists it for what is reported of our mail";
  out.reason = reports_of(would.facts);
  out.since = now;
  out.last_seen = now;
  return out;
}

// After every change of a list, or of what our addresses are; without the lock while it is told.
void ListDesk::judge_own(TimePoint now) {
  const auto rules = rules_.read();
  std::vector<model::Listing> news;
  state_.with([&](const State& state) {
    for (const auto& [address, egress] : rules->own) {
      auto listing = own_listing(state, address, egress, now);
      const auto told = own_told_.find(address);
      if (listing && told == own_told_.end()) {
        own_told_.emplace(address, *listing);
        news.push_back(std::move(*listing));
      } else if (!listing && told != own_told_.end()) {
        told->second.until = now;
        news.push_back(told->second);
        own_told_.erase(told);
      }
    }
  });
  for (model::Listing& listing : news) {
    model::Decision decision;
    decision.kind = listing.until ? DecisionKind::delisted : DecisionKind::listed;
    decision.at = now;
    decision.detector = decision.by = detector;
    decision.subject = subject_of(*base::IpAddress::parse(listing.place), listing.egress);
    decision.restriction.subject = decision.subject;
    decision.restriction.since = listing.since;
    decision.restriction.reason = fmt::format("{} {} on {}: {}", listing.place,
                                              listing.until ? "is no longer listed" : "is listed",
                                              listing.list_name, listing.reason);
    base::log(base::LogLevel::warn, "event=list_{}_own address={} list=\"{}\"",
              listing.until ? "delisted" : "listed", listing.place, listing.list_name);
    decision.listing = std::move(listing);
    if (around_.decide) around_.decide(std::move(decision));
  }
}

}  // namespace leumund::apps
