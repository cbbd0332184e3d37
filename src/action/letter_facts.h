// What a letter may say: measured facts of a case, in words of its language.
//
// Flow:    Case, contact, what engine, journal and watch know -> LetterInput -> letter_facts() ->
//          templates of data/letters. What is not known is no fact, so that no sentence tells it.
// Limits:  five places and 500 bytes of the other end's words are quoted.
// Threads: pure functions. No name of an account, customer or recipient becomes a fact.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "action/letter_text.h"
#include "base/time.h"
#include "config/settings.h"
#include "model/case.h"
#include "model/contact.h"

namespace leumund::action {

// Who signs; each may be empty.
struct LetterSender {
  std::string organisation;
  std::string name;
  std::string email;
  std::string phone;
  std::string imprint;
};

// One of our addresses that is refused or listed.
struct OwnAddress {
  std::string address;
  std::string helo;              // "" unknown
  bool reverse_matches = false;  // forward-confirmed reverse DNS was seen
};

// Addresses that never send are listed by their network; these of it are.
struct ListedNetwork {
  std::string network;  // "192.0.2.0/24"
  std::vector<std::string> addresses;
  std::uint64_t count = 0;  // may be more than are named
};

// A sender that was stopped about that time.
struct StoppedSender {
  model::CaseCause cause;
  std::uint32_t recipients = 0;        // that it had reached; 0 unknown
  bool throttled = false;              // only: no letter says that it was stopped
  bool unchecked = false;              // let go without the checklist
  std::vector<std::string> recovered;  // "password", ... when it was let go
};

struct LetterInput {
  model::Case one;
  std::size_t party = 0;  // of one.parties
  model::Contact contact;
  model::CaseStep step = model::CaseStep::form;
  LetterSender sender;
  std::string upstream;  // of the operator of our network
  std::vector<OwnAddress> ours;
  std::vector<ListedNetwork> networks;  // of who().places
  std::vector<StoppedSender> stopped;
  std::string setup;      // what is wrong with our set-up, for which they refuse mail; "" nothing
  std::string suspect;    // sends like the cause and is not restricted; "" none
  bool detector = false;  // the burst detector enforces
  bool unsent = false;    // no mail leaves from the places
  std::optional<base::TimePoint> unsent_since;  // ... and flow data say so
  std::optional<base::TimePoint> unsent_until;
  bool unsent_counted = false;  // a firewall's counter said it, not flow data
  std::string sends_past;       // somebody sends from there without us: the words of what saw it
  bool policy = false;          // the list says no misconduct
  std::vector<model::CaseAttempt> worked;  // what was done the last time, in order
  std::uint64_t worked_in = 0;             // that case; 0 none
  base::TimePoint now;

  [[nodiscard]] const model::CaseParty& who() const { return one.parties.at(party); }
  [[nodiscard]] bool of_list() const { return who().id.starts_with("list:"); }
};

[[nodiscard]] LetterFacts letter_facts(const LetterInput& input, config::Language language);

// The last time that the party was asked; null: never.
[[nodiscard]] const model::CaseAttempt* last_attempt(const model::Case& one,
                                                     std::string_view party);
// The address "192.0.2.25" or domain that stands for all places in a page's address; "" none.
[[nodiscard]] std::string first_place(const LetterInput& input);
// All places, for the field of a form; of a network the listed addresses, where they are known.
[[nodiscard]] std::string all_places(const LetterInput& input);
[[nodiscard]] std::string letter_day(base::TimePoint at, config::Language language);
[[nodiscard]] std::string letter_time(base::TimePoint at, config::Language language);
// Which facts there are, for the test of the templates.
[[nodiscard]] std::vector<std::string_view> letter_fact_names();

}  // namespace leumund::action
