#include "action/undelivered_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::action {
namespace {

using model::Subject;
using model::SubjectKind;
using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const base::TimePoint day = base::parse_rfc3339("2026-11-21T03:12:00Z").value();
const Subject anna{SubjectKind::account, "anna@verein.example"};
const Subject bert{SubjectKind::account, "bert@firma.example"};
const UndeliveredRules rules;

struct Undelivered : testing::Test {
  void refuse(const Subject& subject, std::string queue, std::string recipient,
              base::TimePoint since = day, bool returned = false,
              const char* provider = "microsoft-consumer") {
    UndeliveredMail mail{subject, std::move(queue), std::move(recipient), provider, since};
    mail.returned = returned;
    book.refused(std::move(mail));
  }
  auto due(base::TimePoint now, std::set<std::string> refusing = {"microsoft-consumer"}) {
    return book.due(now, rules, refusing,
                    [&](const Subject& subject) { return subject == silent; });
  }

  UndeliveredBook book;
  Subject silent;
};

TEST_F(Undelivered, EachAccountIsToldOfItsOwnMailAndOncePerPeriod) {
  refuse(anna, "q1", "x@hotmail.com");
  refuse(anna, "q2", "y@hotmail.com", day + minutes(50));
  refuse(bert, "q3", "z@hotmail.com", day + minutes(50));
  EXPECT_THAT(due(day + minutes(59)), IsEmpty()) << "nothing has waited long enough";
  const auto first = due(day + minutes(61));
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].subject, anna);
  EXPECT_THAT(first[0].mails, SizeIs(2)) << "the younger one of hers goes with it";
  EXPECT_EQ(due(day + hours(2))[0].subject, bert);
  refuse(anna, "q4", "w@hotmail.com", day + hours(3));
  EXPECT_THAT(due(day + hours(20)), IsEmpty());
  const auto next = due(day + hours(26));
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_THAT(next[0].mails, SizeIs(1)) << "what was told is not told again";
}

TEST_F(Undelivered, ADomainIsToldOnceOfAllItsAccountsAndOfNobodyElse) {
  const Subject clara{SubjectKind::account, "clara@verein.example"};
  const Subject forward{SubjectKind::forward, "post@verein.example"};
  const Subject verein{SubjectKind::domain, "verein.example"};
  const auto of_domain = [&](const Subject& subject) {
    return subject == anna || subject == clara ? verein : subject;
  };
  const auto due_by_domain = [&](base::TimePoint now) {
    return book.due(
        now, rules, {"microsoft-consumer"},
        [&](const Subject& subject) { return subject == silent; }, of_domain);
  };
  refuse(anna, "q1", "x@hotmail.com", day + minutes(1));
  refuse(clara, "q2", "y@hotmail.com", day + minutes(50));
  refuse(bert, "q3", "z@hotmail.com", day);
  refuse(forward, "q4", "w@hotmail.com", day);
  silent = clara;
  const auto first = due_by_domain(day + minutes(62));
  ASSERT_THAT(first, SizeIs(3));
  EXPECT_EQ(first[0].subject, bert);
  EXPECT_EQ(first[1].subject, forward) << "owners of forwards are told themselves";
  EXPECT_EQ(first[2].subject, verein);
  ASSERT_THAT(first[2].mails, SizeIs(1)) << "not of an account that is restricted";
  EXPECT_EQ(first[2].mails[0].subject, anna);
  silent = {};
  EXPECT_THAT(due_by_domain(day + hours(3)), IsEmpty()) << "once in a time, whoever it is about";
  UndeliveredBook again;
  again.from_text(book.to_text());
  std::swap(book, again);
  EXPECT_THAT(due_by_domain(day + hours(4)), IsEmpty()) << "also after a restart";
  refuse(anna, "q5", "v@hotmail.com", day + hours(25));
  const auto next = due_by_domain(day + hours(26));
  ASSERT_THAT(next, SizeIs(1));
  ASSERT_THAT(next[0].mails, SizeIs(2)) << "what is free again, and the younger ones with it";
  EXPECT_EQ(next[0].mails[0].subject, clara);
  EXPECT_EQ(next[0].mails[1].recipient, "v@hotmail.com");
}

TEST_F(Undelivered, TheNoticeOfADomainNamesTheAccountOfEachMail) {
  UndeliveredBook::Notice notice{{SubjectKind::domain, "verein.example"}, {}};
  notice.mails = {
      {anna, "q1", "x@hotmail.com", "hotmail", day},
      {{SubjectKind::account, "clara@verein.example"}, "q2", "y@hotmail.com", "hotmail", day}};
  notice.mails[1].returned = true;
  for (const auto language : {Language::en, Language::de}) {
    const auto text =
        undelivered_notice(notice, {{"hotmail", "Hotmail"}}, "help@h.example", language);
    EXPECT_THAT(text.subject, HasSubstr("verein.example"));
    EXPECT_THAT(text.body,
                HasSubstr("2026-11-21 03:12:00 UTC  anna@verein.example -> x@hotmail.com\n"));
    EXPECT_THAT(text.body, HasSubstr("clara@verein.example -> y@hotmail.com\n"));
    for (const char* gap : {"{{", "\n\n\n"}) EXPECT_THAT(text.body, Not(HasSubstr(gap)));
  }
}

TEST_F(Undelivered, WhatArrivedOrIsTakenAgainIsNotTold) {
  refuse(anna, "q1", "x@hotmail.com");
  refuse(anna, "q1", "y@hotmail.com");
  refuse(bert, "q2", "z@gmx.de", day, false, "gmx");
  book.delivered("q1", "x@hotmail.com");
  book.delivered("q9", "y@hotmail.com");
  EXPECT_EQ(book.size(), 2U);
  const auto told = due(day + hours(2));
  ASSERT_THAT(told, SizeIs(1)) << "gmx takes mail again: it will arrive";
  ASSERT_THAT(told[0].mails, SizeIs(1));
  EXPECT_EQ(told[0].mails[0].recipient, "y@hotmail.com");
}

TEST_F(Undelivered, AReturnedMailIsToldAtOnceAndARestrictedAccountLater) {
  refuse(anna, "q1", "x@hotmail.com", day, true);
  silent = anna;
  EXPECT_THAT(due(day + minutes(1), {}), IsEmpty());
  silent = {};
  EXPECT_THAT(due(day + minutes(1), {}), SizeIs(1));
}

TEST_F(Undelivered, NothingIsKeptLongerThanWantedAndNoAccountPushesOthersOut) {
  refuse(anna, "q0", "x@hotmail.com");
  for (int i = 0; i < 1'500; ++i) {
    refuse(bert, "b" + std::to_string(i), "x@hotmail.com", day + minutes(i));
  }
  EXPECT_EQ(book.size(), 1 + UndeliveredBook::of_account_max);
  EXPECT_THAT(due(day + hours(24 * 30)), IsEmpty());
  EXPECT_EQ(book.size(), 0U);
}

TEST_F(Undelivered, ItComesBackFromItsTextAndLinesThatAreNoneAreLeftOut) {
  refuse(anna, "host postfix 4ABC", "x@hotmail.com");
  refuse(bert, "q2", "z@hotmail.com", day, true);
  ASSERT_THAT(due(day + hours(2)), SizeIs(2));
  refuse(anna, "q3", "y@hotmail.com", day + hours(3));
  refuse(anna, "q4", "tab\tin it@hotmail.com");
  const std::string text = book.to_text();
  UndeliveredBook again;
  again.from_text("m\tnobody\nm\t\t\t\t\t\t\nx\t" + text.substr(0, 5) + "\n\n" + text);
  EXPECT_EQ(again.size(), 3U);
  EXPECT_EQ(again.to_text(), text);
  again.clear();
  EXPECT_EQ(again.to_text(), "");
}

TEST_F(Undelivered, TheNoticeNamesHisMailsAndIsWholeInBothLanguages) {
  UndeliveredBook::Notice notice{anna, {}};
  for (int i = 0; i < 60; ++i) {
    UndeliveredMail mail{anna, "q", "r" + std::to_string(i) + "@hotmail.com", "hotmail", day};
    mail.returned = i == 3;
    notice.mails.push_back(mail);
  }
  notice.mails[5].recipient = "a@b.example\nBcc: evil@x.example";
  const std::map<std::string, std::string> names = {{"hotmail", "Hotmail & Co"}};
  for (const auto language : {Language::en, Language::de}) {
    for (const auto kind : {SubjectKind::account, SubjectKind::forward}) {
      notice.subject.kind = kind;
      const auto text = undelivered_notice(notice, names, "help@hosting.example", language);
      EXPECT_THAT(text.subject, HasSubstr("anna@verein.example"));
      EXPECT_THAT(text.body, HasSubstr("Hotmail & Co"));
      EXPECT_THAT(text.body, HasSubstr("2026-11-21 03:12:00 UTC  r0@hotmail.com\n"));
      EXPECT_THAT(text.body, HasSubstr("help@hosting.example"));
      EXPECT_THAT(text.body,
                  HasSubstr(language == Language::de ? "und 10 weitere" : "and 10 more"));
      for (const char* gap : {"{{", "\nBcc", "\n\n\n"}) EXPECT_THAT(text.body, Not(HasSubstr(gap)));
    }
  }
  notice.mails.resize(1);
  const auto text = undelivered_notice(notice, names, "", Language::en).body;
  EXPECT_THAT(text, Not(HasSubstr("Returned")));
  EXPECT_THAT(text, Not(HasSubstr("\n\n\n")));
  EXPECT_THAT(text, Not(HasSubstr("Questions")));
}

}  // namespace
}  // namespace leumund::action
