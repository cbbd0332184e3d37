#include "action/letter_facts.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "action/desk_addresses.h"
#include "action/one_line.h"
#include "action/sentences.h"
#include "base/ip_address.h"

namespace leumund::action {
namespace {

using base::TimePoint;
using config::Language;
using model::CaseAttempt;
using model::CaseOutcome;
using model::CaseStep;
using model::SubjectKind;

constexpr std::size_t places_named_max = 5;
constexpr std::size_t places_listed_max = 200;
constexpr std::size_t words_bytes_max = 500;
constexpr std::size_t name_bytes_max = 200;
constexpr std::chrono::days patience_before_law{14};

constexpr std::array<std::string_view, 12> english_months = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 12> german_months = {
    "Januar", "Februar", "März",      "April",   "Mai",      "Juni",
    "Juli",   "August",  "September", "Oktober", "November", "Dezember"};

// Texts from outside: one line, no blank twice, no quotes of the kind that we put around them.
std::string tidy(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : one_line(text, bytes_max)) {
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c == '"' ? '\'' : c;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string joined(const std::vector<std::string>& parts, Language language) {
  const std::string_view last = language == Language::de ? " und " : " and ";
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out += i == 0 ? "" : i + 1 == parts.size() ? last : ", ";
    out += parts[i];
  }
  return out;
}

struct Places {
  std::vector<std::string> names;
  std::uint64_t unnamed = 0;          // more that are listed in ...
  std::vector<std::string> networks;  // ... these

  [[nodiscard]] std::uint64_t count() const { return names.size() + unnamed; }
};

// Places as the world knows them: addresses, networks, domains. An egress's name is ours alone. Of
// a network only what is listed is meant: our servers may stand in it as well.
Places places_of(const LetterInput& input) {
  Places out;
  if (!input.of_list()) {
    for (const OwnAddress& own : input.ours) out.names.push_back(own.address);
    return out;
  }
  for (const std::string& place : input.who().places) {
    const auto known = std::find_if(input.networks.begin(), input.networks.end(),
                                    [&](const auto& one) { return one.network == place; });
    if (known == input.networks.end() || known->addresses.empty()) {
      out.names.push_back(tidy(place, name_bytes_max));
      continue;
    }
    out.names.insert(out.names.end(), known->addresses.begin(), known->addresses.end());
    if (known->count <= known->addresses.size()) continue;
    out.unnamed += known->count - known->addresses.size();
    out.networks.push_back(known->network);
  }
  return out;
}

void add_places(const LetterInput& input, Language language, LetterFacts& facts) {
  const Places all = places_of(input);
  const std::vector<std::string>& places = all.names;
  if (places.empty()) return;
  std::vector<std::string> named(
      places.begin(),
      places.begin() + static_cast<std::ptrdiff_t>(std::min(places.size(), places_named_max)));
  if (const std::uint64_t more = all.count() - named.size(); more > 0) {
    named.push_back(language == Language::de ? fmt::format("{} weitere", more)
                                             : fmt::format("{} more", more));
  }
  facts["places"] = joined(named, language);
  if (!all.networks.empty()) facts["places"] += " in " + joined(all.networks, language);
  const auto kind = [](const std::string& place) -> std::string {
    if (base::IpAddress::parse(place)) return "address";
    return base::IpPrefix::parse(place) ? "network" : "domain";
  };
  const std::string first = kind(places.front());
  const bool alike = std::all_of(places.begin(), places.end(),
                                 [&](const std::string& place) { return kind(place) == first; });
  const bool one = all.count() == 1;
  facts[alike ? first + (one ? "_one" : "_many") : std::string("mixed")] = "yes";
  facts[one ? "one_place" : "many_places"] = "yes";
}

// The name of our server, where all that is meant has one name.
void add_server(const LetterInput& input, LetterFacts& facts) {
  std::string helo;
  std::string reverse;
  bool all_match = !input.ours.empty();
  for (const OwnAddress& own : input.ours) {
    if (&own == &input.ours.front()) helo = own.helo;
    if (own.helo != helo) helo.clear();
    all_match = all_match && own.reverse_matches && !own.helo.empty();
    reverse += fmt::format("{}{} ({})", reverse.empty() ? "" : ", ", own.address, own.helo);
  }
  facts["helo"] = helo;
  if (all_match) facts["reverse"] = reverse;
}

// A code is told as such; where there is none but a colour, what is shown with it.
void add_codes(const model::CaseParty& party, Language language, LetterFacts& facts) {
  std::vector<std::string> codes;
  std::copy_if(party.codes.begin(), party.codes.end(), std::back_inserter(codes),
               [](const std::string& code) { return base::IpAddress::parse(code).has_value(); });
  if (codes.size() > places_named_max) codes.resize(places_named_max);
  if (!codes.empty()) facts[codes.size() == 1 ? "code" : "codes"] = joined(codes, language);
  if (codes.empty() && !party.codes.empty() && party.codes.front() == "red") {
    facts["figures"] = tidy(translated_list(language, party.meaning), words_bytes_max);
  }
}

void add_impact(const model::CaseImpact& impact, LetterFacts& facts) {
  if (impact.mails == 1) facts["one_mail"] = "yes";
  if (impact.mails < 2) return;
  facts["mails"] = std::to_string(impact.mails);
  facts["many_mails"] = "yes";
  if (impact.recipients == 1) facts["one_recipient"] = "yes";
  if (impact.recipients < 2) return;
  facts["many_recipients"] = "yes";
  facts["recipients"] = std::to_string(impact.recipients);
}

struct KindWords {
  SubjectKind kind;
  std::string_view english_one, english_many, german_one, german_many;
};
constexpr std::array<KindWords, 4> kind_words = {{
    {SubjectKind::account, "one mail account", "mail accounts", "ein Postfach", "Postfächer"},
    {SubjectKind::script, "a script on a web server", "scripts on web servers",
     "ein Skript auf einem Webserver", "Skripte auf Webservern"},
    {SubjectKind::forward, "a forwarding rule", "forwarding rules", "eine Weiterleitung",
     "Weiterleitungen"},
    {SubjectKind::client_address, "one computer", "computers", "einen Rechner", "Rechner"},
}};

using StoppedSenders = std::vector<StoppedSender>;

std::string cause_words(const StoppedSenders& stopped, Language language) {
  const bool german = language == Language::de;
  std::vector<std::string> parts;
  for (const KindWords& words : kind_words) {
    const auto count = std::count_if(stopped.begin(), stopped.end(), [&](auto& one) {
      return one.cause.subject.kind == words.kind;
    });
    if (count == 1) parts.emplace_back(german ? words.german_one : words.english_one);
    if (count > 1) {
      parts.push_back(fmt::format("{} {}", count, german ? words.german_many : words.english_many));
    }
  }
  // A campaign is named only where its accounts are not.
  if (parts.empty() && !stopped.empty()) {
    parts.emplace_back(german ? "mehrere Postfächer zugleich" : "several mail accounts at once");
  }
  return joined(parts, language);
}

std::string_view recovered_words(std::string_view item, bool german) {
  if (item == "password") return german ? "Passwort geändert" : "password changed";
  if (item == "sessions") return german ? "offene Sitzungen beendet" : "open sessions ended";
  if (item == "forwards") {
    return german ? "Weiterleitungen und Filter geprüft" : "forwards and filters checked";
  }
  if (item == "script") return german ? "Skript bereinigt" : "script cleaned up";
  return "";
}

// What was done for every one of them; a thing done for some would tell too much.
std::string recovery_words(const StoppedSenders& stopped, Language language) {
  std::string out;
  for (const std::string& item : stopped.front().recovered) {
    const bool everywhere =
        std::all_of(stopped.begin(), stopped.end(), [&](const StoppedSender& one) {
          return std::find(one.recovered.begin(), one.recovered.end(), item) != one.recovered.end();
        });
    const auto words = recovered_words(item, language == Language::de);
    if (everywhere && !words.empty()) out += (out.empty() ? "" : ", ") + std::string(words);
  }
  return out;
}

void add_cause(const LetterInput& input, Language language, LetterFacts& facts) {
  if (input.detector) facts["detector"] = "yes";
  if (input.unsent) facts["unsent"] = "yes";
  if (input.unsent && input.unsent_since && input.unsent_until) {
    const std::string what = input.unsent_counted ? "unsent" : "no_flow";
    facts[what + "_since"] = letter_time(*input.unsent_since, language);
    facts[what + "_until"] = letter_time(*input.unsent_until, language);
  }
  StoppedSenders stopped = input.stopped;
  std::erase_if(stopped, [](const StoppedSender& one) { return one.throttled; });
  if (stopped.empty() || input.unsent) return;
  facts["cause"] = cause_words(stopped, language);
  const bool one =
      stopped.size() == 1 && stopped.front().cause.subject.kind != SubjectKind::campaign;
  facts[one ? "cause_one" : "cause_many"] = "yes";
  TimePoint last;
  std::uint64_t reached = 0;
  bool counted = true;
  for (const StoppedSender& sender : stopped) {
    last = std::max(last, sender.cause.stopped_at);
    reached += sender.recipients;
    counted = counted && sender.recipients > 0;
  }
  facts["stopped_at"] = letter_time(last, language);
  if (counted && reached > 1) facts["reached"] = std::to_string(reached);
  facts["recovery"] = recovery_words(stopped, language);
}

void add_requests(const LetterInput& input, Language language, LetterFacts& facts) {
  std::size_t count = 0;
  const CaseAttempt* last = last_attempt(input.one, input.who().id);
  if (last == nullptr) return;
  for (const CaseAttempt& attempt : input.one.attempts) {
    if (attempt.party != input.who().id || attempt.step == CaseStep::given_up) continue;
    if (count++ == 0) facts["first_asked"] = letter_day(attempt.at, language);
  }
  facts["asked_at"] = letter_day(last->at, language);
  if (last->answered_at) facts["answered_at"] = letter_day(*last->answered_at, language);
  if (last->outcome == CaseOutcome::accepted) facts["accepted"] = "yes";
  if (last->outcome == CaseOutcome::refused) facts["declined"] = "yes";
  facts[last->to.contains('@') ? "asked_by_mail" : "asked_by_form"] = "yes";
  if (count == 1) facts["asked_once"] = "yes";
  if (count > 1) facts["asked_often"] = std::to_string(count);
}

// Whether the last that the case tells of a detour is that it is open.
bool takes_detour(const LetterInput& input) {
  bool open = false;
  for (const auto& line : input.one.lines) {
    if (line.event != model::CaseEvent::detour || line.party != input.who().id) continue;
    if (line.text.ends_with(')')) continue;  // a pool's: of some senders only
    open = line.text.starts_with("open") || line.text.starts_with("capped");
  }
  return open;
}

std::string title_of(const LetterInput& input, Language language) {
  const auto& contact = input.contact;
  std::string title = tidy(contact.name.empty() ? input.who().title : contact.name, name_bytes_max);
  // What the registry adds to a list's name is no part of it: "CBL (old name of the XBL data)".
  if (input.of_list()) title.resize(std::min(title.find(" ("), title.size()));
  // "GMX, WEB.DE and mail.com"
  const auto at = language == Language::de ? title.find(" and ") : std::string::npos;
  if (at != std::string::npos) title.replace(at, 5, " und ");
  return title;
}

}  // namespace

const CaseAttempt* last_attempt(const model::Case& one, std::string_view party) {
  const CaseAttempt* last = nullptr;
  for (const CaseAttempt& attempt : one.attempts) {
    if (attempt.party == party) last = &attempt;
  }
  return last;
}

std::string letter_day(TimePoint at, Language language) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto month = static_cast<unsigned>(date.month()) - 1;
  return language == Language::de
             ? fmt::format("{}. {} {}", static_cast<unsigned>(date.day()), german_months.at(month),
                           static_cast<int>(date.year()))
             : fmt::format("{} {} {}", static_cast<unsigned>(date.day()), english_months.at(month),
                           static_cast<int>(date.year()));
}

std::string letter_time(TimePoint at, Language language) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::minutes>(at - day));
  return language == Language::de
             ? fmt::format("{} um {:02}:{:02} Uhr UTC", letter_day(at, language),
                           clock.hours().count(), clock.minutes().count())
             : fmt::format("{} at {:02}:{:02} UTC", letter_day(at, language), clock.hours().count(),
                           clock.minutes().count());
}

std::string first_place(const LetterInput& input) {
  const auto places = places_of(input).names;
  return places.empty() ? "" : places.front().substr(0, places.front().find('/'));
}

std::string all_places(const LetterInput& input) {
  std::string out;
  std::size_t count = 0;
  const Places all = places_of(input);
  for (const auto* part : {&all.names, &all.networks}) {
    for (const std::string& place : *part) {
      if (count++ < places_listed_max) out += (out.empty() ? "" : ", ") + place;
    }
  }
  return out;
}

LetterFacts letter_facts(const LetterInput& input, Language language) {
  const model::CaseParty& party = input.who();
  LetterFacts facts;
  facts[input.of_list() ? "list" : "provider"] = "yes";
  facts["title"] = title_of(input, language);
  facts["since"] = letter_time(party.since, language);
  facts["words"] = without_strangers(tidy(party.words, words_bytes_max), input.contact, language);
  add_codes(party, language, facts);
  add_places(input, language, facts);
  add_server(input, facts);
  add_impact(party.impact, facts);
  add_cause(input, language, facts);
  add_requests(input, language, facts);
  if (input.policy) facts["policy"] = "yes";
  if (party.mender == "network_operator") facts["upstream_only"] = "yes";
  if (takes_detour(input)) facts["detour"] = "yes";
  facts["deadline"] = letter_day(input.now + patience_before_law, language);
  facts["name"] = tidy(input.sender.name, name_bytes_max);
  facts["organisation"] = tidy(input.sender.organisation, name_bytes_max);
  facts["email"] = tidy(input.sender.email, name_bytes_max);
  facts["phone"] = tidy(input.sender.phone, name_bytes_max);
  facts["imprint"] = tidy(input.sender.imprint, name_bytes_max);
  return facts;
}

std::vector<std::string_view> letter_fact_names() {
  return {"list",          "provider",      "title",           "since",         "words",
          "places",        "address_one",   "address_many",    "network_one",   "network_many",
          "domain_one",    "domain_many",   "mixed",           "one_place",     "many_places",
          "helo",          "reverse",       "one_mail",        "mails",         "many_mails",
          "recipients",    "one_recipient", "many_recipients", "cause",         "cause_one",
          "cause_many",    "stopped_at",    "reached",         "recovery",      "detector",
          "unsent",        "unsent_since",  "first_asked",     "asked_at",      "answered_at",
          "accepted",      "declined",      "asked_by_mail",   "asked_by_form", "asked_once",
          "asked_often",   "policy",        "upstream_only",   "detour",        "deadline",
          "name",          "organisation",  "email",           "phone",         "imprint",
          "code",          "codes",         "figures",         "form",          "no_flow_since",
          "no_flow_until", "unsent_until"};
}

}  // namespace leumund::action
