// What our own lists say of ourselves, as decisions: for the journal, the notices, the cases and
// `explain`.
#include <fmt/core.h>

#include <utility>

#include "apps/daemon/list_desk.h"
#include "apps/daemon/listing_decision.h"
#include "base/log.h"

namespace leumund::apps {
namespace {

using base::TimePoint;
using model::DecisionKind;

constexpr const char* detector = "own lists";
constexpr std::size_t decisions_looked_at = 200;  // of one address, for the last about this

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
    model::Listing ours;
    ours.place = address.to_string();
    ours.egress = egress;
    const auto known = around_.store.decisions_about(subject_of(ours), decisions_looked_at);
    if (!known) continue;
    const model::Decision* last = nullptr;
    for (const model::Decision& one : *known) {
      const bool of_this =
          one.detector == detector && one.listing && one.listing->place == ours.place;
      if (of_this && (last == nullptr || one.number > last->number)) last = &one;
    }
    if (last == nullptr || last->kind != DecisionKind::listed) continue;
    own_told_.with([&](auto& told) { told.emplace(address, *last->listing); });
  }
}

std::optional<model::Listing> ListDesk::own_listing(const State& state,
                                                    const base::IpAddress& address,
                                                    const std::string& egress,
                                                    TimePoint now) const {
  model::Listing out;
  const auto would = state.lists.back()->standing(address, now);
  bool by_rule = would.facts.listed;
  std::string zones;
  for (const auto& list : state.lists) {
    if (list->zone().is_root()) continue;
    const auto standing = list->standing(address, now);
    if (!standing.listed()) continue;
    zones += (zones.empty() ? "" : ", ") + list->zone().to_text();
    by_rule = by_rule || standing.facts.listed;
    if (standing.hand && out.reason.empty()) out.reason = standing.hand->reason;
  }
  if (!would.facts.listed && zones.empty()) return std::nullopt;
  out.place = address.to_string();
  out.egress = egress;
  out.list = "own";
  out.list_name = zones.empty() ? "our own list, were it a stranger" : zones;
  out.scope = "address";
  out.mender = "us";
  out.meaning =
      by_rule ? "our own rule lists it for what is reported of our mail: " + reports_of(would.facts)
              : "put on our own list by hand";
  out.since = now;
  out.last_seen = now;
  return out;
}

// After every change of a list, or of what our addresses are.
std::vector<model::Decision> ListDesk::judge_own(TimePoint now) {
  std::vector<model::Decision> out;
  const auto rules = rules_.read();
  std::vector<model::Listing> news;
  std::map<base::IpAddress, model::Listing> stands;
  state_.with([&](const State& state) {
    for (const auto& [address, egress] : rules->own) {
      if (auto listing = own_listing(state, address, egress, now)) {
        stands.emplace(address, std::move(*listing));
      }
    }
  });
  own_told_.with([&](auto& told) {
    for (auto& [address, listing] : told) {
      if (stands.contains(address)) continue;
      listing.until = now;
      news.push_back(listing);
    }
    std::erase_if(told, [](const auto& one) { return one.second.until.has_value(); });
    for (auto& [address, listing] : stands) {
      if (told.emplace(address, listing).second) news.push_back(listing);
    }
  });
  for (model::Listing& listing : news) {
    base::log(base::LogLevel::warn, "event=list_{}_own address={} list=\"{}\"",
              listing.until ? "delisted" : "listed", listing.place, listing.list_name);
    out.push_back(decision_of(std::move(listing), detector, now));
  }
  return out;
}

std::vector<model::Listing> ListDesk::own_listings() const {
  std::vector<model::Listing> out;
  own_told_.with([&](const auto& told) {
    for (const auto& [address, listing] : told) out.push_back(listing);
  });
  return out;
}

}  // namespace leumund::apps
