// The lists of our own without a disk: what they answer while the state folder cannot be written.
#include <algorithm>

#include "storage/memory_store.h"
#include "storage/stored_time.h"

namespace leumund::storage {
base::Status MemoryStore::save_list(const listing::ListSave& save) {
  state_.with([&](State& state) {
    ListState& list = state.lists[save.list];
    for (const auto& one : save.reports) list.reports.push_back(one);
    for (const auto& one : save.places) list.places[one.place] = one;
    for (const auto& one : save.traffic) list.traffic[{one.day, one.place}] = one;
    for (const auto& one : save.reporters) list.reporters[one.who] = one;
    for (const auto& one : save.hand_gone) list.hand.erase(one.to_string());
    for (const auto& one : save.hand) list.hand[one.what.to_string()] = one;
    for (const auto& one : save.history) list.history.push_back(one);
    for (const auto& one : save.name_reports) list.name_reports.push_back(one);
    for (const auto& one : save.names) list.names[one.name] = one;
    for (const auto& one : save.hand_names_gone) list.hand_names.erase(one);
    for (const auto& one : save.hand_names) list.hand_names[one.name] = one;
    for (const auto& one : save.name_history) list.name_history.push_back(one);
    const auto bound = [](auto& rows) {
      while (rows.size() > decisions_max) rows.pop_front();
    };
    bound(list.reports);
    bound(list.history);
    bound(list.name_reports);
    bound(list.name_history);
  });
  return {};
}

base::Result<listing::ListRecord> MemoryStore::load_list(const std::string& list,
                                                         base::TimePoint since) {
  return state_.with([&](State& state) {
    const ListState& kept = state.lists[list];
    listing::ListRecord out;
    for (const auto& one : kept.reports) {
      if (one.heard_at >= since) out.reports.push_back(one);
    }
    for (const auto& [place, one] : kept.places) out.places.push_back(one);
    for (const auto& [key, one] : kept.traffic) {
      if (one.day >= day_of(since)) out.traffic.push_back(one);
    }
    for (const auto& [who, one] : kept.reporters) out.reporters.push_back(one);
    for (const auto& [network, one] : kept.hand) out.hand.push_back(one);
    for (const auto& one : kept.name_reports) {
      if (one.heard_at >= since) out.name_reports.push_back(one);
    }
    for (const auto& [name, one] : kept.names) out.names.push_back(one);
    for (const auto& [name, one] : kept.hand_names) out.hand_names.push_back(one);
    return out;
  });
}

base::Result<listing::ListRecord> MemoryStore::load_listed(const std::string& list,
                                                           base::TimePoint now) {
  return state_.with([&](State& state) {
    const ListState& kept = state.lists[list];
    listing::ListRecord out;
    for (const auto& [place, one] : kept.places) {
      if (one.until > now) out.places.push_back(one);
    }
    for (const auto& [network, one] : kept.hand) out.hand.push_back(one);
    return out;
  });
}

base::Result<std::vector<listing::ListHistoryRecord>> MemoryStore::list_history(
    const std::string& list, const std::optional<base::IpPrefix>& what, std::size_t most) {
  return state_.with([&](State& state) {
    std::vector<listing::ListHistoryRecord> out;
    const ListState& kept = state.lists[list];
    for (auto at = kept.history.rbegin(); at != kept.history.rend() && out.size() < most; ++at) {
      const bool wanted =
          !what || (at->what.address == what->address && at->what.bits == what->bits);
      if (wanted) out.push_back(*at);
    }
    return out;
  });
}

base::Result<std::vector<listing::NameHistoryRecord>> MemoryStore::name_history(
    const std::string& list, const std::optional<std::string>& name, std::size_t most) {
  return state_.with([&](State& state) {
    std::vector<listing::NameHistoryRecord> out;
    const auto& kept = state.lists[list].name_history;
    for (auto at = kept.rbegin(); at != kept.rend() && out.size() < most; ++at) {
      if (!name || at->name == *name) out.push_back(*at);
    }
    return out;
  });
}

base::Status MemoryStore::forget_list(listing::ListForgetting& way) {
  const auto [reports_before, history_before] = std::pair(way.reports_before, way.history_before);
  way.done = true;
  state_.with([&](State& state) {
    ListState& kept = state.lists[way.list];
    std::erase_if(kept.reports, [&](const auto& one) { return one.heard_at < reports_before; });
    std::erase_if(kept.traffic,
                  [&](const auto& one) { return one.second.day < day_of(reports_before); });
    std::erase_if(kept.reporters, [&](const auto& one) {
      return one.second.wrong == 0 && one.second.day < day_of(reports_before);
    });
    std::erase_if(kept.history, [&](const auto& one) { return one.at < history_before; });
    std::erase_if(kept.name_reports,
                  [&](const auto& one) { return one.heard_at < reports_before; });
    std::erase_if(kept.name_history, [&](const auto& one) { return one.line.at < history_before; });
    std::erase_if(kept.names, [&](const auto& entry) {
      const listing::NamePlaceRecord& one = entry.second;
      return one.until == base::TimePoint{} &&
             std::max({one.since, one.requested_at, one.cleared_at}) < history_before;
    });
    std::erase_if(kept.places, [&](const auto& entry) {
      const listing::ListPlaceRecord& one = entry.second;
      return one.until == base::TimePoint{} &&
             std::max({one.since, one.requested_at, one.cleared_at, one.told_spared_at}) <
                 history_before;
    });
  });
  return {};
}

}  // namespace leumund::storage
