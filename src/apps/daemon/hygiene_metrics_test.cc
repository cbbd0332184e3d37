#include "apps/daemon/hygiene_metrics.h"

#include <gtest/gtest.h>

#include <map>

namespace leumund::apps {
namespace {

TEST(HygieneMetrics, NameNoDomainThatWasOnlySeen) {
  model::HygieneFinding grave;
  grave.state = model::HygieneState::fault;
  grave.grave = true;
  model::HygieneReport report;
  report.addresses = {{.address = "192.0.2.25", .egress = "out1", .helo = "", .findings = {grave}}};
  report.domains = {{"example.org", 0, {grave}},
                    {"erika-mustermann.example", 20, {grave}},
                    {"kunde.example", 11, {grave, model::HygieneFinding()}}};
  std::map<std::pair<std::string, std::string>, double> told;
  for (const auto& one : findings_metric(report).samples) {
    const bool first =
        told.emplace(std::pair(one.labels.at(0).second, one.labels.at(1).second), one.value).second;
    EXPECT_TRUE(first) << "a series twice";
  }
  EXPECT_EQ(told.size(), 12U) << "of three places, four states";
  EXPECT_EQ((told[{"192.0.2.25", "grave"}]), 1);
  EXPECT_EQ((told[{"example.org", "grave"}]), 1);
  EXPECT_EQ((told[{"other", "grave"}]), 2);
  EXPECT_EQ((told[{"other", "unknown"}]), 1);
}

}  // namespace
}  // namespace leumund::apps
