// What of the set-up of our own domains and addresses a letter tells.
#include "apps/daemon/case_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "apps/daemon/fake_writer.h"
#include "engine/engine_test_world.h"
#include "storage/memory_store.h"

namespace leumund::apps {
namespace {

using model::HygieneFinding;
using model::HygieneState;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class CaseLettersTest : public testing::Test {
 protected:
  CaseLettersTest() : pipeline_(engine::Settings{}, engine::shipped_replies(), nowhere_) {
    settings_.own_domains = {"firm.example"};
    settings_.letters_organisation = "Firm";
    settings_.letters_email = "postmaster@firm.example";
  }
  action::Letter letter_to(const std::string& party) {
    const CaseLetters letters({.pipeline = pipeline_,
                               .store = store_,
                               .clock = clock_,
                               .replies = engine::shipped_replies(),
                               .listings = [] { return std::vector<model::Listing>(); },
                               .setup =
                                   [this](const std::string& about) {
                                     return about == "firm.example" ? faults_
                                                                    : std::vector<HygieneFinding>();
                                   },
                               .settings = [this] { return settings_; }});
    face::CaseReport report;
    report.one.number = 1;
    report.one.subject = {model::SubjectKind::egress, "out1"};
    model::CaseParty asked;
    asked.id = party;
    asked.title = party;
    asked.since = clock_.now();
    report.one.parties.push_back(asked);
    face::LetterOrder order;
    order.number = 1;
    order.party = party;
    auto written = letters.write(report, order);
    EXPECT_TRUE(written);
    return written ? *written : action::Letter();
  }

  Clock clock_;
  storage::MemoryStore store_;
  FakeWriter nowhere_;
  Pipeline pipeline_;
  config::RunSettings settings_;
  std::vector<HygieneFinding> faults_;
};

HygieneFinding fault(const std::string& check, bool grave) {
  return {.check = check,
          .about = "firm.example",
          .state = HygieneState::fault,
          .grave = grave,
          .text = check + " of firm.example is broken"};
}

TEST_F(CaseLettersTest, AProviderIsNotAskedWhileMailOfOursIsUnsigned) {
  EXPECT_THAT(letter_to("provider:google").advice, Not(Contains(HasSubstr("is broken"))));
  faults_ = {fault("dkim", true)};
  const action::Letter letter = letter_to("provider:google");
  EXPECT_FALSE(letter.ready);
  EXPECT_THAT(letter.advice, Contains(HasSubstr("dkim of firm.example is broken")));
}

TEST_F(CaseLettersTest, WhatIsNotGraveOrOfAnotherKindHindersNoLetter) {
  faults_ = {fault("dkim", false), fault("dmarc", true)};
  EXPECT_THAT(letter_to("provider:google").advice, Not(Contains(HasSubstr("is broken"))));
}

TEST_F(CaseLettersTest, AListAsksForNoSignatures) {
  faults_ = {fault("dkim", true), fault("alignment", true)};
  EXPECT_THAT(letter_to("list:spamcop").advice, Not(Contains(HasSubstr("is broken"))));
}

}  // namespace
}  // namespace leumund::apps
