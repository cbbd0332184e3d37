#include "face/list_page_words.h"

namespace leumund::face {
namespace {

constexpr ListPageWords english = {
    .code = "en",
    .title = "Is this address on our list?",
    .lead =
        "Our DNS lists name addresses that sent spam: to people who complained, or to "
        "addresses that nobody uses. A listing ends by itself when no more reports come.",
    .label = "IP address of a mail server, domain or mail address",
    .look_up = "Look up",
    .other_code = "de",
    .other_name = "Deutsch",
    .no_address =
        "That is no address. Please type one like 192.0.2.1 or 2001:db8::1; a domain or a mail "
        "address where we list such.",
    .too_often = "You asked very often just now. Please try again later.",
    .listed_on = "{} is listed on {}.",
    .not_on = "{} is not listed on {}.",
    .since = "Since {}.",
    .until = "The listing ends by {} if no more reports come.",
    .until_hand = "The operator of this list put it there by hand: \"{}\".",
    .hand_until = "The listing ends at {}.",
    .reports = "Reports that put it there:",
    .because = "Known mail from it in the last week: about {:.0f}.",
    .mail = "The times are UTC.",
    .what_to_do = "What to do",
    .advice =
        "Find out who or what sends this mail: an infected computer, a stolen password, a "
        "form on a web page, a mailing that people did not ask for. Stop it first; what "
        "goes on sending is listed again.",
    .advice_here = "Then take the address off here, or wait.",
    .advice_operator =
        "Then write to the operator of this list: what he put there by hand only he takes off.",
    .delist = "Take it off the list",
    .reason = "What was it, and what did you do about it?",
    .reason_hint = "This is kept with the address.",
    .once = "You can do this once in a while only; the next time the listing has to end by itself.",
    .next_request =
        "This address was taken off on request already; the next request counts from "
        "{} on. The listing ends by itself.",
    .delisted = "It is taken off. Mail servers that kept the answer may need some minutes.",
    .history = "History",
    .nothing_known = "Nothing else is known of it.",
    .by_hand = "By hand",
    .spared = "It belongs to a shared pool that reports do not list.",
    .reason_needed = "Please say in a few words what it was, in 500 characters at most.",
    .not_now = "It cannot be taken off here now.",
    .hand_stays = "Only the operator of this list can take it off.",
    .from_elsewhere = "Please send the form from this page.",
    .kinds = {"complaints", "hits of traps that never were an address",
              "hits of traps that were given up long ago", "hits of traps at mistyped domains",
              "logins at honeypots"},
    .moves = {{{"listed", "listed"},
               {"expired", "ended by itself"},
               {"delisted_on_request", "taken off on request"},
               {"delisted_by_operator", "taken off by the operator"},
               {"spared", "would have been listed, but its honest mail forbids it"},
               {"added", "put on by the operator"},
               {"removed", "taken off by the operator"},
               {"range_proposed", "many listings in this network"}}}};

constexpr ListPageWords german = {
    .code = "de",
    .title = "Steht diese Adresse auf unserer Liste?",
    .lead =
        "Unsere DNS-Listen nennen Adressen, die Spam geschickt haben: an Menschen, die sich "
        "beschwert haben, oder an Adressen, die niemand benutzt. Eine Listung endet von "
        "selbst, wenn keine Meldungen mehr kommen.",
    .label = "IP-Adresse eines Mailservers, Domain oder Mailadresse",
    .look_up = "Nachsehen",
    .other_code = "en",
    .other_name = "English",
    .no_address =
        "Das ist keine Adresse. Bitte geben Sie eine wie 192.0.2.1 oder 2001:db8::1 ein; eine "
        "Domain "
        "oder Mailadresse, wo wir solche listen.",
    .too_often = "Sie haben gerade sehr oft gefragt. Bitte versuchen Sie es später noch einmal.",
    .listed_on = "{} steht auf {}.",
    .not_on = "{} steht nicht auf {}.",
    .since = "Seit {}.",
    .until = "Die Listung endet bis {}, wenn keine Meldungen mehr kommen.",
    .until_hand = "Der Betreiber dieser Liste hat sie von Hand eingetragen: „{}“.",
    .hand_until = "Die Listung endet am {}.",
    .reports = "Meldungen, derentwegen sie dort steht:",
    .because = "Bekannte Mails von dort in der letzten Woche: etwa {:.0f}.",
    .mail = "Die Zeiten sind UTC.",
    .what_to_do = "Was zu tun ist",
    .advice =
        "Finden Sie heraus, wer oder was diese Mails schickt: ein befallener Rechner, ein "
        "gestohlenes Passwort, ein Formular auf einer Webseite, ein Rundbrief, den niemand "
        "bestellt hat. Stellen Sie das zuerst ab; was weiter sendet, kommt wieder auf die "
        "Liste.",
    .advice_here = "Nehmen Sie die Adresse dann hier herunter, oder warten Sie.",
    .advice_operator =
        "Schreiben Sie dann dem Betreiber dieser Liste: Was er von Hand eingetragen hat, nimmt nur "
        "er herunter.",
    .delist = "Von der Liste nehmen",
    .reason = "Was war es, und was haben Sie dagegen getan?",
    .reason_hint = "Das wird bei der Adresse aufgehoben.",
    .once = "Das geht nur ab und zu; beim nächsten Mal muss die Listung von selbst enden.",
    .next_request =
        "Diese Adresse wurde schon einmal auf Wunsch von der Liste genommen; der "
        "nächste Wunsch zählt ab {}. Die Listung endet von selbst.",
    .delisted =
        "Sie ist von der Liste genommen. Mailserver, die sich die Antwort gemerkt haben, "
        "brauchen vielleicht ein paar Minuten.",
    .history = "Geschichte",
    .nothing_known = "Sonst ist nichts über sie bekannt.",
    .by_hand = "Von Hand",
    .spared = "Sie gehört zu einem gemeinsamen Pool, den Meldungen nicht listen.",
    .reason_needed = "Bitte sagen Sie in wenigen Worten, was es war, in höchstens 500 Zeichen.",
    .not_now = "Sie kann hier jetzt nicht heruntergenommen werden.",
    .hand_stays = "Nur der Betreiber dieser Liste kann sie herunternehmen.",
    .from_elsewhere = "Bitte schicken Sie das Formular von dieser Seite ab.",
    .kinds = {"Beschwerden", "Treffer von Fallen, die nie eine Adresse waren",
              "Treffer von Fallen, die lange aufgegeben sind",
              "Treffer von Fallen an vertippten Domains", "Anmeldungen an Honigtöpfen"},
    .moves = {{{"listed", "gelistet"},
               {"expired", "von selbst beendet"},
               {"delisted_on_request", "auf Wunsch heruntergenommen"},
               {"delisted_by_operator", "vom Betreiber heruntergenommen"},
               {"spared", "wäre gelistet worden, aber ihre ehrliche Post spricht dagegen"},
               {"added", "vom Betreiber eingetragen"},
               {"removed", "vom Betreiber heruntergenommen"},
               {"range_proposed", "viele Listungen in diesem Netz"}}}};

}  // namespace

const ListPageWords& list_page_words(config::Language language) {
  return language == config::Language::de ? german : english;
}

}  // namespace leumund::face
