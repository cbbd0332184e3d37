#include "face/case_letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "face/api.h"
#include "face/fake_control.h"

namespace leumund::face {
namespace {

using config::Language;
using model::CaseEvent;
using model::SubjectKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct CaseLetterTest : testing::Test {
  FakeControl control;
  Api api{control, [] { return std::string("metrics\n"); }, {}};

  Reply get(std::string_view path, std::map<std::string, std::string> params) {
    Call call;
    call.method = "GET";
    call.path = path;
    call.params = std::move(params);
    call.host = "localhost";
    return api.handle(call, base::TimePoint(std::chrono::seconds(1'700'000'000)));
  }
};

TEST_F(CaseLetterTest, AnOrderForALetterIsReadWholeAndWrongOnesNamed) {
  const auto reply = get("/v1/case-letter", {{"number", "7"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("way":"mail","language":"en","ready":false)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("fields":[{"label":"Name","value":"Anna \"A\""}])"));
  get("/v1/case-letter", {{"number", "7"},
                          {"party", "list:psbl"},
                          {"channel", "legal"},
                          {"lang", "de"},
                          {"advice_lang", "de"}});
  EXPECT_THAT(control.asked, ElementsAre("letter 7  - - en", "letter 7 list:psbl legal de de"));
  for (const auto& [name, text] : std::map<std::string, std::string>{
           {"lang", "fr"}, {"advice_lang", "xx"}, {"channel", "bribe"}, {"html", "maybe"}}) {
    EXPECT_EQ(get("/v1/case-letter", {{"number", "7"}, {name, text}}).status, 400) << name;
  }
  EXPECT_EQ(get("/v1/case-letter", {}).status, 400);
}

TEST_F(CaseLetterTest, ThePageEscapesWhatItShowsAndDoesNotPrintTheAdvice) {
  const auto reply = get("/v1/case-letter", {{"number", "7"}, {"html", "true"}});
  EXPECT_EQ(reply.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(reply.body, HasSubstr("Do not ask yet &lt;now&gt;"));
  EXPECT_THAT(reply.body, HasSubstr("Hello &amp; bye"));
  EXPECT_THAT(reply.body, HasSubstr(".operator{display:none}"));
  EXPECT_THAT(reply.body, Not(HasSubstr("<script")));
}

DossierReport dossier() {
  DossierReport out;
  model::Case& one = out.report.one;
  one.number = 7;
  one.subject = {SubjectKind::egress, "out1"};
  one.opened_at = out.now = base::parse_rfc3339("2026-11-21T03:12:00Z").value();
  model::CaseParty party;
  party.id = "provider:t-online";
  party.title = "t-online";
  party.since = one.opened_at;
  party.places = {"out1"};
  party.words = "554 <b>refused</b> <bert@firma.example> to bob1@t-online.de, tosa@rx.t-online.de";
  party.impact = {12, 9, 2, 3};
  one.parties = {party};
  one.causes = {{{SubjectKind::account, "anna@verein.example"},
                 3,
                 one.opened_at,
                 {},
                 "password of anna guessed"}};
  model::CaseAttempt attempt;
  attempt.party = party.id;
  attempt.at = one.opened_at;
  attempt.step = model::CaseStep::postmaster;
  attempt.to = "desk@t-online.de";
  attempt.outcome = model::CaseOutcome::refused;
  attempt.text = "mail of bert@firma.example";
  attempt.answer = "none of ours is bob1@t-online.de";
  one.attempts = {attempt};
  one.lines = {{one.opened_at, "cases", CaseEvent::stopped, "account:anna@verein.example",
                "password of anna guessed", 3},
               {one.opened_at, "cases", CaseEvent::began, party.id, "out1", 4},
               {one.opened_at, "admin hans", CaseEvent::note, "", "Ms Meier is angry", 0},
               {one.opened_at, "admin hans", CaseEvent::cause_added, "account:anna@verein.example",
                "Mr Huber says so", 3},
               {one.opened_at, "admin hans", CaseEvent::attempt, party.id, "postmaster", 1},
               {one.opened_at, "admin hans", CaseEvent::answer, party.id, "refused", 1}};
  model::Contact contact;
  contact.party = party.id;
  contact.name = "Telekom & Co";
  contact.email = "tosa@rx.t-online.de";
  contact.domain = "t-online.de";
  out.contacts = {contact};
  return out;
}

TEST(Dossier, ItTellsTheStoryWithoutNamesUnlessTheyAreWanted) {
  const auto page = dossier_html(dossier(), {});
  for (const char* shown :
       {"Case 7: egress:out1", "Telekom &amp; Co",
        "554 &lt;b&gt;refused&lt;/b&gt; &lt;[address]&gt; to [address], tosa@rx.t-online.de",
        "<td>12</td><td>9</td><td>3</td><td>2</td>", "sender 1 (mail account)", "desk@t-online.de",
        "<td>turned against us</td><td>Telekom &amp; Co: out1</td>",
        "<td>named as cause</td><td>sender 1 (mail account)</td>",
        "<td>answer</td><td>Telekom &amp; Co: declined</td>", "21 November 2026 at 03:12 UTC"}) {
    EXPECT_THAT(page, HasSubstr(shown));
  }
  for (const char* name : {"anna", "Meier", "Huber", "hans", "<script", "bert", "firma", "bob1"}) {
    EXPECT_THAT(page, Not(HasSubstr(name)));
  }
  const auto whole = dossier_html(dossier(), {Language::en, true});
  EXPECT_THAT(whole, HasSubstr("account:anna@verein.example"));
  EXPECT_THAT(whole, HasSubstr("Ms Meier is angry"));
  EXPECT_THAT(whole, HasSubstr("bob1@t-online.de"));
}

TEST(Dossier, ItSpeaksGerman) {
  const auto page = dossier_html(dossier(), {Language::de, false});
  for (const char* shown : {"<html lang=\"de\">", "Fall 7: egress:out1", "Absender 1 (Postfach)",
                            "abgelehnt", "21. November 2026 um 03:12 Uhr UTC", "Verlauf"}) {
    EXPECT_THAT(page, HasSubstr(shown));
  }
}

}  // namespace
}  // namespace leumund::face
