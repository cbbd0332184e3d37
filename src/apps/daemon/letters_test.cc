// Every letter to everybody in the registry, in both languages, without a gap; and a few that were
// read and are kept word for word (tests/golden/letters).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "action/letter.h"
#include "diagnosis/contacts.h"

namespace leumund::action {
namespace {

using config::Language;
using model::CaseOutcome;
using model::CaseStep;
using model::SubjectKind;
using std::chrono::hours;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const base::TimePoint day = base::parse_rfc3339("2026-11-21T03:12:00Z").value();
constexpr std::array all_steps = {CaseStep::form,     CaseStep::reply, CaseStep::postmaster,
                                  CaseStep::upstream, CaseStep::legal, CaseStep::given_up};

struct Known {
  std::vector<diagnosis::DnsList> lists = diagnosis::shipped_dns_lists().value();
  diagnosis::Registry registry = diagnosis::read_registry(diagnosis::embedded_registry()).value();
};
const Known& known() {
  static const Known all;
  return all;
}

StoppedSender stopped(SubjectKind kind, std::uint32_t recipients) {
  StoppedSender one;
  one.cause = {{kind, "anna@verein.example"}, 12, day - hours(1), {}, "unusual"};
  one.recipients = recipients;
  return one;
}

// How much is known: from nothing to all.
enum class Facts { bare, usual, full };

LetterInput input_for(const model::Contact& contact, CaseStep step, Facts facts,
                      std::string_view mender, const std::string& place) {
  LetterInput input;
  input.one.number = 7;
  input.one.subject = {SubjectKind::egress, "out1"};
  model::CaseParty party;
  party.id = contact.party;
  party.title = contact.name;
  party.since = day;
  party.mender = mender;
  const bool list = contact.party.starts_with("list:");
  if (list) {
    party.places = {place};
    party.codes = {"127.0.0.2"};
    party.meaning = "ours, not theirs";
  }
  if (facts != Facts::bare) {
    party.words =
        list ? "Listed, see https://lists.example/x" : "550 5.7.1  Mail from 192.0.2.25 refused";
    party.impact = {facts == Facts::full ? 214U : 1U, facts == Facts::full ? 190U : 1U, 2, 3};
    if (!list) input.ours = {{"192.0.2.25", "mail.example.org", facts == Facts::full}};
    input.stopped = {stopped(SubjectKind::account, 0)};
    input.sender = {"Beispiel Hosting", "Anna Ops", "postmaster@example.org", "", ""};
  }
  input.one.parties = {party};
  if (facts == Facts::full) {
    input.stopped = {stopped(SubjectKind::account, 300), stopped(SubjectKind::script, 17)};
    for (auto& one : input.stopped) one.recovered = {"password", "sessions"};
    input.sender.phone = "+49 30 123456";
    input.sender.imprint = "https://example.org/imprint";
    input.detector = true;
    input.upstream = "noc@net.example";
    for (const auto outcome : {CaseOutcome::unanswered, CaseOutcome::refused}) {
      model::CaseAttempt attempt;
      attempt.party = party.id;
      attempt.at = day + hours(5 + 24 * static_cast<int>(input.one.attempts.size()));
      attempt.to = "desk@their.example";
      attempt.outcome = outcome;
      attempt.answered_at = attempt.at + hours(20);
      input.one.attempts.push_back(attempt);
    }
  }
  input.contact = contact;
  input.step = step;
  input.now = day + hours(50);
  return input;
}

void expect_whole(const Letter& letter, const std::string& where) {
  for (const std::string& text : {letter.subject, letter.body}) {
    EXPECT_FALSE(text.empty()) << where;
    for (const char* gap : {"{{", "}}", "{ip}", "  ", " .", " ,", "()", "\"\"", "[list",
                            "[provider", "@listed", "@refused", "@cause", "@sign", "\n\n\n", "~"}) {
      EXPECT_THAT(text, Not(HasSubstr(gap))) << where;
    }
  }
  EXPECT_FALSE(letter.body.starts_with("\n")) << where;
  for (const auto& [label, value] : letter.fields) {
    EXPECT_FALSE(label.empty() || value.empty()) << where << label;
  }
  for (const std::string& advice : letter.advice) {
    EXPECT_THAT(advice, Not(AnyOf(HasSubstr("{}"), HasSubstr("--to ''")))) << where;
  }
  const bool german = letter.language == Language::de;
  std::string body = letter.body;
  std::replace(body.begin(), body.end(), '\n', ' ');
  const auto any = [&](std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](const char* word) { return body.find(word) != std::string::npos; });
  };
  EXPECT_EQ(any({"Bitte", "Könnten", "erwarten wir", "Falls Sie"}), german) << where << letter.body;
  EXPECT_EQ(any({"Please", "please", "We do not expect", "Could you"}), !german)
      << where << letter.body;
}

void expect_right_door(const Letter& letter, const LetterInput& input, const std::string& where) {
  const auto& contact = input.contact;
  if (letter.way == LetterWay::form) {
    EXPECT_THAT(letter.url, AnyOf(StartsWith("https://"), StartsWith("http://"))) << where;
    EXPECT_EQ(letter.url.find('{'), std::string::npos) << where;
    const std::string& page = contact.form.empty() ? contact.page : contact.form;
    const auto fixed = page.substr(0, page.find_first_of("?{"));
    EXPECT_THAT(letter.url, StartsWith(fixed)) << where;
    EXPECT_EQ(letter.to, "") << where;
  }
  if (letter.way != LetterWay::mail) return;
  EXPECT_NE(letter.to.find('@'), std::string::npos) << where;
  switch (input.step) {
    case CaseStep::form:
    case CaseStep::postmaster:
      EXPECT_EQ(letter.to, contact.email.empty() ? "postmaster@" + contact.domain : contact.email)
          << where;
      break;
    case CaseStep::reply:
      EXPECT_THAT(letter.to, AnyOf("desk@their.example", contact.email)) << where;
      break;
    case CaseStep::upstream: EXPECT_EQ(letter.to, "noc@net.example") << where; break;
    default: ADD_FAILURE() << where << " goes to " << letter.to;
  }
}

// How many letters could be written to them.
int write_all(const model::Contact& contact, std::string_view mender, const std::string& place) {
  int letters = 0;
  for (const auto step : all_steps) {
    for (const auto facts : {Facts::bare, Facts::usual, Facts::full}) {
      const auto input = input_for(contact, step, facts, mender, place);
      for (const auto language : {Language::en, Language::de}) {
        const auto letter = write_letter(input, language, language);
        const std::string where =
            contact.party + "/" + std::string(model::case_step_name(step)) + ": ";
        EXPECT_EQ(letter.language, language);
        if (letter.way == LetterWay::none) {
          EXPECT_EQ(letter.advice.empty(), false) << where;
          EXPECT_EQ(letter.body + letter.to + letter.url, "") << where;
          continue;
        }
        ++letters;
        expect_whole(letter, where);
        expect_right_door(letter, input, where);
      }
    }
  }
  return letters;
}

TEST(Letters, EveryListOfTheRegistryHasItsLettersOrAReasonForNone) {
  int asked = 0;
  for (const auto& list : known().lists) {
    const auto contact = diagnosis::contact_of(list);
    const bool domain = list.of_domains && !list.of_v4 && !list.of_v6;
    const std::string place = domain ? "example.org" : list.of_v4 ? "192.0.2.25" : "2001:db8::25";
    const int letters = write_all(contact, diagnosis::mender_name(list.mender()), place);
    const bool silent = contact.predatory || list.mender() == diagnosis::Mender::time ||
                        list.delist_method == "auto-expiry" || list.delist_method == "none";
    EXPECT_EQ(letters < 6 * 3 * 2, silent) << contact.party;
    asked += silent ? 0 : 1;
  }
  EXPECT_GT(asked, 60) << "most lists take requests";
}

TEST(Letters, EveryProviderOfTheRegistryHasItsLettersOrAReasonForNone) {
  ASSERT_GT(known().registry.providers.size(), 100U);
  for (const auto& provider : known().registry.providers) {
    const auto contact = diagnosis::contact_of(provider);
    const int letters = write_all(contact, "unknown", "");
    EXPECT_EQ(letters < 6 * 3 * 2, provider.delist_method == "auto-expiry") << contact.party;
  }
}

TEST(Letters, PlacesOfEveryKindAndNumberAreSpokenOf) {
  const auto contact = diagnosis::shipped_contact("list:psbl", known().registry, known().lists);
  for (const auto& places :
       std::vector<std::vector<std::string>>{{"192.0.2.25"},
                                             {"192.0.2.25", "2001:db8::25"},
                                             {"192.0.2.0/24"},
                                             {"192.0.2.0/24", "198.51.100.0/24"},
                                             {"example.org"},
                                             {"example.org", "example.net", "example.com"},
                                             {"example.org", "192.0.2.25"},
                                             std::vector<std::string>(300, "192.0.2.1")}) {
    for (const auto step : all_steps) {
      auto input = input_for(contact, step, Facts::usual, "us", "");
      input.one.parties.front().places = places;
      input.unsent = true;
      input.unsent_since = day - hours(1000);
      input.unsent_until = day;
      input.unsent_counted = places.size() > 1;
      for (const auto language : {Language::en, Language::de}) {
        const auto letter = write_letter(input, language, Language::en);
        expect_whole(letter, std::to_string(places.size()) + " " + places.front());
        EXPECT_THAT(letter.body, HasSubstr(places.front()));
      }
    }
  }
}

TEST(Letters, TheListWithAPriceAndTheListThatForgetsAreNotAsked) {
  for (const char* party : {"list:uceprotect-1", "list:spfbl", "list:spamcop"}) {
    const auto contact = diagnosis::shipped_contact(party, known().registry, known().lists);
    const auto letter =
        write_letter(input_for(contact, CaseStep::form, Facts::full, "us", "192.0.2.25"),
                     Language::en, Language::en);
    EXPECT_EQ(letter.way, LetterWay::none) << party;
    for (const auto& advice : letter.advice) {
      EXPECT_THAT(advice, Not(AnyOf(HasSubstr("PayPal"), HasSubstr("sold")))) << party;
    }
  }
}

std::string as_text(const Letter& letter) {
  std::string out = std::string(letter_way_name(letter.way)) +
                    (letter.ready ? ", ready\n" : ", not ready\n") + "To: " + letter.to +
                    "\nPage: " + letter.url + "\nSubject: " + letter.subject + "\n";
  for (const auto& [label, value] : letter.fields) out += label + ": " + value + "\n";
  out += "\n" + letter.body + "\n";
  for (const auto& advice : letter.advice) out += "- " + advice + "\n";
  return out;
}

void expect_golden(const std::string& name, const Letter& letter) {
  const auto file =
      std::filesystem::path(LEUMUND_SOURCE_DIR) / "tests/golden/letters" / (name + ".txt");
  if (std::getenv("LEUMUND_RECORD") != nullptr) std::ofstream(file) << as_text(letter);
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(as_text(letter), text.str()) << name << ": ./dev golden writes it anew; read it then";
}

TEST(LettersGolden, LettersThatWereReadAreAsTheyWere) {
  const auto make = [](const char* party, CaseStep step, Facts facts, const std::string& place,
                       std::string_view mender = "us") {
    const auto contact = diagnosis::shipped_contact(party, known().registry, known().lists);
    return input_for(contact, step, facts, mender, place);
  };
  const auto both = [](const std::string& name, const LetterInput& input) {
    expect_golden(name + ".en", write_letter(input, Language::en, Language::en));
    expect_golden(name + ".de", write_letter(input, Language::de, Language::de));
  };
  both("list_form", make("list:spamhaus-xbl", CaseStep::form, Facts::full, "192.0.2.25"));
  both("list_mail", make("list:nordspam-bl", CaseStep::form, Facts::usual, "192.0.2.25"));
  both("provider_mail", make("provider:t-online", CaseStep::form, Facts::full, ""));
  both("provider_form", make("provider:microsoft-consumer", CaseStep::form, Facts::usual, ""));
  auto faulty = make("provider:t-online", CaseStep::form, Facts::full, "");
  faulty.setup =
      "192.0.2.25 has no reverse name; 192.0.2.25 is mail.example.org, but mail.example.org has no "
      "such address";
  both("faulty_setup", faulty);
  both("reply", make("provider:t-online", CaseStep::reply, Facts::full, ""));
  both("postmaster", make("provider:mx:kunde.example", CaseStep::postmaster, Facts::bare, ""));
  both("upstream", make("list:spamhaus-sbl", CaseStep::upstream, Facts::full, "192.0.2.25",
                        "network_operator"));
  both("legal", make("provider:strato", CaseStep::legal, Facts::full, ""));
  both("given_up", make("provider:unitedinternet-consumer", CaseStep::given_up, Facts::full, ""));
  both("predatory", make("list:uceprotect-2", CaseStep::form, Facts::full, "192.0.2.25"));
  auto red = make("list:microsoft-snds", CaseStep::form, Facts::usual, "192.0.2.25");
  red.one.parties.front().words.clear();
  red.one.parties.front().codes = {"red"};
  red.one.parties.front().meaning =
      "most of its mail was taken for spam, complaints 2.30 %, 3 trap hits";
  both("snds_red", red);
  auto never = make("list:psbl", CaseStep::form, Facts::usual, "198.51.100.0/24");
  never.unsent = true;
  never.unsent_since = day - hours(24 * 20);
  never.unsent_until = day - hours(24 * 2);
  never.unsent_counted = true;
  never.networks = {{"198.51.100.0/24", {"198.51.100.77"}, 1}};
  both("never_sends", never);
  never.unsent_counted = false;
  never.networks.front() = {"198.51.100.0/24",
                            {"198.51.100.3", "198.51.100.7", "198.51.100.12", "198.51.100.30",
                             "198.51.100.77", "198.51.100.78", "198.51.100.79", "198.51.100.80"},
                            40};
  both("never_sends_by_flows", never);
}

}  // namespace
}  // namespace leumund::action
