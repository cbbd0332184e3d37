#include "apps/daemon/outages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::apps {
namespace {

using face::OutageCare;
using model::CellState;
using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

const base::TimePoint now = base::parse_rfc3339("2026-11-21T03:12:00Z").value();

model::BlockFacts cell(std::string egress, std::string provider, CellState state,
                       base::TimePoint since, base::TimePoint accepted = now - hours(1)) {
  model::BlockFacts out;
  out.egress = std::move(egress);
  out.provider = std::move(provider);
  out.state = state;
  out.since = since;
  out.last_accepted_at = accepted;
  return out;
}

struct Outages : testing::Test {
  Outages() {
    run.public_status_every = hours(2);
    for (const char* id : {"hotmail", "office", "google", "t-online"}) {
      diagnosis::Provider one;
      one.id = id;
      one.name = std::string("The ") + id;
      one.domains = {std::string(id) + ".example"};
      if (one.id == "hotmail") one.beside = {"office"};
      providers.push_back(one);
    }
  }
  face::OutageReport report() {
    return outage_report({cells, detours, cases, providers}, run, now);
  }

  config::RunSettings run;
  std::vector<model::BlockFacts> cells;
  std::vector<model::Detour> detours;
  std::vector<model::Case> cases;
  std::vector<diagnosis::Provider> providers;
};

TEST_F(Outages, TheSisterThatTakesMailIsNamedFirstAmongTheUnaffected) {
  cells = {cell("out1", "hotmail", CellState::refused, now - hours(5)),
           cell("out2", "hotmail", CellState::half_open, now - hours(7)),
           cell("out1", "google", CellState::open, now - hours(90)),
           cell("out1", "office", CellState::open, now - hours(90))};
  const auto seen = report();
  ASSERT_EQ(seen.affected.size(), 1U);
  EXPECT_EQ(seen.affected[0].since, now - hours(7));
  EXPECT_THAT(seen.affected[0].domains, ElementsAre("hotmail.example"));
  EXPECT_THAT(seen.unaffected, ElementsAre("The office", "The google"));
  EXPECT_EQ(seen.next_update, base::parse_rfc3339("2026-11-21T04:00:00Z").value());
}

TEST_F(Outages, WhoIsInDoubtOrSilentIsOnNeitherSideAndWhoIsUnregisteredHasNoName) {
  cells = {cell("out1", "google", CellState::suspected, now - hours(1)),
           cell("out1", "office", CellState::open, now - hours(90), now - hours(30)),
           cell("out1", "mx:customers-partner.example", CellState::refused, now - hours(1))};
  const auto seen = report();
  EXPECT_THAT(seen.affected, IsEmpty());
  EXPECT_THAT(seen.unaffected, IsEmpty());
  EXPECT_EQ(seen.unregistered, 1U);
}

TEST_F(Outages, WhatBecomesOfTheMailFollowsTheDetourThatIsReallyTaken) {
  cells = {cell("out1", "hotmail", CellState::refused, now - hours(5))};
  model::Detour detour;
  detour.provider = "hotmail";
  detour.home = "out1";
  detour.via = "out2";
  const auto care = [&](model::DetourPhase phase, bool planned) {
    detour.phase = phase;
    detour.planned = planned;
    detours = {detour};
    return report().affected.at(0).care;
  };
  EXPECT_EQ(care(model::DetourPhase::open, false), OutageCare::another);
  EXPECT_EQ(care(model::DetourPhase::deferred, false), OutageCare::waiting);
  EXPECT_EQ(care(model::DetourPhase::waiting, false), OutageCare::none);
  EXPECT_EQ(care(model::DetourPhase::open, true), OutageCare::none) << "only planned";
  detour.via = "out1";
  EXPECT_EQ(care(model::DetourPhase::open, false), OutageCare::waiting) << "a few try it";
}

TEST_F(Outages, ARestingWayThatIsRefusedIsNobodysTrouble) {
  run.egresses = {"default address=198.51.100.1", "out2 address=198.51.100.2"};
  cells = {cell("default", "hotmail", CellState::open, now - hours(90)),
           cell("out2", "hotmail", CellState::refused, now - hours(5)),
           cell("out2", "google", CellState::refused, now - hours(5)),
           cell("out2", "mx:partner.example", CellState::refused, now - hours(5))};
  EXPECT_THAT(report().affected, IsEmpty());
  EXPECT_THAT(report().unaffected, ElementsAre("The hotmail"));
  EXPECT_EQ(report().unregistered, 0U);
  model::Detour detour;  // everybody's mail leaves by it from now on
  detour.provider = "hotmail";
  detour.home = "default";
  detour.via = "out2";
  detour.phase = model::DetourPhase::open;
  detours = {detour};
  ASSERT_EQ(report().affected.size(), 1U);
  EXPECT_EQ(report().affected[0].provider, "hotmail");
}

TEST_F(Outages, WhatATenantsPoolMeetsIsNeverPublic) {
  run.detour_ways = {"out1", "out2"};
  run.detour_pools = {"tenant ways=out3,out4 senders=@tenant.example"};
  model::Detour detour;
  detour.provider = "google";
  detour.pool = "tenant";
  detour.home = "out3";
  detour.via = "out4";
  detour.phase = model::DetourPhase::open;
  detours = {detour};
  model::Case one;
  one.subject = {model::SubjectKind::egress, "out3"};
  one.parties.emplace_back();
  one.parties[0].id = "provider:t-online";
  one.parties[0].since = now - hours(50);
  one.parties[0].until = now - hours(20);
  cases = {one};
  cells = {cell("out3", "hotmail", CellState::refused, now - hours(5)),
           cell("out4", "google", CellState::half_open, now - hours(5))};
  for (const bool ways_are_named : {true, false}) {
    if (!ways_are_named) run.detour_ways.clear();
    EXPECT_THAT(report().affected, IsEmpty());
    EXPECT_THAT(report().over, IsEmpty());
  }
}

TEST_F(Outages, WhatEndedLatelyIsShownOnceUnlessItIsBack) {
  model::CaseParty party;
  party.id = "provider:t-online";
  party.since = now - hours(50);
  party.until = now - hours(20);
  model::Case one;
  one.subject = {model::SubjectKind::egress, "out1"};
  one.parties = {party};
  cases.push_back(one);
  party.until = now - hours(10);
  one.parties = {party};
  cases.push_back(one);
  party.id = "provider:google";
  party.until = now - hours(24 * 8);
  one.parties = {party};
  cases.push_back(one);
  ASSERT_EQ(report().over.size(), 1U);
  EXPECT_EQ(report().over[0].until, now - hours(10));
  cells = {cell("out1", "t-online", CellState::refused, now - hours(1))};
  EXPECT_THAT(report().over, IsEmpty());
}

}  // namespace
}  // namespace leumund::apps
