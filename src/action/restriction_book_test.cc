#include "action/restriction_book.h"

#include <gtest/gtest.h>

#include <string>

#include "action/stopping.h"

namespace leumund::action {
namespace {

using base::ErrorCode;
using base::TimePoint;
using model::Decision;
using model::DecisionKind;
using model::Disposition;
using model::Finding;
using model::Level;
using model::Mode;
using model::Restriction;
using model::Subject;
using model::SubjectKind;
using namespace std::chrono_literals;

const TimePoint t0 = TimePoint(std::chrono::seconds(1'800'000'000));
const Subject alice{SubjectKind::account, "a@verein.example"};
const Subject script{SubjectKind::script, "uid33:/srv/www/contact.php"};

BookSettings enforcing() {
  BookSettings settings;
  settings.default_mode = Mode::enforce;
  settings.helpdesk = {"Hilfe@c.test"};
  settings.own_domains = {"verein.example", "c.test"};
  settings.contact = "postmaster@c.test";
  settings.throttle_recipients_per_hour = 5;
  return settings;
}

Finding finding_about(const Subject& subject, std::string kind = "burst") {
  Finding finding;
  finding.subject = subject;
  finding.kind = std::move(kind);
  finding.score = 14.1;
  finding.terms = {{"new_network", 2.0, "login from a new network", {}},
                   {"new_recipient", 9.7, "31 of 33 recipients never written to", {"m1"}},
                   {"volume", -1.0, "volume as usual", {}}};
  return finding;
}

model::Answer ask(RestrictionBook& book, const Subject& subject, std::string_view recipient,
                  TimePoint now, std::uint32_t recipients = 1) {
  return book.answer({.subject = subject, .recipient = recipient, .recipients = recipients}, now);
}

Recovery complete() {
  return {
      .done = {{"password", "helpdesk (Ms Berg)"}, {"sessions", "admin"}, {"forwards", "admin"}}};
}

Restriction by_admin(Level level, const Subject& subject = alice) {
  return {.subject = subject,
          .level = level,
          .reason = "by hand",
          .by = "admin",
          .since = t0,
          .until = std::nullopt};
}

TEST(RestrictionBook, SuspendsOnAFindingAndTellsTheStrongestReasonFirst) {
  RestrictionBook book(enforcing());
  const auto decision = book.apply(finding_about(alice), Level::no_sending, t0);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->kind, DecisionKind::restricted);
  EXPECT_EQ(decision->number, 1u);
  EXPECT_EQ(decision->restriction.reason,
            "burst: 31 of 33 recipients never written to; login from a new network");
  EXPECT_TRUE(decision->restriction.automatic);
  EXPECT_EQ(decision->terms.size(), 3u);
  EXPECT_EQ(*book.find(alice), decision->restriction);
}

TEST(RestrictionBook, AnswersWithAContactAndNeverWithTheReason) {
  RestrictionBook book(enforcing());
  (void)book.apply(finding_about(alice), Level::no_sending, t0);
  const auto answer = ask(book, alice, "x@hotmail.com", t0);
  EXPECT_EQ(answer.disposition, Disposition::reject);
  EXPECT_EQ(answer.text,
            "5.7.1 Sending from this account is suspended; please contact postmaster@c.test");
  EXPECT_EQ(ask(book, {SubjectKind::account, "b@verein.example"}, "x@hotmail.com", t0).disposition,
            Disposition::pass);
}

TEST(RestrictionBook, KeepsControlCharactersOfTheContactOutOfTheReply) {
  auto settings = enforcing();
  settings.contact = "a\r\n250 ok\xc3\xbc";
  RestrictionBook book(settings);
  (void)book.suspend(by_admin(Level::no_sending), t0);
  EXPECT_EQ(ask(book, alice, "x@y.test", t0).text,
            "5.7.1 Sending from this account is suspended; please contact a??250 ok??");
}

TEST(RestrictionBook, KeepsTheHelpdeskReachableAtEveryLevel) {
  for (const auto level : {Level::throttle, Level::hold, Level::external_only, Level::no_sending}) {
    auto settings = enforcing();
    settings.throttle_recipients_per_hour = 0;
    RestrictionBook book(settings);
    (void)book.suspend(by_admin(level), t0);
    EXPECT_EQ(ask(book, alice, "hilfe@C.test", t0).disposition, Disposition::pass);
    EXPECT_NE(ask(book, alice, "x@hotmail.com", t0).disposition, Disposition::pass);
    EXPECT_EQ(
        book.answer({.subject = alice, .recipient = "", .only_helpdesk = true}, t0).disposition,
        Disposition::pass);
    EXPECT_NE(book.answer({.subject = alice, .recipient = ""}, t0).disposition, Disposition::pass);
  }
}

TEST(RestrictionBook, LetsExternalOnlyReachOwnDomainsButNotThroughThem) {
  RestrictionBook book(enforcing());
  (void)book.suspend(by_admin(Level::external_only), t0);
  EXPECT_EQ(ask(book, alice, "b@Verein.example", t0).disposition, Disposition::pass);
  EXPECT_EQ(ask(book, alice, "root", t0).disposition, Disposition::pass);
  for (const auto* outside :
       {"x@hotmail.com", "x%hotmail.com@verein.example", "hotmail.com!x@verein.example",
        "\"x@hotmail.com\"@verein.example", "@verein.example", "x@sub.verein.example", "x@"}) {
    EXPECT_EQ(ask(book, alice, outside, t0).disposition, Disposition::reject) << outside;
  }
  EXPECT_EQ(book.answer({.subject = alice, .recipient = "", .only_internal = true}, t0).disposition,
            Disposition::pass);
}

TEST(RestrictionBook, ThrottleNeverLetsMoreThanItsLimitOutInAnyHour) {
  RestrictionBook book(enforcing());
  (void)book.suspend(by_admin(Level::throttle), t0);
  std::vector<TimePoint> passed;
  for (auto now = t0; now < t0 + 12h; now += 1min) {
    const auto answer = ask(book, alice, "x@hotmail.com", now);
    if (answer.disposition == Disposition::pass) {
      passed.push_back(now);
    } else {
      EXPECT_EQ(answer.disposition, Disposition::throttle);
      EXPECT_TRUE(answer.text.starts_with("4.7.1 ")) << answer.text;
    }
  }
  for (std::size_t i = 5; i < passed.size(); ++i) EXPECT_GT(passed[i] - passed[i - 5], 1h);
  EXPECT_GE(passed.size(), 50u);  // and it is not a stop: 5 in at most 70 minutes
}

TEST(RestrictionBook, ThrottleIsNotReopenedByAClockSetBack) {
  RestrictionBook book(enforcing());
  (void)book.suspend(by_admin(Level::throttle), t0);
  EXPECT_EQ(ask(book, alice, "x@y.test", t0, 5).disposition, Disposition::pass);
  EXPECT_EQ(ask(book, alice, "x@y.test", t0 - 24h * 365 * 60).disposition, Disposition::throttle);
  EXPECT_EQ(ask(book, alice, "x@y.test", t0 - 2h).disposition, Disposition::throttle);
}

TEST(RestrictionBook, ObserveSaysOnceADayWhatItWouldDoAndDoesNothing) {
  auto settings = enforcing();
  settings.detector_modes["burst"] = Mode::observe;
  RestrictionBook book(settings);
  const auto first = book.apply(finding_about(alice), Level::hold, t0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, DecisionKind::would_restrict);
  EXPECT_EQ(first->restriction.mode, Mode::observe);
  EXPECT_EQ(ask(book, alice, "x@hotmail.com", t0).disposition, Disposition::pass);
  EXPECT_FALSE(book.apply(finding_about(alice), Level::hold, t0 + 23h));
  EXPECT_TRUE(book.apply(finding_about(alice), Level::no_sending, t0 + 23h));  // harder: said
  EXPECT_TRUE(book.apply(finding_about(alice), Level::hold, t0 + 48h));
  EXPECT_TRUE(book.restrictions().empty());
  const auto would = book.would_be(t0 + 49h);
  ASSERT_EQ(would.size(), 1u);
  EXPECT_EQ(would[0].subject, alice);
  EXPECT_EQ(would[0].level, Level::hold);
  EXPECT_TRUE(book.would_be(t0 + 72h).empty()) << "a day is over";
  EXPECT_FALSE(book.exempt(alice, true, "admin", t0 + 49h).empty());
  EXPECT_TRUE(book.would_be(t0 + 49h).empty()) << "exempt: nothing would be done";
  EXPECT_FALSE(book.exempt(alice, false, "admin", t0 + 49h).empty());
  // Another detector's mode is its own.
  const auto campaign = book.apply(finding_about(alice, "campaign"), Level::hold, t0);
  ASSERT_TRUE(campaign);
  EXPECT_EQ(campaign->kind, DecisionKind::restricted);
}

TEST(RestrictionBook, AHarderLevelReplacesAMilderAndNotTheOtherWayRound) {
  RestrictionBook book(enforcing());
  ASSERT_TRUE(book.apply(finding_about(alice), Level::hold, t0));
  EXPECT_FALSE(book.apply(finding_about(alice), Level::throttle, t0 + 1s));
  EXPECT_FALSE(book.apply(finding_about(alice), Level::hold, t0 + 1s));
  const auto harder = book.apply(finding_about(alice), Level::no_sending, t0 + 2s);
  ASSERT_TRUE(harder);
  EXPECT_EQ(harder->beneath.size(), 1u);
  EXPECT_EQ(book.restrictions().size(), 1u);
  EXPECT_EQ(book.find(alice)->level, Level::no_sending);
}

TEST(RestrictionBook, EndsByItselfAndBringsBackWhatLayBeneath) {
  auto settings = enforcing();
  settings.detector_spans["burst"] = std::chrono::seconds(3600);
  RestrictionBook book(settings);
  (void)book.suspend(by_admin(Level::throttle), t0);
  ASSERT_TRUE(book.apply(finding_about(alice), Level::no_sending, t0));
  EXPECT_TRUE(book.tick(t0 + 3599s).empty());
  const auto decisions = book.tick(t0 + 3600s);
  ASSERT_EQ(decisions.size(), 2u);
  EXPECT_EQ(decisions[0].kind, DecisionKind::ended);
  EXPECT_EQ(decisions[0].restriction.level, Level::no_sending);
  EXPECT_EQ(decisions[1].kind, DecisionKind::restricted);
  EXPECT_EQ(decisions[1].restriction.by, "admin");
  EXPECT_EQ(book.find(alice)->level, Level::throttle);
  EXPECT_TRUE(book.tick(t0 + 24h).empty());
}

TEST(RestrictionBook, LetsMailThroughAtTheEndEvenBeforeTheTick) {
  RestrictionBook book(enforcing());
  auto restriction = by_admin(Level::no_sending);
  restriction.until = t0 + 60s;
  (void)book.suspend(restriction, t0);
  EXPECT_EQ(ask(book, alice, "x@y.test", t0 + 59s).disposition, Disposition::reject);
  EXPECT_EQ(ask(book, alice, "x@y.test", t0 + 60s).disposition, Disposition::pass);
}

TEST(RestrictionBook, ARepeatedFindingMovesTheEndWithoutASecondRestriction) {
  auto settings = enforcing();
  settings.detector_spans["burst"] = std::chrono::seconds(8 * 3600);
  RestrictionBook book(settings);
  ASSERT_TRUE(book.apply(finding_about(alice), Level::no_sending, t0));
  EXPECT_FALSE(book.apply(finding_about(alice), Level::no_sending, t0 + 10min));
  EXPECT_TRUE(book.tick(t0 + 10min).empty());  // not worth a line in the journal yet
  EXPECT_FALSE(book.apply(finding_about(alice), Level::no_sending, t0 + 2h));
  const auto told = book.tick(t0 + 2h);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind, DecisionKind::extended);
  EXPECT_EQ(told[0].restriction.until, t0 + 10h);
  EXPECT_TRUE(book.tick(t0 + 8h).empty());  // the old end is stale
  EXPECT_EQ(book.tick(t0 + 10h).at(0).kind, DecisionKind::ended);
}

TEST(RestrictionBook, AnExtensionIsNotToldOfWhatStandsNoMore) {
  auto settings = enforcing();
  settings.detector_spans["bulk"] = std::chrono::seconds(8 * 3600);
  const auto held_and_extended = [](RestrictionBook& book) {
    ASSERT_TRUE(book.apply(finding_about(alice, "bulk"), Level::hold, t0));
    EXPECT_FALSE(book.apply(finding_about(alice, "bulk"), Level::hold, t0 + 2h));
  };
  RestrictionBook released(settings);
  held_and_extended(released);
  const auto release = released.release(alice, complete(), "admin", t0 + 2h);
  ASSERT_TRUE(release.ok());
  EXPECT_TRUE(released.tick(t0 + 2h).empty());
  EXPECT_EQ(released.next_number(), release->number + 1) << "one that is not told uses no number";

  RestrictionBook harder(settings);
  held_and_extended(harder);
  const auto stop = harder.apply(finding_about(alice), Level::no_sending, t0 + 2h);
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->beneath.at(0).until, t0 + 10h) << "extended all the same";
  EXPECT_TRUE(harder.tick(t0 + 2h).empty());

  RestrictionBook again(settings);
  held_and_extended(again);
  (void)again.suspend(by_admin(Level::throttle), t0 + 2h);
  EXPECT_TRUE(again.tick(t0 + 2h).empty());
}

TEST(RestrictionBook, ReleaseNeedsTheWholeChecklist) {
  RestrictionBook book(enforcing());
  (void)book.apply(finding_about(alice), Level::no_sending, t0);
  const auto refused =
      book.release(alice, {.done = {{"password", "admin"}, {"sessions", ""}}}, "admin", t0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
  EXPECT_NE(refused.error().message.find("lacks: sessions, forwards"), std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(book.find(alice));
  const auto released = book.release(alice, complete(), "admin", t0 + 1s);
  ASSERT_TRUE(released.ok());
  EXPECT_EQ(released->kind, DecisionKind::released);
  EXPECT_FALSE(released->without_checklist);
  EXPECT_EQ(released->by, "admin");
  EXPECT_EQ(released->recovery.size(), 3u);
  EXPECT_EQ(released->restriction.level, Level::no_sending);
  EXPECT_EQ(ask(book, alice, "x@hotmail.com", t0 + 1s).disposition, Disposition::pass);
}

TEST(RestrictionBook, ReleaseWithoutChecklistIsRecordedAsAPersonsResponsibility) {
  RestrictionBook book(enforcing());
  (void)book.apply(finding_about(alice), Level::no_sending, t0);
  const auto released = book.release(alice, {.done = {}, .without_checklist = true}, "admin", t0);
  ASSERT_TRUE(released.ok());
  EXPECT_TRUE(released->without_checklist);
}

TEST(RestrictionBook, ReleaseOfAScriptNeedsTheScriptRemoved) {
  RestrictionBook book(enforcing());
  (void)book.apply(finding_about(script), Level::no_sending, t0);
  EXPECT_FALSE(book.release(script, complete(), "admin", t0).ok());
  EXPECT_TRUE(book.release(script, {.done = {{"script", "admin"}}}, "admin", t0).ok());
}

TEST(RestrictionBook, ReleaseSaysWhatItDoesNotKnow) {
  RestrictionBook book(enforcing());
  EXPECT_EQ(book.release(alice, complete(), "admin", t0).error().code, ErrorCode::unavailable);
  (void)book.suspend(by_admin(Level::hold), t0);
  auto recovery = complete();
  recovery.done["pasword"] = "admin";
  EXPECT_EQ(book.release(alice, recovery, "admin", t0).error().code, ErrorCode::malformed);
}

TEST(RestrictionBook, UndoPutsTheSubjectBackAsItWas) {
  RestrictionBook book(enforcing());
  (void)book.suspend(by_admin(Level::throttle), t0);
  const auto hold = book.apply(finding_about(alice), Level::hold, t0);
  const auto stop = book.apply(finding_about(alice), Level::no_sending, t0);
  EXPECT_EQ(book.undo(hold->number, "admin", t0).error().code, ErrorCode::refused);
  const auto undone = book.undo(stop->number, "admin", t0);
  ASSERT_TRUE(undone.ok());
  EXPECT_EQ(undone->kind, DecisionKind::restricted);
  EXPECT_EQ(undone->undoes, stop->number);
  EXPECT_EQ(book.find(alice)->level, Level::hold);
  EXPECT_FALSE(book.undo(stop->number, "admin", t0).ok());  // once
  ASSERT_TRUE(book.undo(hold->number, "admin", t0).ok());
  EXPECT_EQ(book.find(alice)->level, Level::throttle);
  EXPECT_EQ(book.find(alice)->by, "admin");
  // A person's decision is not undone by number but released.
  EXPECT_FALSE(book.undo(1, "admin", t0).ok());
}

TEST(RestrictionBook, UndoOfWhatEndedBeforeItWasMadeHarderFindsNothing) {
  auto settings = enforcing();
  settings.detector_spans["bulk"] = std::chrono::seconds(3600);
  RestrictionBook book(settings);
  const auto hold = book.apply(finding_about(alice, "bulk"), Level::hold, t0);
  // In the second between the hold's end and the tick.
  const auto stop = book.apply(finding_about(alice), Level::no_sending, t0 + 1h);
  ASSERT_TRUE(hold && stop);
  EXPECT_TRUE(stop->beneath.empty());
  EXPECT_EQ(book.undo(hold->number, "admin", t0 + 1h).error().code, ErrorCode::unavailable);
  ASSERT_TRUE(book.release(alice, complete(), "admin", t0 + 1h).ok());
  EXPECT_EQ(book.undo(hold->number, "admin", t0 + 1h).error().code, ErrorCode::unavailable);
}

TEST(RestrictionBook, UndoWorksAfterARestart) {
  RestrictionBook before(enforcing());
  (void)before.suspend(by_admin(Level::throttle), t0);
  const auto stop = before.apply(finding_about(alice), Level::no_sending, t0);
  StandingRecord standing;
  standing.restrictions = before.restrictions();
  standing.beneath[alice] = stop->beneath;
  standing.last_number = 2;
  RestrictionBook after(enforcing());
  after.restore(standing);
  ASSERT_TRUE(after.undo(stop->number, "admin", t0).ok());
  EXPECT_EQ(after.find(alice)->level, Level::throttle);
  EXPECT_EQ(after.next_number(), 4u);
}

TEST(RestrictionBook, ExemptIsNeverRestrictedByADetectorAndReleasesWhatStood) {
  RestrictionBook book(enforcing());
  (void)book.apply(finding_about(alice), Level::no_sending, t0);
  const auto decisions = book.exempt(alice, true, "admin", t0);
  ASSERT_EQ(decisions.size(), 2u);
  EXPECT_EQ(decisions[0].kind, DecisionKind::exempted);
  EXPECT_EQ(decisions[1].kind, DecisionKind::released);
  EXPECT_FALSE(book.apply(finding_about(alice), Level::no_sending, t0));
  EXPECT_TRUE(book.exempt(alice, true, "admin", t0).empty());
  // A person may still suspend by hand.
  (void)book.suspend(by_admin(Level::no_sending), t0);
  EXPECT_EQ(ask(book, alice, "x@y.test", t0).disposition, Disposition::reject);
  EXPECT_EQ(book.exempt(alice, false, "admin", t0).size(), 1u);
  EXPECT_FALSE(book.is_exempt(alice));
}

TEST(RestrictionBook, WhatStandsAgainstAUidStandsAgainstItsScripts) {
  const Subject uid{SubjectKind::script, "uid33"};
  const Subject form{SubjectKind::script, "uid33:contact.php"};
  RestrictionBook book(enforcing());
  EXPECT_EQ(stopping(book, form), nullptr);
  (void)book.suspend(by_admin(Level::external_only, uid), t0);
  ASSERT_NE(stopping(book, form), nullptr);
  EXPECT_EQ(stopping(book, form)->subject, uid);
  EXPECT_EQ(stopping(book, {SubjectKind::script, "uid331:contact.php"}), nullptr);
  EXPECT_EQ(book.release(form, {}, "admin", t0).error().message,
            "script:uid33:contact.php is not restricted itself: script:uid33 is");
  (void)book.suspend(by_admin(Level::hold, form), t0);
  EXPECT_EQ(stopping(book, form)->subject, uid);  // the harder
  (void)book.suspend(by_admin(Level::no_sending, form), t0);
  EXPECT_EQ(stopping(book, form)->subject, form);
  EXPECT_EQ(stopping(book, uid)->subject, uid);

  RestrictionBook spared(enforcing());
  (void)spared.exempt(uid, true, "admin", t0);
  EXPECT_TRUE(spared.is_exempt(form));
  EXPECT_FALSE(spared.apply(finding_about(form), Level::hold, t0));
}

TEST(RestrictionBook, CountsWhatIsTriedWhileSuspended) {
  RestrictionBook book(enforcing());
  (void)book.apply(finding_about(alice), Level::hold, t0);
  (void)ask(book, alice, "x@hotmail.com", t0 + 1s, 3);
  (void)book.apply(finding_about(alice), Level::no_sending, t0 + 2s);
  (void)ask(book, alice, "x@hotmail.com", t0 + 3s);
  (void)ask(book, alice, "hilfe@c.test", t0 + 4s);
  EXPECT_EQ(book.attempts(alice).recipients, 4u);
  EXPECT_EQ(book.attempts(alice).last_at, t0 + 3s);
  const auto drained = book.drain_attempts();
  ASSERT_EQ(drained.size(), 1u);
  EXPECT_EQ(drained[0].second.recipients, 4u);
  EXPECT_TRUE(book.drain_attempts().empty());
}

TEST(RestrictionBook, ActsInObserveWhileUnattendedWithinItsBoundsAndAlarmsOnceBeyond) {
  auto settings = enforcing();
  settings.default_mode = Mode::observe;
  RestrictionBook book(settings);
  book.set_unattended(
      {.from = t0, .until = t0 + 240h, .restrictions_per_hour = 3, .restrictions_per_day = 5});
  int restricted = 0, would = 0, alarms = 0;
  const auto burst = [&](TimePoint now, int from, int to) {
    for (int i = from; i < to; ++i) {
      const Subject subject{SubjectKind::account, std::to_string(i)};
      const auto decision = book.apply(finding_about(subject), Level::no_sending, now);
      ASSERT_TRUE(decision);
      EXPECT_TRUE(decision->unattended);
      (decision->kind == DecisionKind::restricted ? restricted : would) += 1;
    }
    for (const auto& decision : book.tick(now)) alarms += decision.kind == DecisionKind::alarm;
  };
  burst(t0, 0, 10);
  EXPECT_EQ(restricted, 3);
  EXPECT_EQ(would, 7);
  EXPECT_EQ(alarms, 1);
  burst(t0 + 61min, 10, 20);  // the day's bound comes first now
  EXPECT_EQ(restricted, 5);
  EXPECT_EQ(alarms, 2);
  burst(t0 + 26h, 20, 22);
  EXPECT_EQ(restricted, 7);
  EXPECT_EQ(alarms, 2);
  const auto later = book.apply(finding_about(alice), Level::no_sending, t0 + 240h);
  EXPECT_EQ(later->kind, DecisionKind::would_restrict);  // the admin is back
  EXPECT_FALSE(later->unattended);
}

TEST(RestrictionBook, UnattendedBoundsSurviveARestart) {
  auto settings = enforcing();
  settings.default_mode = Mode::observe;
  RestrictionBook book(settings);
  StandingRecord standing;
  standing.unattended_at = {t0 - 5min, t0 - 10min};
  book.restore(standing);
  book.set_unattended({.from = t0 - 1h, .until = std::nullopt, .restrictions_per_hour = 2});
  EXPECT_EQ(book.apply(finding_about(alice), Level::hold, t0)->kind, DecisionKind::would_restrict);
}

TEST(RestrictionBook, AFullTableReportsAndNeverRefusesAPerson) {
  auto settings = enforcing();
  settings.restrictions_max = 2;
  RestrictionBook book(settings);
  for (const auto* name : {"a", "b"}) {
    (void)book.apply(finding_about({SubjectKind::account, name}), Level::hold, t0);
  }
  EXPECT_EQ(book.apply(finding_about(alice), Level::hold, t0)->kind, DecisionKind::would_restrict);
  EXPECT_EQ(book.refused_full(), 1u);
  ASSERT_EQ(book.tick(t0).size(), 1u);  // the alarm
  EXPECT_EQ(book.suspend(by_admin(Level::hold), t0).kind, DecisionKind::restricted);
  EXPECT_EQ(book.find(alice)->by, "admin");
}

}  // namespace
}  // namespace leumund::action
