// What reports weigh, and when they list.
#include "listing/list_rule.h"

#include <gtest/gtest.h>

#include <random>

#include "listing/report_history.h"

namespace leumund::listing {
namespace {

using namespace std::chrono_literals;
using model::AbuseKind;

const ListRule rule;
const base::TimePoint start = base::from_unix_seconds(1'800'000'000);

model::AbuseReport report(std::uint64_t reporter, base::TimePoint at,
                          AbuseKind kind = AbuseKind::complaint) {
  return {*base::IpAddress::parse("192.0.2.1"), kind, reporter, at};
}

TEST(ListRule, WeighsAReportFourWhenFreshOneFromTwoDaysOnNothingAfterAWeek) {
  EXPECT_DOUBLE_EQ(weight_at_age(rule, 0h), 4);
  EXPECT_DOUBLE_EQ(weight_at_age(rule, -5h), 4);
  EXPECT_DOUBLE_EQ(weight_at_age(rule, 24h), 2.5);
  EXPECT_DOUBLE_EQ(weight_at_age(rule, 48h), 1);
  EXPECT_DOUBLE_EQ(weight_at_age(rule, 7 * 24h - 1s), 1);
  EXPECT_DOUBLE_EQ(weight_at_age(rule, 7 * 24h), 0);
}

TEST(ListRule, TrapsWeighFiveTimesBelowSixAndTheirSquareFromThere) {
  EXPECT_DOUBLE_EQ(trap_weight(0), 0);
  EXPECT_DOUBLE_EQ(trap_weight(2), 10);
  EXPECT_DOUBLE_EQ(trap_weight(5), 25);
  EXPECT_DOUBLE_EQ(trap_weight(6), 36);
  EXPECT_DOUBLE_EQ(trap_weight(10), 100);
}

// The published example: two traps and three reports make 13 where reports weigh 1.
TEST(ListRule, AddsTrapsAndReportsAsPublished) {
  ReportHistory history;
  for (const std::uint64_t who : {1UL, 2UL, 3UL})
    ASSERT_TRUE(history.add(report(who, start), 1, rule));
  for (const std::uint64_t who : {4UL, 5UL})
    ASSERT_TRUE(history.add(report(who, start, AbuseKind::pristine_trap), 1, rule));
  EXPECT_NEAR(history.weigh(start + 50h, rule).spam, 13, 1e-4);
  EXPECT_EQ(history.weigh(start + 50h, rule).reports, 5U);
  EXPECT_EQ(history.weigh(start + 50h, rule).reporters, 5U);
}

TEST(ListRule, NeverListsOnOneReportOrOneReporter) {
  EXPECT_EQ(judge(rule, {.spam = 1000, .reports = 1, .reporters = 1}),
            ListVerdict::too_few_reports);
  EXPECT_EQ(judge(rule, {.spam = 1000, .reports = 50, .reporters = 1}),
            ListVerdict::too_few_reporters);
  EXPECT_EQ(judge(rule, {.spam = 12, .believed = 3, .reports = 3, .reporters = 2}),
            ListVerdict::listed);
}

TEST(ListRule, ListsByTheLowerEndOfTheShareOfSpamAmongTheMailThatIsKnown) {
  const Weighed pool{.spam = 100, .believed = 30, .reports = 30, .reporters = 20, .mail = 100'000};
  EXPECT_EQ(judge(rule, pool), ListVerdict::too_little_spam);
  EXPECT_LT(spam_share_low(rule, pool), 0.002);
  const Weighed bot{.spam = 100, .believed = 30, .reports = 30, .reporters = 20, .mail = 1'000};
  EXPECT_EQ(judge(rule, bot), ListVerdict::listed);
  EXPECT_GT(spam_share_low(rule, bot), rule.threshold);
  // The verdict is the quantile's, on both sides of the threshold.
  for (double spam = 1; spam < 400; spam *= 1.1) {
    const Weighed some{.spam = spam, .believed = 20, .reports = 20, .reporters = 5, .mail = 2'000};
    EXPECT_EQ(judge(rule, some) == ListVerdict::listed, spam_share_low(rule, some) > rule.threshold)
        << spam;
  }
}

TEST(ListRule, CollateralForbidsAListingWhereTheOperatorSaysSo) {
  ListRule strict = rule;
  strict.honest_per_spam_most = 20;
  const Weighed some{
      .spam = 4000, .believed = 1'000, .reports = 1'000, .reporters = 400, .mail = 31'000};
  EXPECT_DOUBLE_EQ(honest_per_spam(some), 30);
  EXPECT_EQ(judge(rule, some), ListVerdict::listed);
  EXPECT_EQ(
      judge(rule, {.spam = 9000, .believed = 200, .reports = 200, .reporters = 99, .mail = 99'000}),
      ListVerdict::too_much_collateral);
  EXPECT_EQ(judge(strict, some), ListVerdict::too_much_collateral);
}

TEST(ListRule, WhoIsHardlyBelievedHardlyStandsAgainstHonestMail) {
  const Weighed real{.spam = 1600, .believed = 40, .reports = 40, .reporters = 40, .mail = 60'000};
  EXPECT_EQ(judge(rule, real), ListVerdict::too_much_collateral);
  Weighed pushed = real;
  pushed.reports += 400;
  pushed.believed += 100;
  EXPECT_EQ(judge(rule, pushed), ListVerdict::too_much_collateral);
  EXPECT_NEAR(honest_per_spam(pushed), 59'860.0 / 140, 1e-6);
  EXPECT_EQ(stays_for(rule, {.believed = 2.75, .reports = 5}), rule.listed_for_two);
  EXPECT_EQ(stays_for(rule, {.believed = 3, .reports = 3}), rule.listed_for);
  EXPECT_EQ(stays_for(rule, {.believed = 2, .reports = 2}), rule.listed_for_two);
}

TEST(ReportHistory, SumsOfHoursAreThoseOfTheSingleReports) {
  ReportHistory history;
  std::vector<base::TimePoint> times;
  for (int i = 0; i < 400; ++i) {
    const auto at = start + std::chrono::seconds((i * 7919) % (6 * 24 * 3600));
    ASSERT_TRUE(
        history.add(report(static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ULL, at), 1, rule));
    times.push_back(at);
  }
  for (const auto later : {6 * 24h, 6 * 24h + 30h}) {
    double wanted = 0;
    for (const auto at : times) wanted += weight_at_age(rule, start + later - at);
    EXPECT_NEAR(history.weigh(start + later, rule).spam, wanted, wanted * 0.01);
  }
  EXPECT_FALSE(history.forget(start + 14 * 24h, rule));
  EXPECT_EQ(history.weigh(start + 14 * 24h, rule).reports, 0U);
}

TEST(ReportHistory, OneReporterCountsThreeTimesAWeek) {
  ReportHistory history;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(history.add(report(7, start + i * 1h), 1, rule));
  EXPECT_FALSE(history.add(report(7, start + 4h), 1, rule));
  EXPECT_FALSE(history.add(report(7, start + 6 * 24h), 1, rule));
  EXPECT_TRUE(history.add(report(7, start + 7 * 24h), 1, rule));
}

TEST(ReportHistory, ManyReportersAreCountedAndCappedTogether) {
  ReportHistory history;
  std::mt19937_64 random(1);
  int taken = 0;
  for (int reporter = 0; reporter < 300; ++reporter) {
    const std::uint64_t who = random();
    for (int i = 0; i < 5; ++i) taken += history.add(report(who, start), 1, rule);
  }
  EXPECT_NEAR(history.weigh(start, rule).reporters, 300, 30);
  EXPECT_NEAR(taken, 3 * 300, 100);
  // A table of few reporters cannot be cycled through: nobody new speaks more than his share.
  const int before = taken;
  for (int i = 0; i < 1000; ++i) taken += history.add(report(99, start), 1, rule);
  EXPECT_LE(taken - before, 100);
}

TEST(ReportHistory, ReportersOfLastWeekAreForgottenWhenNewOnesCome) {
  ReportHistory history;
  for (std::uint64_t who = 1; who <= 40; ++who) history.add(report(who, start), 1, rule);
  EXPECT_NEAR(history.weigh(start, rule).reporters, 40, 6);
  EXPECT_TRUE(history.add(report(77, start + 8 * 24h), 1, rule));
  EXPECT_EQ(history.weigh(start + 8 * 24h, rule).reporters, 1U);
}

TEST(ReportHistory, WhoIsHardlyBelievedIsNoSecondWitness) {
  ReportHistory history;
  history.add(report(1, start), 1, rule);
  history.add(report(2, start), 0.3, rule);
  EXPECT_EQ(history.weigh(start, rule).reporters, 1U);
  EXPECT_EQ(history.weigh(start, rule).reports, 2U);
  EXPECT_NEAR(history.weigh(start, rule).believed, 1.3, 1e-6);
  history.add(report(3, start, AbuseKind::typo_trap), 0.5, rule);
  EXPECT_NEAR(history.weigh(start, rule).believed, 1.8, 1e-6);
  EXPECT_EQ(history.weigh(start + 7 * 24h, rule).believed, 0);
}

TEST(ReportHistory, ManyWhoAreHardlyBelievedAreNoWitnessesEither) {
  ReportHistory history;
  std::mt19937_64 random(2);
  for (int i = 0; i < 300; ++i) history.add(report(random(), start), 0.25, rule);
  EXPECT_EQ(history.weigh(start, rule).reporters, 0U);
  EXPECT_EQ(judge(rule, history.weigh(start, rule)), ListVerdict::too_few_reporters);
  for (int i = 0; i < 40; ++i) history.add(report(random(), start), 1, rule);
  EXPECT_NEAR(history.weigh(start, rule).reporters, 40, 6);
}

TEST(ReportHistory, TakesReportsOfAnyTimeInAnyOrder) {
  ReportHistory history;
  for (int i = 500; i > 0; --i) {
    const auto hash = static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15ULL;
    history.add(report(hash, start + i * 1h), 1, rule);
  }
  history.add(report(1, base::TimePoint{} - 1h), 1, rule);
  EXPECT_LE(history.bytes(), 16'000U);
  EXPECT_EQ(history.last_at(), start + 500h);
  EXPECT_GT(history.weigh(start + 500h, rule).spam, 4 + 48);
}

}  // namespace
}  // namespace leumund::listing
