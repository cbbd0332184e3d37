#include "action/case_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::action {
namespace {

using model::Case;
using model::CaseEvent;
using model::CaseNews;
using model::CaseOutcome;
using model::CaseState;
using model::CaseStep;
using model::Decision;
using model::DecisionKind;
using model::Subject;
using model::SubjectKind;
using std::chrono::hours;
using std::chrono::minutes;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const base::TimePoint start = *base::parse_rfc3339("2026-11-21T18:00:00Z");

struct CaseBookTest : testing::Test {
  CaseBook book;
  std::uint64_t number = 0;

  Decision made(DecisionKind kind, base::TimePoint at) {
    Decision decision;
    decision.number = ++number;
    decision.kind = kind;
    decision.at = at;
    return decision;
  }
  Decision listing(DecisionKind kind, const char* place, const char* list, base::TimePoint at,
                   const char* egress = "out1") {
    Decision decision = made(kind, at);
    model::Listing one;
    one.place = place;
    one.egress = egress;
    one.sends = *egress != '\0';
    one.list = list;
    one.list_name = std::string("List ") + list;
    one.mender = "us";
    one.reason = "spam seen";
    one.delist_url = "https://list.example/";
    decision.listing = one;
    return decision;
  }
  Decision block(DecisionKind kind, const char* provider, base::TimePoint at) {
    Decision decision = made(kind, at);
    model::BlockChange change;
    change.facts.egress = "out1";
    change.facts.provider = provider;
    change.facts.mails = 12;
    change.facts.examples = {{at, "mx.example", "rcpt", "", "550 blocked"}};
    decision.block = change;
    return decision;
  }
  Decision stopped(const char* account, base::TimePoint at) {
    Decision decision = made(DecisionKind::restricted, at);
    decision.subject = decision.restriction.subject = {SubjectKind::account, account};
    decision.restriction.mode = model::Mode::enforce;
    decision.restriction.automatic = true;
    decision.restriction.reason = "31 of 33 recipients never written to";
    return decision;
  }
  Decision stopped_by_hand(const char* account, const char* reason, base::TimePoint at) {
    Decision decision = stopped(account, at);
    decision.restriction.automatic = false;
    decision.restriction.reason = reason;
    return decision;
  }
  std::vector<std::string> causes(std::uint64_t one) {
    std::vector<std::string> out;
    for (const auto& cause : book.find(one)->causes) out.push_back(cause.subject.name);
    return out;
  }
  Decision released(const char* account, base::TimePoint at) {
    Decision decision = made(DecisionKind::released, at);
    decision.subject = {SubjectKind::account, account};
    return decision;
  }
  std::vector<CaseEvent> events(std::uint64_t one) {
    std::vector<CaseEvent> out;
    for (const auto& line : book.find(one)->lines) out.push_back(line.event);
    return out;
  }
  CaseOrder order(CaseWork work, std::string text = "") {
    CaseOrder made;
    made.number = 1;
    made.work = work;
    made.text = std::move(text);
    made.by = "admin anna";
    return made;
  }
  std::vector<CaseNews::What> news() {
    std::vector<CaseNews::What> out;
    for (const auto& one : book.take_news()) out.push_back(one.what);
    return out;
  }
};

TEST_F(CaseBookTest, AListingOpensACaseAndARefusalOfTheSameEgressJoinsIt) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(block(DecisionKind::provider_refuses, "microsoft", start + minutes(5)));
  ASSERT_EQ(book.all().size(), 1U);
  const Case& one = *book.find(1);
  EXPECT_EQ(one.subject.to_string(), "egress:out1");
  EXPECT_EQ(one.state, CaseState::open);
  EXPECT_EQ(one.opened_at, start);
  ASSERT_EQ(one.parties.size(), 2U);
  EXPECT_EQ(one.parties[0].id, "list:xbl");
  EXPECT_EQ(one.parties[0].words, "spam seen");
  EXPECT_EQ(one.parties[1].id, "provider:microsoft");
  EXPECT_EQ(one.parties[1].words, "550 blocked");
  EXPECT_EQ(one.parties[1].impact.mails, 12U);
  EXPECT_THAT(events(1), ElementsAre(CaseEvent::began, CaseEvent::began));
  EXPECT_THAT(news(), ElementsAre(CaseNews::What::opened)) << "joining is no second alarm";
}

TEST_F(CaseBookTest, TheImpactIsKeptAtItsMostByClassToo) {
  const auto booking = static_cast<std::size_t>(model::MailClass::booking);
  const auto bulk = static_cast<std::size_t>(model::MailClass::bulk);
  auto first = block(DecisionKind::provider_refuses, "microsoft", start);
  first.block->facts.classes[booking] = 2;
  book.take(first);
  EXPECT_EQ(book.find(1)->parties[0].impact.classes[booking], 2U);
  static_cast<void>(book.drain());
  model::BlockFacts later = first.block->facts;
  later.classes[booking] = 1;
  later.classes[bulk] = 40;
  book.note_impact(std::vector{later});
  EXPECT_EQ(book.find(1)->parties[0].impact.classes[booking], 2U);
  EXPECT_EQ(book.find(1)->parties[0].impact.classes[bulk], 40U);
  EXPECT_EQ(book.drain().cases.size(), 1U) << "to be kept";
  book.note_impact(std::vector{later});
  EXPECT_TRUE(book.drain().cases.empty()) << "nothing new";
}

TEST_F(CaseBookTest, ADecisionReadTwiceAsAfterAKillChangesNothing) {
  const auto first = listing(DecisionKind::listed, "192.0.2.25", "xbl", start);
  book.take(first);
  const Case before = *book.find(1);
  book.take(first);
  EXPECT_EQ(*book.find(1), before);
}

TEST_F(CaseBookTest, IsQuietWhenNobodyIsLeftAndClosesByItselfUnlessItComesBack) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(block(DecisionKind::provider_refuses, "microsoft", start));
  book.take(listing(DecisionKind::delisted, "192.0.2.25", "xbl", start + hours(5)));
  EXPECT_EQ(book.find(1)->state, CaseState::open) << "microsoft still refuses";
  book.take(block(DecisionKind::provider_accepts, "microsoft", start + hours(6)));
  EXPECT_EQ(book.find(1)->state, CaseState::quiet);
  book.tick(start + hours(6 + 71));
  EXPECT_EQ(book.find(1)->state, CaseState::quiet);
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start + hours(6 + 71)));
  EXPECT_EQ(book.all().size(), 1U) << "what comes back belongs to it";
  EXPECT_EQ(book.find(1)->state, CaseState::open);
  EXPECT_EQ(book.find(1)->parties[0].times, 2U);
  book.take(listing(DecisionKind::delisted, "192.0.2.25", "xbl", start + hours(100)));
  book.tick(start + hours(172));
  EXPECT_EQ(book.find(1)->state, CaseState::closed);
  EXPECT_THAT(book.find(1)->reviews,
              ElementsAre(start + hours(100 + 7 * 24), start + hours(100 + 30 * 24)));
}

TEST_F(CaseBookTest, TheNextTroubleIsACaseOfItsOwnThatKnowsTheLastOne) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(listing(DecisionKind::delisted, "192.0.2.25", "xbl", start + hours(1)));
  book.tick(start + hours(1 + 72));
  book.take(listing(DecisionKind::listed, "192.0.2.25", "other", start + hours(500)));
  EXPECT_EQ(book.find(2)->recurs_of, 1U);
  book.take(listing(DecisionKind::listed, "192.0.2.26", "xbl", start + hours(500), "out2"));
  EXPECT_EQ(book.find(3)->recurs_of, 0U) << "another address";
}

TEST_F(CaseBookTest, AddressesThatNeverSendAreOneCaseForEachListAndPoliciesAreNone) {
  for (const char* place : {"198.18.5.0/24", "198.18.6.0/24"}) {
    book.take(listing(DecisionKind::listed, place, "xbl", start, ""));
  }
  auto policy = listing(DecisionKind::listed, "198.18.5.0/24", "pbl", start, "");
  policy.listing->policy = true;
  book.take(policy);
  ASSERT_EQ(book.all().size(), 1U);
  EXPECT_EQ(book.find(1)->subject.to_string(), "list:xbl");
  EXPECT_THAT(book.find(1)->parties[0].places, ElementsAre("198.18.5.0/24", "198.18.6.0/24"));
  book.take(listing(DecisionKind::delisted, "198.18.5.0/24", "xbl", start + hours(1), ""));
  EXPECT_EQ(book.find(1)->state, CaseState::open);
  book.take(listing(DecisionKind::delisted, "198.18.6.0/24", "xbl", start + hours(2), ""));
  EXPECT_EQ(book.find(1)->state, CaseState::quiet);
}

TEST_F(CaseBookTest, SendersStoppedShortlyBeforeOrWhileItStandsAreItsCauses) {
  book.take(stopped("old@v.example", start - hours(100)));
  book.take(stopped("anna@v.example", start - hours(2)));
  auto observed = stopped("watched@v.example", start - hours(1));
  observed.restriction.mode = model::Mode::observe;
  book.take(observed);
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(stopped("ben@v.example", start + hours(1)));
  auto freed = made(DecisionKind::released, start + hours(3));
  freed.subject = {SubjectKind::account, "anna@v.example"};
  book.take(freed);
  const Case& one = *book.find(1);
  ASSERT_EQ(one.causes.size(), 2U);
  EXPECT_EQ(one.causes[0].subject.name, "anna@v.example");
  EXPECT_EQ(one.causes[0].free_at, start + hours(3));
  EXPECT_EQ(one.causes[1].subject.name, "ben@v.example");
  EXPECT_FALSE(one.causes[1].free_at);
  EXPECT_THAT(events(1), ElementsAre(CaseEvent::stopped, CaseEvent::began, CaseEvent::stopped,
                                     CaseEvent::freed));
}

TEST_F(CaseBookTest, WhoIsStoppedByHandForSomethingElseIsNoCause) {
  book.take(stopped_by_hand("unpaid@v.example", "unpaid", start - hours(1)));
  book.take(stopped_by_hand("hacked@v.example", "Konto gehackt", start - hours(1)));
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(stopped_by_hand("spammer@v.example", "sends SPAM", start + hours(1)));
  auto throttled = stopped_by_hand("busy@v.example", "spam?", start + hours(1));
  throttled.restriction.level = model::Level::throttle;
  book.take(throttled);
  EXPECT_THAT(causes(1), ElementsAre("hacked@v.example", "spammer@v.example"));
}

TEST_F(CaseBookTest, WhomADetectorFoundAndAPersonThenStoppedIsACause) {
  auto found = made(DecisionKind::would_restrict, start - hours(2));
  found.subject = {SubjectKind::account, "anna@v.example"};
  found.detector = "burst";
  book.take(found);
  book.take(stopped_by_hand("anna@v.example", "see ticket 4711", start - hours(1)));
  found.subject.name = "ben@v.example";
  found.detector = "";  // an order of a person in observe mode is no finding
  book.take(found);
  book.take(stopped_by_hand("ben@v.example", "4712", start - hours(1)));
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  EXPECT_THAT(causes(1), ElementsAre("anna@v.example"));
}

TEST_F(CaseBookTest, APersonNamesACauseAndTakesOneBack) {
  book.take(stopped_by_hand("unpaid@v.example", "unpaid", start - hours(1)));
  book.take(stopped("anna@v.example", start - hours(1)));
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  CaseOrder wrong = order(CaseWork::remove_cause, "a newsletter");
  wrong.subject = {SubjectKind::account, "anna@v.example"};
  ASSERT_TRUE(book.order(wrong, start + hours(1)).ok());
  EXPECT_THAT(causes(1), IsEmpty());
  CaseOrder right = order(CaseWork::add_cause);
  right.subject = {SubjectKind::account, "unpaid@v.example"};
  ASSERT_TRUE(book.order(right, start + hours(2)).ok());
  EXPECT_EQ(book.find(1)->causes.at(0).stopped_at, start - hours(1)) << "as the journal has it";
  EXPECT_EQ(book.order(right, start).error().code, base::ErrorCode::refused) << "it is one already";
  right.subject.name = "free@v.example";
  EXPECT_EQ(book.order(right, start).error().code, base::ErrorCode::refused) << "never stopped";
  right.standing = model::CaseCause{right.subject, 2, start - hours(900), {}, "stopped long ago"};
  EXPECT_TRUE(book.order(right, start + hours(3)).ok());
  EXPECT_EQ(book.find(1)->lines[2].text, "a newsletter");
}

TEST_F(CaseBookTest, WhoWasThrottledFirstIsStoppedSinceHeIsStopped) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  auto throttled = stopped("anna@v.example", start + hours(1));
  throttled.restriction.level = model::Level::throttle;
  book.take(throttled);
  book.take(stopped_by_hand("anna@v.example", "ticket 4711", start + hours(2)));
  EXPECT_FALSE(book.find(1)->causes.at(0).throttled);
  EXPECT_EQ(book.find(1)->causes[0].stopped_at, start + hours(2));
}

TEST_F(CaseBookTest, AStopThatWasAMistakeIsNoCause) {
  book.take(stopped("before@v.example", start - hours(2)));
  auto undone = released("before@v.example", start - hours(1));
  undone.mistake = true;
  book.take(undone);
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(stopped("ben@v.example", start + hours(1)));
  undone = released("ben@v.example", start + hours(2));
  undone.mistake = true;
  book.take(undone);
  EXPECT_TRUE(book.find(1)->causes.empty());
  EXPECT_EQ(book.find(1)->lines.back().text, "it was honest") << "the timeline tells it";
}

TEST_F(CaseBookTest, RemindsWhenNobodyWasAskedAndClimbsTheLadderWhenNobodyAnswers) {
  book.take(block(DecisionKind::provider_refuses, "microsoft", start));
  EXPECT_THAT(news(), ElementsAre(CaseNews::What::opened));
  book.tick(start + hours(3));
  EXPECT_THAT(news(), IsEmpty());
  book.tick(start + hours(4));
  auto told = book.take_news();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].what, CaseNews::What::due);
  EXPECT_EQ(told[0].step, CaseStep::postmaster) << "no form of theirs is known";

  CaseOrder asked = order(CaseWork::attempt, "please");
  asked.step = CaseStep::form;
  ASSERT_TRUE(book.order(asked, start + hours(5)).ok());
  book.tick(start + hours(5 + 47));
  EXPECT_THAT(news(), IsEmpty()) << "the answer is waited for";
  book.tick(start + hours(5 + 48));
  told = book.take_news();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].step, CaseStep::postmaster);
  EXPECT_EQ(book.find(1)->attempts[0].outcome, CaseOutcome::unanswered);

  asked.step = CaseStep::given_up;
  ASSERT_TRUE(book.order(asked, start + hours(60)).ok());
  book.tick(start + hours(6000));
  EXPECT_THAT(news(), IsEmpty()) << "given up is given up";
}

TEST_F(CaseBookTest, ARequestWithoutAChannelIsTheStepThatIsNext) {
  book.take(block(DecisionKind::provider_refuses, "microsoft", start));
  ASSERT_TRUE(book.order(order(CaseWork::attempt, "please"), start + hours(1)).ok());
  EXPECT_EQ(book.find(1)->attempts[0].step, CaseStep::postmaster) << "no form of theirs is known";
}

TEST_F(CaseBookTest, WhoIsStoppedOnceMoreWasStoppedThen) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(stopped("anna@v.example", start + hours(1)));
  book.take(stopped("anna@v.example", start + hours(2)));
  ASSERT_EQ(book.find(1)->causes.size(), 1U);
  EXPECT_EQ(book.find(1)->causes[0].stopped_at, start + hours(1)) << "harder, since then";
  book.take(released("anna@v.example", start + hours(3)));
  book.take(stopped("anna@v.example", start + hours(9)));
  ASSERT_EQ(book.find(1)->causes.size(), 1U);
  EXPECT_EQ(book.find(1)->causes[0].stopped_at, start + hours(9));
  EXPECT_FALSE(book.find(1)->causes[0].free_at);
}

TEST_F(CaseBookTest, NobodyIsSentToAListThatTakesMoneyOrEndsByItself) {
  auto predatory = listing(DecisionKind::listed, "192.0.2.25", "uce", start);
  predatory.listing->predatory = true;
  book.take(predatory);
  auto timed = listing(DecisionKind::listed, "192.0.2.25", "bl", start);
  timed.listing->mender = "time";
  book.take(timed);
  auto network = listing(DecisionKind::listed, "192.0.2.25", "asn", start);
  network.listing->mender = "network_operator";
  book.take(network);
  std::ignore = book.take_news();
  book.tick(start + hours(4));
  const auto told = book.take_news();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].line.party, "list:asn");
  EXPECT_EQ(told[0].step, CaseStep::upstream);
}

TEST_F(CaseBookTest, AnAnswerIsWrittenToTheAttemptAndTellsTheNextRung) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  EXPECT_FALSE(book.order(order(CaseWork::answer), start).ok());
  ASSERT_TRUE(book.order(order(CaseWork::attempt, "please"), start + hours(1)).ok());
  EXPECT_EQ(book.find(1)->attempts[0].to, "https://list.example/");
  EXPECT_EQ(next_step(*book.find(1), book.find(1)->parties[0]), std::nullopt);
  CaseOrder answer = order(CaseWork::answer, "no, spam still arrives");
  answer.outcome = CaseOutcome::refused;
  ASSERT_TRUE(book.order(answer, start + hours(2)).ok());
  const auto& attempt = book.find(1)->attempts[0];
  EXPECT_EQ(attempt.outcome, CaseOutcome::refused);
  EXPECT_EQ(attempt.answer, "no, spam still arrives");
  EXPECT_EQ(next_step(*book.find(1), book.find(1)->parties[0]), CaseStep::reply);
  answer.attempt = 9;
  EXPECT_EQ(book.order(answer, start).error().code, base::ErrorCode::unavailable);
}

TEST_F(CaseBookTest, WhoWasAskedMustBeSaidWhereThereAreSeveral) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(listing(DecisionKind::listed, "192.0.2.25", "css", start));
  const auto unclear = book.order(order(CaseWork::attempt), start);
  ASSERT_FALSE(unclear.ok());
  EXPECT_THAT(unclear.error().message, testing::HasSubstr("list:xbl, list:css"));
  CaseOrder asked = order(CaseWork::attempt);
  asked.party = "list:css";
  EXPECT_TRUE(book.order(asked, start).ok());
  asked.party = "list:nobody";
  EXPECT_EQ(book.order(asked, start).error().code, base::ErrorCode::unavailable);
}

TEST_F(CaseBookTest, WhatHelpedIsToldWithHowLongItTook) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  ASSERT_TRUE(book.order(order(CaseWork::attempt, "please"), start + hours(1)).ok());
  book.take(listing(DecisionKind::delisted, "192.0.2.25", "xbl", start + hours(10)));
  EXPECT_EQ(book.find(1)->attempts[0].outcome, CaseOutcome::ended);
  book.tick(start + hours(100));
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start + hours(500)));
  const auto figures = book.figures();
  ASSERT_EQ(figures.size(), 1U);
  EXPECT_EQ(figures[0].times, 2U);
  EXPECT_EQ(figures[0].standing, 1U);
  EXPECT_EQ(figures[0].median, hours(10));
  EXPECT_EQ(figures[0].last_case, 1U);
  ASSERT_EQ(figures[0].worked.size(), 1U);
  EXPECT_EQ(figures[0].worked[0].text, "please");
}

TEST_F(CaseBookTest, ClosingWhatStandsWantsAReasonAndReopeningTakesItUpAgain) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  EXPECT_EQ(book.order(order(CaseWork::close), start).error().code, base::ErrorCode::malformed);
  EXPECT_EQ(book.order(order(CaseWork::reopen), start).error().code, base::ErrorCode::refused);
  ASSERT_TRUE(book.order(order(CaseWork::close, "nobody uses it"), start + hours(1)).ok());
  EXPECT_EQ(book.find(1)->state, CaseState::closed);
  book.tick(start + hours(20));
  EXPECT_THAT(news(), Contains(CaseNews::What::closed));
  ASSERT_TRUE(book.order(order(CaseWork::reopen), start + hours(30)).ok());
  EXPECT_EQ(book.find(1)->state, CaseState::open);
  EXPECT_EQ(book.find(1)->lines.back().by, "admin anna");
}

TEST_F(CaseBookTest, AReviewFallsDueOnceAndAnOldCaseIsForgotten) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(listing(DecisionKind::delisted, "192.0.2.25", "xbl", start + hours(1)));
  book.tick(start + hours(73));
  std::ignore = book.take_news();
  book.tick(start + hours(1 + 7 * 24));
  book.tick(start + hours(2 + 7 * 24));
  EXPECT_THAT(news(), ElementsAre(CaseNews::What::due));
  book.tick(start + hours(24 * 31));
  book.tick(start + hours(24 * 1095 + 73));
  const auto changes = book.drain();
  EXPECT_THAT(changes.forgotten, ElementsAre(1U));
  EXPECT_TRUE(book.all().empty());
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start + hours(24 * 1200)));
  EXPECT_NE(book.find(2), nullptr) << "a number is given away once";
}

TEST_F(CaseBookTest, WhatIsNoLongerWatchedEndsAtTheSecondLook) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.end_unknown({{"list:xbl", "192.0.2.25"}}, true, start);
  book.end_unknown({}, true, start + minutes(1));
  EXPECT_EQ(book.find(1)->state, CaseState::open) << "its end may be on its way in the journal";
  book.end_unknown({}, true, start + minutes(2));
  EXPECT_EQ(book.find(1)->state, CaseState::quiet);
}

TEST_F(CaseBookTest, ASpareWayThatNobodyKnowsToBeRefusedRemindsNobody) {
  book.take(block(DecisionKind::provider_refuses, "gmx", start));
  ASSERT_EQ(book.find(1)->state, CaseState::open);
  for (const int later : {361, 362}) book.end_unknown({}, true, start + minutes(later));
  ASSERT_EQ(book.find(1)->state, CaseState::quiet);
  EXPECT_EQ(book.find(1)->lines.back().text.find("no longer watched"), std::string::npos);
  static_cast<void>(book.take_news());
  book.tick(start + hours(72));
  EXPECT_TRUE(book.take_news().empty());
  book.take(block(DecisionKind::provider_refuses, "gmx", start + hours(73)));
  EXPECT_EQ(book.find(1)->state, CaseState::open) << "it is the same case";
}

TEST_F(CaseBookTest, AWatchThatCannotSayWhatStandsEndsNoListing) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  book.take(block(DecisionKind::provider_refuses, "microsoft", start));
  for (int i = 1; i < 5; ++i) book.end_unknown({}, false, start + minutes(i));
  EXPECT_FALSE(book.find(1)->parties[0].until);
  EXPECT_TRUE(book.find(1)->parties[1].until) << "the matrix knows its own";
}

TEST_F(CaseBookTest, NothingGrowsWithoutBound) {
  for (int i = 0; i < 3000; ++i) {
    const auto place = "198.18." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    const auto list = "l" + std::to_string(i);
    book.take(listing(DecisionKind::listed, place.c_str(), "xbl", start, ""));
    book.take(listing(DecisionKind::listed, "192.0.2.25", list.c_str(), start));
    book.take(stopped((std::to_string(i) + "@v.example").c_str(), start));
    book.take(stopped_by_hand((std::to_string(i) + "@w.example").c_str(), "unpaid", start));
    std::ignore = book.order(order(CaseWork::note, std::string(4000, 'x')), start);
  }
  for (const auto& [each, one] : book.all()) {
    EXPECT_LE(one.lines.size(), CaseBook::lines_max);
    EXPECT_LE(one.parties.size(), CaseBook::parties_max);
    EXPECT_LE(one.causes.size(), CaseBook::causes_max);
    for (const auto& party : one.parties) EXPECT_LE(party.places.size(), CaseBook::places_max);
  }
  EXPECT_GT(book.find(1)->dropped_lines, 0U);
  EXPECT_EQ(book.find(1)->lines.front().event, CaseEvent::began) << "how it began is kept";
  EXPECT_EQ(book.order(order(CaseWork::note, std::string(4001, 'x')), start).error().code,
            base::ErrorCode::too_large);
}

TEST_F(CaseBookTest, WhatCouldNotBeKeptIsGivenAgain) {
  book.take(listing(DecisionKind::listed, "192.0.2.25", "xbl", start));
  const auto changes = book.drain();
  ASSERT_EQ(changes.cases.size(), 1U);
  EXPECT_EQ(changes.progress, (CaseProgress{1, 1}));
  EXPECT_FALSE(book.drain().moved);
  book.put_back(changes);
  EXPECT_EQ(book.drain().cases.size(), 1U);
}

TEST_F(CaseBookTest, AStopBelongsToARefusalThatIsDatedBackBeforeIt) {
  book.take(stopped("anna@v.example", start));
  book.take(block(DecisionKind::provider_refuses, "microsoft", start - minutes(8)));
  ASSERT_EQ(book.find(1)->causes.size(), 1U);
  EXPECT_EQ(book.find(1)->causes[0].subject.name, "anna@v.example");
}

}  // namespace
}  // namespace leumund::action
