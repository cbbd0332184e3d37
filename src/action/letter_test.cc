#include "action/letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leumund::action {
namespace {

using config::Language;
using model::CaseOutcome;
using model::CaseStep;
using model::SubjectKind;
using std::chrono::hours;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const base::TimePoint day = base::parse_rfc3339("2026-11-21T03:12:00Z").value();

StoppedSender stopped(SubjectKind kind, std::string name) {
  StoppedSender one;
  one.cause = {{kind, std::move(name)}, 12, day - hours(1), {}, "unusual"};
  return one;
}

LetterInput listed() {
  LetterInput input;
  input.one.number = 7;
  input.one.subject = {SubjectKind::egress, "out1"};
  model::CaseParty party;
  party.id = "list:psbl";
  party.title = "PSBL";
  party.since = day;
  party.places = {"192.0.2.25"};
  party.mender = "us";
  input.one.parties = {party};
  input.contact.party = party.id;
  input.contact.name = "Passive Spam Block List";
  input.contact.method = "self-service";
  input.contact.form = "https://psbl.org/remove?ip={ip}";
  input.contact.language = "en";
  input.sender = {"Example Hosting", "Anna Ops", "ops@hosting.example", "", ""};
  input.stopped = {stopped(SubjectKind::account, "anna@verein.example")};
  input.now = day + hours(5);
  return input;
}

LetterInput refused() {
  LetterInput input = listed();
  model::CaseParty& party = input.one.parties.front();
  party.id = "provider:t-online";
  party.title = "t-online";
  party.places = {"out1"};
  party.mender = "unknown";
  party.impact = {214, 190, 3, 12};
  party.words = "554 IP=192.0.2.25 - A problem occurred. Ask tobr@rx.t-online.de for help";
  input.contact = {};
  input.contact.party = party.id;
  input.contact.name = "Telekom";
  input.contact.method = "email";
  input.contact.email = "tosa@rx.t-online.de";
  input.contact.domain = "t-online.de";
  input.contact.language = "de";
  input.ours = {{"192.0.2.25", "mail.example.org", true}};
  return input;
}

Letter english(const LetterInput& input) { return write_letter(input, Language::en, Language::en); }

model::CaseAttempt attempt(CaseStep step, std::string to, CaseOutcome outcome,
                           const LetterInput& input) {
  model::CaseAttempt one;
  one.number = 1;
  one.party = input.who().id;
  one.at = day + hours(2);
  one.step = step;
  one.to = std::move(to);
  one.outcome = outcome;
  return one;
}

TEST(Letter, AFormGetsItsAddressAndTheFieldsToPaste) {
  const auto letter = english(listed());
  EXPECT_EQ(letter.way, LetterWay::form);
  EXPECT_EQ(letter.url, "https://psbl.org/remove?ip=192.0.2.25");
  EXPECT_TRUE(letter.ready);
  EXPECT_THAT(letter.fields,
              Contains(std::pair<std::string, std::string>("Address or domain", "192.0.2.25")));
  EXPECT_THAT(letter.fields,
              Contains(std::pair<std::string, std::string>("E-mail", "ops@hosting.example")));
  EXPECT_THAT(letter.body, HasSubstr("sent through one mail account; we stopped it on 21 November "
                                     "2026 at 02:12 UTC."));
  EXPECT_THAT(letter.advice,
              Contains(HasSubstr("leumund case 7 attempt --party list:psbl --channel form --to "
                                 "'https://psbl.org/remove?ip=192.0.2.25'")));
}

TEST(Letter, OnlyWhatAListSaidItselfIsQuoted) {
  auto input = listed();
  model::CaseParty& party = input.one.parties.front();
  party.words.clear();
  party.codes = {"127.0.0.2"};
  party.meaning = "listed";
  EXPECT_THAT(english(input).body, HasSubstr("The list answers with code 127.0.0.2."));
  EXPECT_THAT(english(input).body, Not(HasSubstr("The list says")));
  party.codes = {"127.0.0.2", "127.0.0.4"};
  EXPECT_THAT(english(input).body, HasSubstr("with codes 127.0.0.2 and 127.0.0.4."));
  party.codes = {"red"};
  party.meaning = "most of its mail was taken for spam, complaints 2.30 %, 3 trap hits";
  const auto german = write_letter(input, Language::de, Language::de).body;
  EXPECT_THAT(german, HasSubstr("Die Zahlen dort: der größte Teil ihrer Post galt als Spam, "
                                "Beschwerden 2,30 %, 3 Treffer auf Fallen."));
  EXPECT_THAT(german, Not(HasSubstr("Die Liste sagt")));
  EXPECT_THAT(english(input).body, HasSubstr("Its figures: most of its mail was taken for spam"));
  party.codes = {"blocked"};
  party.meaning = "blocked";
  EXPECT_THAT(english(input).body, Not(HasSubstr("blocked")));
}

TEST(Letter, AMailGoesToTheDeskThatTheAnswerNames) {
  auto letter = write_letter(refused(), Language::de, Language::en);
  EXPECT_EQ(letter.way, LetterWay::mail);
  EXPECT_EQ(letter.to, "tobr@rx.t-online.de");
  EXPECT_EQ(letter.subject, "Bitte nehmen Sie Post von 192.0.2.25 wieder an");
  EXPECT_THAT(letter.body, HasSubstr("214 Nachrichten an 190"));
  EXPECT_THAT(letter.advice, Contains(HasSubstr("not through our own servers")));
  auto input = refused();
  input.one.parties.front().words = "554 ask evil@elsewhere.example";
  letter = english(input);
  EXPECT_EQ(letter.to, "tosa@rx.t-online.de") << "only a desk of theirs replaces the known one";
  input.contact.email = "unblock.request@cox.net";
  input.contact.domain = "cox.net";
  input.one.parties.front().words = "554 bob1@cox.net is not for you";
  EXPECT_EQ(english(input).to, "unblock.request@cox.net") << "never a recipient";
}

TEST(Letter, NobodyIsNamedToOutsiders) {
  auto input = refused();
  input.stopped.push_back(stopped(SubjectKind::script, "uid33:/srv/kunde-schmidt"));
  input.one.parties.front().words =
      "550 5.7.1 anna@verein.example to bob1@t-online.de: rejected, ask tosa@rx.t-online.de";
  input.suspect = "account:bert@firma.example";
  for (const auto step : {CaseStep::form, CaseStep::reply, CaseStep::postmaster, CaseStep::upstream,
                          CaseStep::legal, CaseStep::given_up}) {
    input.step = step;
    for (const auto language : {Language::en, Language::de}) {
      const auto letter = write_letter(input, language, Language::en);
      for (const char* name : {"anna", "verein", "schmidt", "bert", "firma", "uid33", "bob1"}) {
        EXPECT_THAT(letter.subject + letter.body, Not(HasSubstr(name)));
        for (const auto& field : letter.fields) EXPECT_THAT(field.second, Not(HasSubstr(name)));
      }
    }
  }
  input.step = CaseStep::form;
  EXPECT_THAT(english(input).body,
              HasSubstr("550 5.7.1 [address] to [address]: rejected, ask tosa@rx.t-online.de"));
}

TEST(Letter, WhoTakesMoneyIsNeverAsked) {
  auto input = listed();
  input.contact.predatory = true;
  for (const auto step : {CaseStep::form, CaseStep::reply, CaseStep::postmaster, CaseStep::legal}) {
    input.step = step;
    const auto letter = english(input);
    EXPECT_EQ(letter.way, LetterWay::none);
    EXPECT_FALSE(letter.ready);
    EXPECT_EQ(letter.body, "");
    EXPECT_THAT(letter.advice, ElementsAre(HasSubstr("Never pay")));
  }
}

TEST(Letter, NobodyIsAskedWhereEntriesEndByThemselves) {
  auto input = listed();
  input.contact.method = "auto-expiry";
  input.contact.ends_after_hours = 24;
  auto letter = english(input);
  EXPECT_EQ(letter.way, LetterWay::none);
  EXPECT_THAT(letter.advice, ElementsAre(HasSubstr("ends by itself, usually 24 hours after")));
  input.contact.ends_after_hours = 0;
  input.contact.method = "self-service";
  input.one.parties.front().mender = "time";
  EXPECT_EQ(english(input).way, LetterWay::none);
  input.contact.own = true;  // the operator knows better
  EXPECT_EQ(english(input).way, LetterWay::form);
  input.one.parties.front().until = day;
  EXPECT_THAT(english(input).advice, ElementsAre(HasSubstr("not against us any more")));
}

TEST(Letter, ACauseThatStillSendsIsSaidFirst) {
  auto input = listed();
  input.suspect = "account:o'brian@x.example";
  auto letter = english(input);
  EXPECT_FALSE(letter.ready);
  ASSERT_FALSE(letter.advice.empty());
  EXPECT_THAT(letter.advice.front(), HasSubstr("Do not ask yet: account:o'brian@x.example"));
  EXPECT_THAT(letter.advice.front(), HasSubstr("leumund suspend 'account:o'"));
  input.suspect.clear();
  input.stopped.front().throttled = true;
  letter = english(input);
  EXPECT_FALSE(letter.ready);
  EXPECT_THAT(letter.advice.front(), HasSubstr("only throttled"));
  EXPECT_THAT(letter.body, Not(HasSubstr("we stopped it"))) << "nobody did";
  input.stopped.clear();
  letter = english(input);
  EXPECT_FALSE(letter.ready);
  EXPECT_THAT(letter.advice.front(), HasSubstr("No sender is known to have been stopped"));
  EXPECT_THAT(letter.advice.front(), HasSubstr("leumund case 7 cause add account:NAME"));
  EXPECT_THAT(letter.body, Not(HasSubstr("unwanted mail")));
}

TEST(Letter, AddressesThatNeverSendAreToldWithWhatIsKnownAndNotMore) {
  auto input = listed();
  input.one.parties.front().places = {"198.51.100.0/24"};
  input.unsent = true;
  auto letter = english(input);
  EXPECT_TRUE(letter.ready);
  EXPECT_EQ(letter.url, "https://psbl.org/remove?ip=198.51.100.0");
  EXPECT_THAT(letter.body, HasSubstr("Addresses in our network 198.51.100.0/24 are listed"));
  EXPECT_THAT(letter.body, HasSubstr("No mail has gone out from the listed addresses through our"));
  EXPECT_THAT(letter.body, Not(HasSubstr("firewall")));
  EXPECT_THAT(letter.body, Not(HasSubstr("unwanted mail"))) << "no cause there";
  input.unsent_since = day - hours(24 * 30);
  input.unsent_until = day - hours(24);
  input.unsent_counted = true;
  EXPECT_THAT(english(input).body, HasSubstr("no packet to port 25 from there between 22 October"));
  EXPECT_THAT(english(input).body, HasSubstr("and 20 November 2026"));
  input.unsent_counted = false;
  EXPECT_THAT(english(input).body, HasSubstr("no connection from there to port 25 between 22 Oct"));
  EXPECT_THAT(english(input).body, Not(HasSubstr("firewall")));
}

TEST(Letter, OfANetworkTheListedAddressesAreSpokenOfBecauseOurServersMayStandInIt) {
  auto input = listed();
  input.one.parties.front().places = {"198.51.100.0/24"};
  input.networks = {{"198.51.100.0/24", {"198.51.100.77"}, 1}};
  input.unsent = true;
  auto letter = english(input);
  EXPECT_EQ(letter.url, "https://psbl.org/remove?ip=198.51.100.77");
  EXPECT_THAT(letter.body, HasSubstr("Our address 198.51.100.77 is listed"));
  EXPECT_THAT(letter.body, HasSubstr("No mail has gone out from there through our mail servers."));
  EXPECT_THAT(letter.subject + letter.body, Not(HasSubstr("198.51.100.0")));
  EXPECT_EQ(all_places(input), "198.51.100.77");

  input.networks = {{"198.51.100.0/24", {"198.51.100.7", "198.51.100.77"}, 40}};
  letter = english(input);
  EXPECT_THAT(letter.body, HasSubstr("Our addresses 198.51.100.7, 198.51.100.77 and 38 more in "
                                     "198.51.100.0/24 are listed"));
  EXPECT_THAT(letter.body, HasSubstr("No mail has gone out from any of them"));
  EXPECT_EQ(all_places(input), "198.51.100.7, 198.51.100.77, 198.51.100.0/24");
}

TEST(Letter, APacketThatTheFirewallCountedIsSaidFirst) {
  auto input = listed();
  input.sends_past = "77 packets to port 25 left 198.51.100.0/24 since 2026-11-01T00:00:00Z";
  const auto letter = english(input);
  EXPECT_FALSE(letter.ready);
  EXPECT_THAT(letter.advice.front(), HasSubstr("77 packets"));
}

TEST(Letter, WhatWasDoneSinceIsToldOnlyIfItWasDoneForAll) {
  auto input = listed();
  input.stopped.front().recovered = {"password", "sessions", "coffee"};
  input.stopped.front().recipients = 300;
  EXPECT_THAT(english(input).body, HasSubstr("By then it had reached 300 recipients. Done since "
                                             "then: password changed, open sessions ended."));
  input.stopped.push_back(stopped(SubjectKind::account, "b@verein.example"));
  const auto body = english(input).body;
  EXPECT_THAT(body, HasSubstr("through 2 mail accounts; the last of them"));
  EXPECT_THAT(body, Not(HasSubstr("Done since")));
  EXPECT_THAT(body, Not(HasSubstr("recipients"))) << "the other's were not counted";
}

TEST(Letter, EachRungOfTheLadderHasItsLetter) {
  auto input = refused();
  input.step = CaseStep::reply;
  input.one.attempts = {
      attempt(CaseStep::form, "tosa@rx.t-online.de", CaseOutcome::refused, input)};
  input.one.attempts.back().answered_at = day + hours(30);
  auto letter = english(input);
  EXPECT_EQ(letter.to, "tosa@rx.t-online.de");
  EXPECT_THAT(letter.body, HasSubstr("answer of 22 November 2026 to our request"));
  input.step = CaseStep::postmaster;
  input.contact.postmaster = "desk@t-online.de";
  EXPECT_EQ(english(input).to, "desk@t-online.de");
  input.contact.postmaster.clear();
  input.contact.email.clear();
  letter = english(input);
  EXPECT_EQ(letter.to, "postmaster@t-online.de");
  EXPECT_THAT(letter.advice, Contains(HasSubstr("nobody has confirmed")));
  input.step = CaseStep::upstream;
  input.upstream = "noc@net.example";
  EXPECT_EQ(english(input).to, "noc@net.example");
  input.step = CaseStep::legal;
  letter = english(input);
  EXPECT_EQ(letter.way, LetterWay::text);
  EXPECT_FALSE(letter.ready);
  EXPECT_THAT(letter.body, HasSubstr("by 5 December 2026"));
  EXPECT_THAT(letter.advice, Contains(HasSubstr("lawyer")));
  EXPECT_THAT(letter.advice, Contains(HasSubstr("'provider:t-online legal=...'")));
  input.step = CaseStep::given_up;
  letter = english(input);
  EXPECT_EQ(letter.way, LetterWay::text);
  EXPECT_THAT(letter.body, Not(HasSubstr("another of our ways"))) << "no detour is known";
}

TEST(Letter, ARequestThatWaitsAndWhatWorkedBeforeAreToldToTheOperator) {
  auto input = listed();
  input.one.attempts = {
      attempt(CaseStep::form, "https://psbl.org/remove", CaseOutcome::waiting, input)};
  input.worked = {attempt(CaseStep::form, "https://psbl.org/remove", CaseOutcome::accepted, input)};
  input.worked_in = 3;
  input.contact.own_note = "ask before noon";
  input.contact.sure = false;
  const auto letter = english(input);
  EXPECT_THAT(letter.advice, Contains(HasSubstr("request of 21 November 2026 still waits")));
  EXPECT_THAT(letter.advice, Contains(HasSubstr("in case 3: their form or page, "
                                                "https://psbl.org/remove: granted")));
  EXPECT_THAT(letter.advice, Contains(HasSubstr("ask before noon")));
  EXPECT_THAT(letter.advice, Contains(HasSubstr("from memory only")));
}

TEST(Letter, TheirAnswerNamesThePlaceWhereItIsAsked) {
  auto input = refused();
  input.contact.method = "follow-reply";
  input.contact.email.clear();
  input.one.parties.front().words = "550 blocked, see https://postmaster.laposte.net/unblock.";
  auto letter = english(input);
  EXPECT_EQ(letter.way, LetterWay::form);
  EXPECT_EQ(letter.url, "https://postmaster.laposte.net/unblock");
  input.one.parties.front().words = "550 blocked; write to desk@laposte.net.";
  EXPECT_EQ(english(input).to, "desk@laposte.net");
  input.one.parties.front().words =
      "550 <anna@verein.example> to <...@laposte.net>: blocked; write to desk@laposte.net.";
  EXPECT_EQ(english(input).to, "desk@laposte.net") << "never a sender or recipient";
  input.one.parties.front().words = "550 blocked";
  letter = english(input);
  EXPECT_EQ(letter.to, "postmaster@t-online.de");
}

}  // namespace
}  // namespace leumund::action
