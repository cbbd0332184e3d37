#include "apps/daemon/outages.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/detour_pool.h"
#include "config/egress.h"

namespace leumund::apps {
namespace {

using base::TimePoint;
using face::Outage;
using face::OutageCare;
using model::CellState;

constexpr std::chrono::hours over_shown{24 * 7};
constexpr std::chrono::hours accepted_lately{24};
constexpr std::size_t unaffected_max = 20;
constexpr std::size_t domains_kept_max = 21;  // the page shows twenty and says that there are more
constexpr std::string_view provider_prefix = "provider:";

// The ways that everybody's mail takes: the usual one, and the one that a detour sends it by.
// Without detour.ways or an egress `default` nobody has said which is the usual one: any may be.
// Ways of some senders (detour.pools) are nobody else's business.
class WaysOfAll {
 public:
  WaysOfAll(const config::RunSettings& run, std::span<const model::Detour> detours)
      : usual_(config::detour_ways(run).front().name) {
    bool told = !run.detour_ways.empty();
    for (const std::string& text : run.egresses) {
      const auto egress = config::parse_egress(text);
      told = told || (egress && egress->name == config::usual_egress);
    }
    any_ = !told;
    const config::DetourPools pools(run.detour_pools);
    for (const auto& pool : pools.all()) {
      for (const auto& way : pool.ways) of_pools_.insert(way.name);
    }
    for (const model::Detour& detour : detours) {
      if (detour.pool.empty() && routes_mail(detour)) present_[detour.provider] = detour.via;
    }
  }

  [[nodiscard]] bool has(const std::string& egress, const std::string& provider) const {
    if (egress == usual_ || (any_ && !of_pools_.contains(egress))) return true;
    const auto present = present_.find(provider);
    return present != present_.end() && present->second == egress;
  }

 private:
  std::string usual_;
  bool any_ = false;
  std::set<std::string> of_pools_;
  std::map<std::string, std::string> present_;
};

// All cells of one provider that count, taken together.
struct Standing {
  bool refused = false;
  bool doubtful = false;
  TimePoint since;
  TimePoint accepted_at;
};

const diagnosis::Provider* registered(std::span<const diagnosis::Provider> all,
                                      std::string_view id) {
  const auto found = std::find_if(all.begin(), all.end(), [&](auto& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

Outage outage_of(const diagnosis::Provider& provider, TimePoint since) {
  Outage out;
  out.provider = provider.id;
  out.name = provider.name.empty() ? provider.id : provider.name;
  out.since = since;
  const std::size_t count = std::min(provider.domains.size(), domains_kept_max);
  out.domains.assign(provider.domains.begin(),
                     provider.domains.begin() + static_cast<std::ptrdiff_t>(count));
  return out;
}

OutageCare care_of(std::span<const model::Detour> detours, std::string_view provider) {
  for (const model::Detour& detour : detours) {
    // A pool's is for some senders only, which the public need not know.
    if (detour.provider != provider || !detour.pool.empty() || !routes_mail(detour)) continue;
    const bool waits = detour.phase == model::DetourPhase::deferred || model::is_on_trial(detour);
    return waits ? OutageCare::waiting : OutageCare::another;
  }
  return OutageCare::none;
}

std::map<std::string, Standing> standings(std::span<const model::BlockFacts> cells,
                                          const WaysOfAll& ways) {
  std::map<std::string, Standing> out;
  for (const model::BlockFacts& cell : cells) {
    if (!ways.has(cell.egress, cell.provider)) continue;
    Standing& one = out[cell.provider];
    one.accepted_at = std::max(one.accepted_at, cell.last_accepted_at);
    if (cell.state == CellState::suspected) one.doubtful = true;
    if (cell.state != CellState::refused && cell.state != CellState::half_open) continue;
    one.since = one.refused ? std::min(one.since, cell.since) : cell.since;
    one.refused = true;
  }
  return out;
}

// Those of the same company first: that Office 365 is not Hotmail is what people ask.
std::vector<std::string> unaffected(const OutageFacts& facts,
                                    const std::map<std::string, Standing>& all, TimePoint now) {
  std::set<std::string> beside;
  for (const auto& [id, standing] : all) {
    const auto* provider = standing.refused ? registered(facts.providers, id) : nullptr;
    if (provider != nullptr) beside.insert(provider->beside.begin(), provider->beside.end());
  }
  std::vector<std::pair<bool, std::string>> names;
  for (const auto& [id, standing] : all) {
    const auto* provider = registered(facts.providers, id);
    const bool lately = standing.accepted_at + accepted_lately >= now;
    if (provider == nullptr || standing.refused || standing.doubtful || !lately) continue;
    names.emplace_back(!beside.contains(id), provider->name.empty() ? id : provider->name);
  }
  std::sort(names.begin(), names.end());
  std::vector<std::string> out;
  for (auto& [later, name] : names) {
    if (out.size() < unaffected_max) out.push_back(std::move(name));
  }
  return out;
}

std::vector<Outage> over(const OutageFacts& facts, const std::map<std::string, Standing>& all,
                         const WaysOfAll& ways, TimePoint now) {
  std::map<std::string, Outage> newest;
  for (const model::Case& one : facts.cases) {
    for (const model::CaseParty& party : one.parties) {
      if (!party.id.starts_with(provider_prefix) || !party.until) continue;
      const std::string id = party.id.substr(provider_prefix.size());
      if (!ways.has(one.subject.name, id)) continue;
      const auto* provider = registered(facts.providers, id);
      const auto standing = all.find(id);
      const bool again = standing != all.end() && standing->second.refused;
      if (provider == nullptr || again || *party.until + over_shown < now) continue;
      Outage outage = outage_of(*provider, party.since);
      outage.until = party.until;
      auto& known = newest[id];
      if (!known.until || *known.until < *outage.until) known = std::move(outage);
    }
  }
  std::vector<Outage> out;
  for (auto& [id, outage] : newest) out.push_back(std::move(outage));
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return *a.until > *b.until; });
  return out;
}

}  // namespace

face::OutageReport outage_report(const OutageFacts& facts, const config::RunSettings& run,
                                 TimePoint now) {
  face::OutageReport out;
  out.organisation = run.letters_organisation;
  out.now = now;
  const auto every = run.public_status_every;
  out.next_update =
      every.count() > 0 ? TimePoint(now.time_since_epoch() / every * every) + every : now;
  const WaysOfAll ways(run, facts.detours);
  const auto all = standings(facts.cells, ways);
  for (const auto& [id, standing] : all) {
    if (!standing.refused) continue;
    const auto* provider = registered(facts.providers, id);
    if (provider == nullptr) {
      ++out.unregistered;
      continue;
    }
    Outage outage = outage_of(*provider, standing.since);
    outage.care = care_of(facts.detours, id);
    out.affected.push_back(std::move(outage));
  }
  std::sort(out.affected.begin(), out.affected.end(),
            [](auto& a, auto& b) { return a.since > b.since; });
  out.unaffected = unaffected(facts, all, now);
  out.over = over(facts, all, ways, now);
  return out;
}

}  // namespace leumund::apps
