#include "apps/daemon/block_metrics.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "diagnosis/provider_group.h"

namespace leumund::apps {
namespace {

struct ShownCell {
  std::string egress;
  std::string provider;
  double level = 0;
  double share = 0;
  std::uint64_t mails = 0;
};

// A provider that nobody registered has the name of a domain, often of one person: those of an
// egress are one series, as bad as the worst of them.
std::vector<ShownCell> shown_cells(const std::vector<model::BlockFacts>& cells) {
  std::map<std::pair<std::string, std::string>, ShownCell> all;
  for (const auto& facts : cells) {
    const bool known = diagnosis::is_registered(facts.provider);
    const std::string provider = known ? facts.provider : "other";
    ShownCell& cell = all[{facts.egress, provider}];
    cell.egress = facts.egress;
    cell.provider = provider;
    const double level = facts.state == model::CellState::open        ? 0
                         : facts.state == model::CellState::suspected ? 0.5
                                                                      : 1;
    cell.level = std::max(cell.level, level);
    cell.share = std::max(cell.share, facts.refused_share);
    cell.mails += facts.mails;
  }
  std::vector<ShownCell> out;
  for (auto& [key, cell] : all) out.push_back(std::move(cell));
  return out;
}

}  // namespace

void add_block_metrics(std::pair<std::vector<model::BlockFacts>, engine::BlockCounters> blocks,
                       std::vector<face::Metric>& out) {
  auto& [cells, counters] = blocks;
  constexpr std::size_t cells_shown = 500;
  std::map<std::string, std::uint64_t> by_state = {
      {"open", 0}, {"suspected", 0}, {"refused", 0}, {"half_open", 0}};
  for (const auto& facts : cells) ++by_state[std::string(model::cell_state_name(facts.state))];
  face::Metric states{"leumund_block_cells", "Cells of the block matrix by state.", {}};
  for (const auto& [state, count] : by_state) {
    states.samples.push_back({{{"state", state}}, static_cast<double>(count)});
  }
  std::vector<ShownCell> shown = shown_cells(cells);
  std::stable_sort(shown.begin(), shown.end(),
                   [](const auto& a, const auto& b) { return (a.level > 0) > (b.level > 0); });
  if (shown.size() > cells_shown) shown.resize(cells_shown);
  face::Metric refused{"leumund_block_refused",
                       "1 where a provider refuses mail from an egress, 0.5 where it is suspected; "
                       "other: the worst of those that the registry does not know.",
                       {}};
  face::Metric share{"leumund_block_refused_share",
                     "Share of mail refused for our address since the trouble began.",
                     {}};
  face::Metric mails{"leumund_block_mails", "Mails refused since the trouble began.", {}};
  for (const auto& cell : shown) {
    const std::vector<std::pair<std::string, std::string>> labels = {{"egress", cell.egress},
                                                                     {"provider", cell.provider}};
    refused.samples.push_back({labels, cell.level});
    share.samples.push_back({labels, cell.share});
    mails.samples.push_back({labels, static_cast<double>(cell.mails)});
  }
  const auto add = [&](std::string name, std::string help, std::uint64_t value) {
    out.push_back({std::move(name), std::move(help), {{{}, static_cast<double>(value)}}});
  };
  for (auto* metric : {&states, &refused, &share, &mails}) out.push_back(std::move(*metric));
  add("leumund_block_refusals_total", "Refusals about one of our addresses.", counters.refusals);
  add("leumund_block_cells_forgotten_total", "Cells that made room for another.",
      counters.cells_forgotten);
}

}  // namespace leumund::apps
