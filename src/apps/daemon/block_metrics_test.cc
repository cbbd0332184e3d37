#include "apps/daemon/block_metrics.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::apps {
namespace {

using model::CellState;

model::BlockFacts cell(const char* egress, const char* provider, CellState state, double share,
                       std::uint64_t mails) {
  model::BlockFacts out;
  out.egress = egress;
  out.provider = provider;
  out.state = state;
  out.refused_share = share;
  out.mails = mails;
  return out;
}

// "out1 other 1" of the named metric.
std::vector<std::string> lines_of(const std::vector<face::Metric>& all, const char* name) {
  std::vector<std::string> out;
  for (const auto& metric : all) {
    if (metric.name != name) continue;
    for (const auto& one : metric.samples) {
      out.push_back(
          fmt::format("{} {} {}", one.labels.at(0).second, one.labels.at(1).second, one.value));
    }
  }
  return out;
}

TEST(BlockMetrics, NameNoProviderThatIsInNoRegistry) {
  std::vector<face::Metric> out;
  add_block_metrics({{cell("out1", "gmx", CellState::open, 0, 0),
                      cell("out1", "mx:erika-mustermann.example", CellState::refused, 0.9, 12),
                      cell("out1", "mx:private.example", CellState::suspected, 0.2, 3),
                      cell("out2", "mx:private.example", CellState::suspected, 0.5, 4)},
                     {}},
                    out);
  using testing::ElementsAre;
  EXPECT_THAT(lines_of(out, "leumund_block_refused"),
              ElementsAre("out1 other 1", "out2 other 0.5", "out1 gmx 0"));
  EXPECT_THAT(lines_of(out, "leumund_block_refused_share"),
              ElementsAre("out1 other 0.9", "out2 other 0.5", "out1 gmx 0"));
  EXPECT_THAT(lines_of(out, "leumund_block_mails"),
              ElementsAre("out1 other 15", "out2 other 4", "out1 gmx 0"));
}

}  // namespace
}  // namespace leumund::apps
