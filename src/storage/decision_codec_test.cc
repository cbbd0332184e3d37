#include "storage/decision_codec.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "action/restriction_book.h"

namespace leumund::storage {
namespace {

using model::Decision;
using model::DecisionKind;
using model::Level;
using model::Mode;
using model::Subject;
using namespace std::chrono_literals;

const base::TimePoint t0 = base::from_unix_seconds(1'800'000'000);

Subject account(int n) {
  return {model::SubjectKind::account, "a" + std::to_string(n) + "@c.test"};
}

model::Finding about(const Subject& subject) {
  model::Finding finding;
  finding.subject = subject;
  finding.kind = "burst";
  finding.score = 14.1;
  finding.terms = {{"new_recipient", 9.7, "31 of 33 recipients never written to", {"m1"}}};
  return finding;
}

// Every kind of decision that the book makes, as it makes it.
std::vector<Decision> all_of_the_book() {
  std::vector<Decision> made;
  const auto add = [&](auto&& some) { made.insert(made.end(), std::begin(some), std::end(some)); };
  action::BookSettings settings;
  settings.default_mode = Mode::enforce;
  settings.detector_spans = {{"burst", 1h}};
  settings.restrictions_max = 2;
  action::RestrictionBook book(settings);
  made.push_back(book.apply(about(account(1)), Level::hold, t0).value());
  made.push_back(book.apply(about(account(2)), Level::no_sending, t0).value());
  made.push_back(book.apply(about(account(3)), Level::hold, t0).value());  // the table is full
  EXPECT_FALSE(book.apply(about(account(1)), Level::hold, t0 + 30min));    // a later end
  add(book.tick(t0 + 31min));
  made.push_back(book.release(account(1),
                              {.done = {{"password", "admin"}}, .without_checklist = true}, "admin",
                              t0 + 40min)
                     .value());
  add(book.tick(t0 + 61min));
  add(book.exempt(account(1), true, "admin", t0 + 2h));
  add(book.exempt(account(1), false, "admin", t0 + 2h));
  settings.default_mode = Mode::observe;
  book.set_settings(settings);
  book.set_unattended({.from = t0, .until = t0 + 240h, .restrictions_per_hour = 0});
  made.push_back(book.apply(about(account(4)), Level::hold, t0 + 3h).value());
  add(book.tick(t0 + 3h));  // the bound is reached
  return made;
}

TEST(DecisionCodec, ReadsEveryKindAsTheBookMakesIt) {
  std::set<DecisionKind> kinds;
  std::size_t alarms = 0;
  for (const auto& decision : all_of_the_book()) {
    const std::string text = encode_decision(decision);
    const auto read = decode_decision(text);
    ASSERT_TRUE(read.ok()) << read.error().message << ": " << text;
    EXPECT_EQ(encode_decision(*read), text);
    EXPECT_EQ(read->subject, decision.subject);
    kinds.insert(decision.kind);
    if (decision.kind == DecisionKind::alarm) ++alarms;
  }
  EXPECT_EQ(alarms, 2U) << "a full table, and a bound of the unattended time";
  EXPECT_EQ(kinds,
            (std::set{DecisionKind::restricted, DecisionKind::would_restrict,
                      DecisionKind::released, DecisionKind::ended, DecisionKind::exempted,
                      DecisionKind::exemption_ended, DecisionKind::extended, DecisionKind::alarm}));
}

TEST(DecisionCodec, OnlyAnAlarmIsAboutNobody) {
  Decision decision;
  decision.kind = DecisionKind::restricted;
  EXPECT_FALSE(decode_decision(encode_decision(decision)).ok());
  decision.kind = DecisionKind::alarm;
  EXPECT_TRUE(decode_decision(encode_decision(decision)).ok());
}

}  // namespace
}  // namespace leumund::storage
