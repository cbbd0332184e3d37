// What the admin is told when one of our addresses is listed or no longer, and when a list itself
// went wrong.
#include <fmt/core.h>

#include "action/notice_text.h"
#include "action/one_line.h"
#include "action/sentences.h"

namespace leumund::action {
namespace {

constexpr std::size_t text_bytes_max = 400;

std::string mender_words(const model::Listing& listing, bool german) {
  if (listing.mender == "us") {
    return german ? "wir selbst, bei der Liste" : "we ourselves, at the list";
  }
  if (listing.mender == "network_operator") {
    return german ? "nur der Betreiber des Netzes" : "only the operator of the network";
  }
  if (listing.mender == "time") {
    return german ? "niemand: der Eintrag verfällt, wenn die Ursache weg ist"
                  : "nobody: the entry ends by itself once the cause is gone";
  }
  return "";
}

// Where to look for the cause.
std::string cause_words(const model::Listing& listing, bool german) {
  if (listing.policy) {
    return german ? "Die Seite sagt, welche Regel es ist; wie die Adresse eingerichtet ist, zeigt: "
                    "leumund hygiene"
                  : "Their page says which rule it is; how the address is set up: leumund hygiene";
  }
  if (!listing.sends) {
    return german ? "Die Ursache finden: Wer könnte von dort senden? Unsere Server waren es nicht."
                  : "Find out why: who could send from there? Our servers did not.";
  }
  if (listing.scope == "domain") {
    return german ? "Die Ursache finden: Verschickt eines unserer Konten Spam (leumund status), "
                    "oder ist eine Webseite darunter gehackt?"
                  : "Find out why: is one of our accounts sending spam (leumund status), or is a "
                    "site under it cracked?";
  }
  return german ? "Die Ursache finden: Verschickt eines unserer Konten Spam? leumund status"
                : "Find out why: is one of our accounts sending spam? leumund status";
}

// Whom to ask then, if anybody.
std::string ask_words(const model::Listing& listing, bool german) {
  if (listing.predatory) {
    return german ? "Diese Liste nimmt Geld. Zahlen Sie nicht: Ursache beheben und abwarten."
                  : "This list takes money. Do not pay: mend the cause and wait.";
  }
  if (listing.mender == "time") {
    return german ? "Niemand ist zu bitten: der Eintrag verfällt, wenn die Ursache weg ist."
                  : "Nobody is to be asked: the entry ends by itself once the cause is gone.";
  }
  if (listing.mender == "network_operator") {
    return german ? "Erst dann den Betreiber des Netzes bitten, die Streichung zu verlangen. Das "
                    "Schreiben steht im Fall: leumund cases"
                  : "Only then ask the operator of the network to have it taken off. The letter is "
                    "in the case: leumund cases";
  }
  return german
             ? "Erst dann um die Streichung von der Liste bitten. Das Schreiben steht im Fall: "
               "leumund cases"
             : "Only then ask to be taken off the list. The letter is in the case: leumund cases";
}

std::string scope_words(const model::Listing& listing, bool german) {
  if (listing.scope == "range") return german ? "ein ganzes Netz" : "a whole network";
  if (listing.scope == "asn") {
    return german ? "alle Adressen des Netzbetreibers" : "all addresses of the network's operator";
  }
  if (listing.scope == "domain") return german ? "die Domain" : "the domain";
  return german ? "einzelne Adressen" : "single addresses";
}

std::string codes_of(const model::Listing& listing) {
  std::string codes;
  for (const std::string& code : listing.codes) codes += (codes.empty() ? "" : ", ") + code;
  return codes;
}

std::string examples_of(const model::Listing& listing, bool german) {
  if (listing.examples.empty()) return "";
  std::string text;
  for (const std::string& one : listing.examples) text += (text.empty() ? "" : ", ") + one;
  if (listing.addresses > listing.examples.size()) {
    const auto more = listing.addresses - listing.examples.size();
    text += german ? fmt::format(" und {} weitere", more) : fmt::format(" and {} more", more);
  }
  return text;
}

std::string no_mail_words(const model::Listing& listing, Language language) {
  if (listing.sends) return "";
  if (!listing.proof.empty()) {
    return one_line(translated(language, listing.proof), text_bytes_max);
  }
  return language == Language::de ? "keine Post über unsere Server" : "no mail through our servers";
}

NoticeText of_listing(const model::Decision& decision, Language language) {
  const bool german = language == Language::de;
  const model::Listing& listing = *decision.listing;
  const bool gone = decision.kind == model::DecisionKind::delisted;
  const std::string& url = listing.delist_url.empty() ? listing.lookup_url : listing.delist_url;
  return fill_template(
      notice_template(gone ? "delisted" : "listed", language),
      {{"place", one_line(listing.place, 200)},
       {"egress", one_line(listing.egress, 100)},
       {"list", one_line(listing.list_name, 100)},
       {"since", notice_time(listing.since)},
       {"until", listing.until ? notice_time(*listing.until) : ""},
       {"codes", codes_of(listing)},
       {"meaning", listing.meaning == "listed"
                       ? ""
                       : one_line(translated_list(language, listing.meaning), text_bytes_max)},
       {"policy", !listing.policy ? ""
                  : german        ? "Nur eine Regel, kein Vorwurf: niemand hat Spam gemeldet."
                                  : "A policy only, no misconduct: nobody reported spam."},
       {"words", one_line(listing.reason, text_bytes_max)},
       {"scope", scope_words(listing, german)},
       {"mender", mender_words(listing, german)},
       {"addresses", examples_of(listing, german)},
       {"no_mail", no_mail_words(listing, language)},
       {"url", one_line(url, text_bytes_max)},
       {"cause", cause_words(listing, german)},
       {"ask", ask_words(listing, german)},
       {"number", std::to_string(decision.number)},
       {"argument", shell_argument(listing.place)}});
}

NoticeText of_fault(const model::Decision& decision, Language language) {
  const model::ListFault& fault = *decision.list_fault;
  const bool well = decision.kind == model::DecisionKind::list_well;
  return fill_template(notice_template(well ? "listwell" : "listfault", language),
                       {{"list", one_line(fault.list_name, 100)},
                        {"since", notice_time(fault.since)},
                        {"until", fault.until ? notice_time(*fault.until) : ""},
                        {"reason", one_line(translated(language, fault.reason), text_bytes_max)},
                        {"number", std::to_string(decision.number)}});
}

NoticeText of_setup(const model::Decision& decision, Language language) {
  const bool well = decision.kind == model::DecisionKind::setup_well;
  return fill_template(
      notice_template(well ? "setupwell" : "setupfault", language),
      {{"subject", one_line(decision.subject.to_string(), 200)},
       {"since", notice_time(decision.restriction.since)},
       {"reason", one_line(translated_list(language, decision.restriction.reason), text_bytes_max)},
       {"number", std::to_string(decision.number)}});
}

}  // namespace

NoticeText listing_notice(const model::Decision& decision, Language language) {
  if (decision.listing) return of_listing(decision, language);
  if (decision.kind == model::DecisionKind::setup_fault ||
      decision.kind == model::DecisionKind::setup_well) {
    return of_setup(decision, language);
  }
  return decision.list_fault ? of_fault(decision, language) : NoticeText{};
}

}  // namespace leumund::action
