// How long a provider's word holds.
#include "apps/daemon/provider_desk.h"

#include <gtest/gtest.h>

namespace leumund::apps {
namespace {

const base::TimePoint day = base::parse_rfc3339("2026-11-21T00:00:00Z").value();
constexpr std::chrono::hours a_day{24};

model::ProviderReports told_once(const model::ProviderFigure& figure) {
  model::ProviderReports report;
  report.figures = {figure};
  model::ProviderFile file;
  file.name = "red.csv";
  file.kind = figure.source;
  file.rows = 1;
  file.written = day;
  report.files = {file};
  return report;
}

model::ProviderFigure red(const char* source) {
  model::ProviderFigure figure;
  figure.source = source;
  figure.place = "192.0.2.25";
  figure.from = day;
  figure.colour = "red";
  return figure;
}

bool holds_in(const model::ProviderReports& report, base::TimePoint now) {
  const auto& figure = report.figures.front();
  return holds(figure, last_told(report, now).at(figure.source), now);
}

TEST(ProviderDesk, AWordEndsAWeekBehindAFileOfItsSourceAlsoAnEmptyOne) {
  auto report = told_once(red("snds"));
  EXPECT_TRUE(holds_in(report, day + 20 * a_day)) << "nobody fetched anything since";
  model::ProviderFile empty;
  empty.name = "later.csv";
  empty.written = day + 6 * a_day;
  report.files.push_back(empty);
  EXPECT_TRUE(holds_in(report, day + 20 * a_day));
  report.files.back().written = day + 8 * a_day;
  EXPECT_FALSE(holds_in(report, day + 20 * a_day));
  report.files.back().bad = 1;
  EXPECT_TRUE(holds_in(report, day + 20 * a_day)) << "what cannot be read tells nothing";
}

TEST(ProviderDesk, AWordEndsByItselfWhereNothingNewerComes) {
  EXPECT_FALSE(holds_in(told_once(red("snds")), day + 31 * a_day));
  auto report = told_once(red("snds-status"));
  model::ProviderFile empty;
  empty.written = day + 8 * a_day;
  report.files.push_back(empty);
  EXPECT_TRUE(holds_in(report, day + 9 * a_day)) << "of the other source";
  EXPECT_FALSE(holds_in(report, day + 31 * a_day));
}

TEST(ProviderDesk, ARowOrFileOfTheFutureEndsNoWord) {
  auto report = told_once(red("snds"));
  report.files.front().written = day + 400 * a_day;
  EXPECT_TRUE(holds_in(report, day + a_day));
}

}  // namespace
}  // namespace leumund::apps
