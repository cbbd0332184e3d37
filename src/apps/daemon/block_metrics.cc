#include "apps/daemon/block_metrics.h"

#include <algorithm>
#include <map>
#include <string>

namespace leumund::apps {

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
  std::stable_sort(cells.begin(), cells.end(), [](const auto& a, const auto& b) {
    return (a.state != model::CellState::open) > (b.state != model::CellState::open);
  });
  if (cells.size() > cells_shown) cells.resize(cells_shown);
  face::Metric refused{"leumund_block_refused",
                       "1 where a provider refuses mail from an egress, 0.5 where it is suspected.",
                       {}};
  face::Metric share{"leumund_block_refused_share",
                     "Share of mail refused for our address since the trouble began.",
                     {}};
  face::Metric mails{"leumund_block_mails", "Mails refused since the trouble began.", {}};
  for (const auto& facts : cells) {
    const std::vector<std::pair<std::string, std::string>> labels = {{"egress", facts.egress},
                                                                     {"provider", facts.provider}};
    const double level = facts.state == model::CellState::open        ? 0
                         : facts.state == model::CellState::suspected ? 0.5
                                                                      : 1;
    refused.samples.push_back({labels, level});
    share.samples.push_back({labels, facts.refused_share});
    mails.samples.push_back({labels, static_cast<double>(facts.mails)});
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
