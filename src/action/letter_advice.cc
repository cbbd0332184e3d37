// What the operator is told beside a letter.
#include <fmt/core.h>

#include <array>

#include "action/letter.h"

namespace leumund::action {
namespace {

using config::Language;

struct Words {
  std::string_view english, german;
};

// In the order of Advice.
constexpr std::array<Words, 27> sentences = {{
    {"{} is not against us any more: there is nothing to ask.",
     "{} steht nicht mehr gegen uns: Es gibt nichts zu bitten."},
    {"{} takes money for removals. Never pay, and do not ask: stop the cause and wait. Whoever "
     "refuses mail because of this list can be asked to use another one.",
     "{} nimmt Geld für Löschungen. Zahlen Sie nie und fragen Sie nicht: Stoppen Sie die Ursache "
     "und warten Sie. Wer wegen dieser Liste Post abweist, kann eine andere verwenden."},
    {"Nobody is asked at {}: an entry ends by itself once the cause is gone.",
     "Bei {} wird niemand gefragt: Ein Eintrag endet von selbst, wenn die Ursache weg ist."},
    {"Nobody is asked at {}: an entry ends by itself, usually {} hours after the cause is gone.",
     "Bei {} wird niemand gefragt: Ein Eintrag endet von selbst, meist {} Stunden nachdem die "
     "Ursache weg ist."},
    {"Do not ask yet: {} still sends like the cause and is not stopped. First: leumund suspend {} "
     "--reason \"...\"",
     "Fragen Sie noch nicht: {} sendet weiter wie die Ursache und ist nicht gestoppt. Zuerst: "
     "leumund suspend {} --reason \"...\""},
    {"Do not ask yet: {} is only throttled and still sends. First: leumund suspend {} --reason "
     "\"...\"",
     "Fragen Sie noch nicht: {} ist nur gedrosselt und sendet weiter. Zuerst: leumund suspend {} "
     "--reason \"...\""},
    {"No sender is known to have been stopped for it, so the letter names no cause. Find it first "
     "(leumund status): a request with the cause still at work does more harm than none. One that "
     "is stopped already: leumund case {} cause add account:NAME",
     "Dass ein Absender deswegen gestoppt wurde, ist nicht bekannt, das Schreiben nennt also keine "
     "Ursache. Finden Sie sie zuerst (leumund status): Eine Bitte bei laufender Ursache schadet "
     "mehr, als sie nützt. Ist sie schon gestoppt: leumund case {} cause add account:NAME"},
    {"The letter calls this the cause, without its name: {}. One that has nothing to do with it: "
     "leumund case {} cause remove account:NAME",
     "Das Schreiben nennt das die Ursache, ohne Namen: {}. Wer nichts damit zu tun hat: leumund "
     "case {} cause remove account:NAME"},
    {"{} was let go without the checklist. Is it clean?",
     "{} wurde ohne Prüfliste freigegeben. Ist dort alles sauber?"},
    {"The request of {} still waits for an answer; a second one before it seldom helps.",
     "Die Anfrage vom {} ist noch unbeantwortet; eine zweite davor hilft selten."},
    {"The registry has this way from memory only. Check it before you use it.",
     "Das Verzeichnis kennt diesen Weg nur aus der Erinnerung. Prüfen Sie ihn vorher."},
    {"Known of them: {}", "Bekannt ist (englisch): {}"},
    {"Your note: {}", "Ihre Notiz: {}"},
    {"Last time, in case {}: {}", "Beim letzten Mal, in Fall {}: {}"},
    {"No address is known for this step. If you find one, keep it in cases.contacts: '{} {}=...'",
     "Für diesen Schritt ist keine Adresse bekannt. Finden Sie eine, dann halten Sie sie in "
     "cases.contacts fest: '{} {}=...'"},
    {"Every domain must have {}; nobody has confirmed that it is read.",
     "{} muss jede Domain haben; ob es gelesen wird, ist nicht bestätigt."},
    {"Send it by a way that they do not refuse: not through our own servers as long as they are "
     "blocked.",
     "Senden Sie es auf einem Weg, den sie nicht abweisen: nicht über unsere Server, solange die "
     "gesperrt sind."},
    {"The page wants to be fetched from the listed address itself: curl --interface {} {}",
     "Die Seite will von der gelisteten Adresse selbst abgerufen werden: curl --interface {} {}"},
    {"They want a proof in the DNS; the page says which record.",
     "Verlangt wird ein Nachweis im DNS; die Seite sagt, welcher."},
    {"How they are asked is not known for sure; look on their page: {}",
     "Wie man dort anfragt, ist nicht sicher bekannt; sehen Sie auf der Seite nach: {}"},
    {"The case holds no request yet: there is no answer to reply to.",
     "Der Fall enthält noch keine Anfrage: Es gibt keine Antwort, auf die man antworten könnte."},
    {"Have a lawyer read it before you send it.",
     "Lassen Sie es von einem Anwalt lesen, bevor Sie es senden."},
    {"The letter is not signed: set letters.name, letters.organisation and letters.email.",
     "Das Schreiben ist nicht unterschrieben: letters.name, letters.organisation und letters.email "
     "setzen."},
    {"When it is sent: {}", "Wenn es gesendet ist: {}"},
    {"The list accuses nobody: it only says that no mail should come from there directly. Ask for "
     "addresses of mail servers only.",
     "Die Liste wirft niemandem etwas vor: Sie sagt nur, dass von dort keine Post direkt kommen "
     "soll. Bitten Sie nur für Adressen von Mailservern."},
    {"Do not ask yet: of what leaves your network is known: {}. Find that machine first.",
     "Fragen Sie noch nicht: Von dem, was Ihr Netz verlässt, ist bekannt: {}. Finden Sie zuerst "
     "diesen Rechner."},
    {"Mend this first, or the request is turned down for it: {} (leumund hygiene)",
     "Bringen Sie zuerst das in Ordnung, sonst scheitert die Bitte daran: {} (leumund hygiene)"},
}};

}  // namespace

std::string advice_words(Advice advice, Language language, std::string_view a, std::string_view b) {
  const Words& words = sentences.at(static_cast<std::size_t>(advice));
  return fmt::format(fmt::runtime(language == Language::de ? words.german : words.english), a, b);
}

std::string_view step_words(model::CaseStep step, Language language) {
  constexpr std::array<Words, 6> words = {
      {{"their form or page", "das Formular oder die Seite der Gegenseite"},
       {"reply to their answer", "auf die Antwort antworten"},
       {"their postmaster, a person", "die Postmaster-Adresse, einen Menschen dort"},
       {"ask the operator of our network", "den Betreiber unseres Netzes bitten"},
       {"the legal way", "der Rechtsweg"},
       {"give up, and take a detour for good", "aufgeben und auf Dauer einen Umweg nehmen"}}};
  const Words& found = words.at(static_cast<std::size_t>(step));
  return language == Language::de ? found.german : found.english;
}

std::string_view outcome_words(model::CaseOutcome outcome, Language language) {
  constexpr std::array<Words, 5> words = {{{"waiting for an answer", "wartet auf Antwort"},
                                           {"granted", "gewährt"},
                                           {"declined", "abgelehnt"},
                                           {"not answered", "nicht beantwortet"},
                                           {"it ended meanwhile", "es endete inzwischen"}}};
  const Words& found = words.at(static_cast<std::size_t>(outcome));
  return language == Language::de ? found.german : found.english;
}

}  // namespace leumund::action
