#include "apps/diagnose_reason.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"

namespace leumund::apps {
namespace {

struct Words {
  std::string_view reason;
  std::string_view words;  // lower case
};

// The first that is found decides, so what is more exact stands higher.
constexpr std::array known_words = {
    Words{"mailboxfull", "quota exceeded"},
    Words{"mailboxfull", "over quota"},
    Words{"mailboxfull", "mailbox is full"},
    Words{"mailboxfull", "mailbox full"},
    Words{"mailboxfull", "mailfolder is full"},
    Words{"mailboxfull", "mailbox exceeds"},
    Words{"mailboxfull", "exceeded the local limit"},
    Words{"mailboxfull", "disk quota"},
    Words{"mailboxfull", "postfach voll"},
    Words{"mesgtoobig", "size limit exceeded"},
    Words{"mesgtoobig", "message too large"},
    Words{"mesgtoobig", "exceeds size"},
    Words{"notaccept", "receive email according to the administrator"},
    Words{"notaccept", "not accept mail"},
    Words{"notaccept", "not accepting network messages"},
    Words{"notaccept", "unexpected name server reply"},
    Words{"notaccept", "null mx"},
    Words{"mailererror", "pipe to |"},
    Words{"mailererror", "procmail:"},
    Words{"mailererror", "maildrop:"},
    Words{"mailererror", "mailer error"},
    Words{"mailererror", "command died"},
    Words{"mailererror", "command failed"},
    Words{"mailererror", "command output"},
    Words{"mailererror", "local delivery failed"},
    Words{"mailererror", "x-unix"},
    Words{"networkerror", "host name lookup failure"},
    Words{"networkerror", "name service error"},
    Words{"networkerror", "name server timeout"},
    Words{"networkerror", "dns query failed"},
    Words{"networkerror", "no route to host"},
    Words{"networkerror", "network is unreachable"},
    Words{"networkerror", "host unreachable"},
    Words{"networkerror", "to establish an smtp connection"},
    Words{"networkerror", "mail loop"},
    Words{"networkerror", "loops back"},
    Words{"networkerror", "too many hops"},
    Words{"networkerror", "hop count"},
    Words{"blocked", "connection refused by"},
    Words{"hostunknown", "no such domain"},
    Words{"hostunknown", "domain does not exist"},
    Words{"hostunknown", "domain not found"},
    Words{"hostunknown", "host unknown"},
    Words{"hostunknown", "unknown host"},
    Words{"hostunknown", "host not found"},
    Words{"hostunknown", "domain is not reachable"},
    Words{"hostunknown", "unrouteable mail domain"},
    Words{"userunknown", "user unknown"},
    Words{"userunknown", "unknown user"},
    Words{"userunknown", "user not found"},
    Words{"userunknown", "no such user"},
    Words{"userunknown", "no such address"},
    Words{"userunknown", "no mailbox here"},
    Words{"userunknown", "unrouteable address"},
    Words{"userunknown", "not recognized"},
    Words{"userunknown", "not listed in"},
    Words{"userunknown", "no valid recipients"},
    Words{"userunknown", "recipnotfound"},
    // Japanese: "is not in the list"
    Words{"userunknown",
          "\xE3\x83\xAA\xE3\x82\xB9\xE3\x83\x88\xE3\x81\xAB\xE3\x81\x82\xE3\x82\x8A"
          "\xE3\x81\xBE\xE3\x81\x9B\xE3\x82\x93"},
    Words{"suspend", "account has been disabled"},
    Words{"suspend", "account is disabled"},
    Words{"rejected", "not a member"},
    Words{"rejected", "google groups"},
    Words{"rejected", "googlegroups"},
    Words{"rejected", "not allowed to post"},
    Words{"expired", "expired"},
    Words{"expired", "retry timeout exceeded"},
    Words{"expired", "retry time not reached"},
    Words{"expired", "failing for a long time"},
    Words{"expired", "queue too long"},
    Words{"expired", "too long in the queue"},
    Words{"expired", "giving up"},
    Words{"expired", "still undelivered"},
    Words{"expired", "not delivered within"},
    Words{"expired", "to deliver this message after"},
    Words{"expired", "undeliverable for"},
    Words{"expired", "could not be delivered for"},
    Words{"expired", "our requests to connect"},
    Words{"expired", "host not reachable"},
    Words{"expired", "not responding"},
    Words{"expired", "timed out"},
    Words{"expired", "will be deleted from queue"},
    Words{"systemerror", "queue file write error"},
    Words{"systemerror", "internal error"},
    Words{"systemerror", "configuration error"},
};

// The same, where neither these words nor the diagnosis said anything: what servers usually say.
constexpr std::array usual_words = {
    Words{"virusdetected", "virus"},
    Words{"virusdetected", "malware"},
    Words{"virusdetected", "infected with"},
    Words{"mailboxfull", "out of storage"},
    Words{"mailboxfull", "storage quota"},
    Words{"mailboxfull", "mail box full"},
    Words{"mailboxfull", "mailbox quota"},
    Words{"mesgtoobig", "message size exceeds"},
    Words{"mesgtoobig", "message is too large"},
    Words{"mesgtoobig", "too big"},
    Words{"mesgtoobig", "exceeds maximum message"},
    Words{"hasmoved", "has moved to"},
    Words{"norelaying", "relay not permitted"},
    Words{"norelaying", "relay access denied"},
    Words{"norelaying", "relaying not allowed"},
    Words{"norelaying", "relaying denied"},
    Words{"norelaying", "not a relay"},
    Words{"norelaying", "unable to relay"},
    Words{"norelaying", "we do not relay"},
    Words{"requireptr", "reverse dns"},
    Words{"requireptr", "ptr record"},
    Words{"requireptr", "reverse lookup"},
    Words{"requireptr", "cannot find your hostname"},
    Words{"requireptr", "cannot resolve your"},
    Words{"toomanyconn", "too many connections"},
    Words{"toomanyconn", "connection limit"},
    Words{"toomanyconn", "connection rate"},
    Words{"toomanyconn", "simultaneous connections"},
    Words{"speeding", "rate limit"},
    Words{"speeding", "sending too fast"},
    Words{"speeding", "throttl"},
    Words{"speeding", "too many messages"},
    Words{"speeding", "too much mail"},
    Words{"spamdetected", "detected as spam"},
    Words{"spamdetected", "considered spam"},
    Words{"spamdetected", "classified as spam"},
    Words{"spamdetected", "identified as spam"},
    Words{"spamdetected", "looks like spam"},
    Words{"spamdetected", "spam message"},
    Words{"spamdetected", "junk mail"},
    Words{"failedstarttls", "starttls failed"},
    Words{"failedstarttls", "tls handshake"},
    Words{"failedstarttls", "tls negotiation"},
    Words{"failedstarttls", "cannot start tls"},
    Words{"failedstarttls", "tls is required"},
    Words{"syntaxerror", "syntax error"},
    Words{"syntaxerror", "command not recognized"},
    Words{"syntaxerror", "unrecognized command"},
    Words{"syntaxerror", "bad sequence of commands"},
    Words{"syntaxerror", "command unrecognized"},
    Words{"systemfull", "insufficient system storage"},
    Words{"systemfull", "insufficient disk"},
    Words{"systemfull", "disk full"},
    Words{"systemfull", "no space left"},
    Words{"suspend", "account disabled"},
    Words{"suspend", "mailbox disabled"},
    Words{"suspend", "mailbox is disabled"},
    Words{"suspend", "account is suspended"},
    Words{"suspend", "account has been suspended"},
    Words{"suspend", "account is inactive"},
    Words{"suspend", "mailbox is inactive"},
    Words{"suspend", "user is suspended"},
    Words{"suspend", "account is locked"},
    Words{"suspend", "deactivated"},
    Words{"userunknown", "unknown recipient"},
    Words{"userunknown", "recipient not found"},
    Words{"userunknown", "mailbox not found"},
    Words{"userunknown", "no such recipient"},
    Words{"userunknown", "no such mailbox"},
    Words{"userunknown", "unknown local part"},
    Words{"userunknown", "unknown address"},
    Words{"userunknown", "invalid recipient"},
    Words{"userunknown", "invalid mailbox"},
    Words{"userunknown", "account not found"},
    Words{"userunknown", "address not found"},
    Words{"userunknown", "account does not exist"},
    Words{"userunknown", "address does not exist"},
    Words{"userunknown", "user does not exist"},
    Words{"userunknown", "mailbox does not exist"},
    Words{"userunknown", "not a known user"},
    Words{"userunknown", "not a valid user"},
    Words{"userunknown", "not a valid mailbox"},
    Words{"userunknown", "no account by that name"},
    Words{"userunknown", "recipient unknown"},
    Words{"userunknown", "address unknown"},
    Words{"userunknown", "benutzer unbekannt"},
    Words{"userunknown", "empf\xC3\xA4nger unbekannt"},
    Words{"userunknown", "utilisateur inconnu"},
    Words{"userunknown", "destinataire inconnu"},
    Words{"userunknown", "usuario desconocido"},
    Words{"userunknown", "destinatario sconosciuto"},
    Words{"userunknown", "utente sconosciuto"},
    Words{"userunknown", "does not exist here"},
    Words{"rejected", "sender address rejected"},
    Words{"rejected", "sender rejected"},
    Words{"rejected", "sender verify failed"},
    Words{"rejected", "invalid sender"},
    Words{"rejected", "sender domain"},
    Words{"blocked", "blacklist"},
    Words{"blocked", "blocklist"},
    Words{"blocked", "block list"},
    Words{"blocked", "client host rejected"},
    Words{"blocked", "dnsbl"},
    Words{"contenterror", "malformed"},
    Words{"contenterror", "bare lf"},
    Words{"contenterror", "bare line feed"},
    Words{"contenterror", "mime error"},
    Words{"contenterror", "invalid header"},
    Words{"contenterror", "missing header"},
    Words{"policyviolation", "violates our policy"},
    Words{"policyviolation", "policy violation"},
    Words{"policyviolation", "against our policy"},
    Words{"policyviolation", "local policy"},
    Words{"systemerror", "system error"},
    Words{"systemerror", "temporary local problem"},
    Words{"systemerror", "service unavailable"},
    Words{"systemerror", "service currently unavailable"},
    Words{"systemerror", "temporarily unavailable"},
    Words{"systemerror", "server error"},
    Words{"systemerror", "system config"},
};

// Words that say more than a diagnosis that only refuses: first who is at fault at the receiver,
// then what of us is refused.
constexpr std::array telling_words = {
    Words{"systemerror", "internal system error"},
    Words{"systemerror", "internal error"},
    Words{"systemerror", "queue file write error"},
    Words{"systemerror", "insufficient permission"},
    Words{"systemerror", "local error in processing"},
    Words{"systemerror", "error in processing"},
    Words{"systemfull", "insufficient system storage"},
    Words{"systemfull", "insufficient disk"},
    Words{"systemfull", "no space left"},
    Words{"mailererror", "mailer error"},
    Words{"mailererror", "exit status"},
    Words{"notaccept", "not accepting network messages"},
    Words{"notaccept", "does not accept mail"},
    Words{"securityerror", "unauthenticated sender"},
    Words{"securityerror", "authentication required"},
    Words{"securityerror", "authentication is required"},
    Words{"securityerror", "must issue a starttls"},
    Words{"norelaying", "address is not verified"},
    Words{"norelaying", "unable to relay"},
    Words{"norelaying", "relaying denied"},
    Words{"norelaying", "not permitted to relay"},
    Words{"rejected", "purported responsible"},
    Words{"rejected", "sender was rejected"},
    Words{"rejected", "all recipient addresses rejected"},
    Words{"rejected", "rejected by destination domain"},
    Words{"filtered", "recipient preferences"},
    Words{"filtered", "recipient's preferences"},
    Words{"requireptr", "unverifiable sending ip"},
    Words{"requireptr", "unverifyable sending ip"},
    Words{"blocked", "invalid ip"},
    Words{"policyviolation", "protocol violation"},
    Words{"policyviolation", "potential security"},
};

// Registered meanings that leave no doubt (RFC 3463, 5248, 7372), by subject and detail.
constexpr std::array known_statuses = {
    Words{"rejected", ".1.7"},       Words{"rejected", ".1.8"},      Words{"hostunknown", ".1.2"},
    Words{"hasmoved", ".1.6"},       Words{"notaccept", ".1.10"},    Words{"suspend", ".2.1"},
    Words{"mailboxfull", ".2.2"},    Words{"exceedlimit", ".2.3"},   Words{"systemfull", ".3.1"},
    Words{"notaccept", ".3.2"},      Words{"mesgtoobig", ".3.4"},    Words{"systemerror", ".3.5"},
    Words{"networkerror", ".4.6"},   Words{"contenterror", ".6.1"},  Words{"contenterror", ".6.3"},
    Words{"securityerror", ".7.10"}, Words{"securityerror", ".7.9"}, Words{"suspend", ".7.13"},
    Words{"authfailure", ".7.20"},   Words{"authfailure", ".7.23"},  Words{"authfailure", ".7.26"},
    Words{"requireptr", ".7.25"},    Words{"requireptr", ".7.27"},
};

std::string in_lower_case(std::string_view text) { return base::ascii_lower(text.substr(0, 4096)); }

bool says_unknown_user(std::string_view text) {
  return text.find("user unknown") != std::string_view::npos ||
         text.find("unknown user") != std::string_view::npos ||
         text.find("unknown recipient") != std::string_view::npos ||
         text.find("no such user") != std::string_view::npos;
}

// What a server says of a mailbox at RCPT names it, or tells a status for addresses (x.1.x). Who
// says it without either has taken the mail first.
bool says_it_after_data(const wire::RecipientReport& report, std::string_view text) {
  if (report.status.size() > 3 && report.status.substr(1, 3) == ".1.") return false;
  return report.recipient.empty() || text.find(in_lower_case(report.recipient)) == text.npos;
}

template <typename Table>
std::string_view first_of(const Table& table, std::string_view lowered) {
  for (const auto& known : table) {
    if (lowered.find(known.words) != std::string_view::npos) return known.reason;
  }
  return {};
}

std::string_view reason_of(std::string_view text) {
  return first_of(known_words, in_lower_case(text));
}

std::string_view reason_of_status(std::string_view status) {
  for (const auto& known : known_statuses) {
    if (status.size() == known.words.size() + 1 && status.ends_with(known.words)) {
      return known.reason;
    }
  }
  return {};
}

// The sending side's own words, then what the report says around them.
std::string_view reason_without_answer(const wire::RecipientReport& report) {
  if (const std::string_view reason = reason_of(report.text); !reason.empty()) return reason;
  for (const auto& note : report.notes) {
    if (const std::string_view reason = reason_of(note); !reason.empty()) return reason;
  }
  return report.action == wire::ReportAction::delayed ? "expired" : std::string_view{};
}

bool waited_too_long(const wire::RecipientReport& report, std::string_view text) {
  return report.status.ends_with(".4.7") || text.find(".4.7 ") != std::string_view::npos ||
         text.find("message expired") != std::string_view::npos ||
         text.find("delivery expired") != std::string_view::npos ||
         text.find("deferred:") != std::string_view::npos;
}

// The reasons of a diagnosis that found no more than that something was refused.
bool is_vague(std::string_view reason) {
  constexpr std::array vague = {"userunknown",  "undefined",   "systemerror",     "notcompliantrfc",
                                "hostunknown",  "mailboxfull", "policyviolation", "authfailure",
                                "contenterror", "blocked"};
  return std::find(vague.begin(), vague.end(), reason) != vague.end();
}

std::string_view reason_without_code(const wire::RecipientReport& report, std::string_view text,
                                     std::string_view diagnosed) {
  const bool no_status = report.status.empty() || report.status.ends_with(".0.0");
  // A directory that was asked knows; whoever gives neither code nor status took the mail first.
  const bool directory = text.find("not recognized") != text.npos;
  if (no_status && !directory &&
      (says_unknown_user(text) || text.find("user doesn't have a") != text.npos)) {
    return "filtered";
  }
  if (const std::string_view reason = reason_without_answer(report); !reason.empty()) return reason;
  if (diagnosed == "undefined") {
    if (const std::string_view reason = first_of(usual_words, text); !reason.empty()) return reason;
  }
  // Nothing at all was told: Sisimai waits for more.
  return diagnosed == "undefined" && no_status ? "onhold" : diagnosed;
}

// An unknown user, as the diagnosis has it; Sisimai tells apart who said it when.
std::string_view kind_of_unknown_user(const wire::RecipientReport& report, std::string_view text,
                                      std::string_view diagnosed) {
  const bool early = report.stage == model::DeliveryStage::rcpt;
  const bool mailbox = report.status.ends_with(".2.0") || report.status.ends_with(".2.1");
  const bool after_data =
      report.status.ends_with(".0.0") &&
      (report.stage == model::DeliveryStage::data || report.stage == model::DeliveryStage::end);
  const bool late = mailbox || after_data || says_it_after_data(report, text);
  return !early && late ? "filtered" : diagnosed;
}

bool in_greeting(const wire::RecipientReport& report) {
  return report.stage == model::DeliveryStage::greeting ||
         report.stage == model::DeliveryStage::connect;
}

}  // namespace

std::string_view reason_of_report(const wire::RecipientReport& report,
                                  const diagnosis::Diagnosis& found) {
  const std::string_view diagnosed = found.reason;
  const std::string text = in_lower_case(report.text);
  const bool unknown_user = says_unknown_user(text);
  if (waited_too_long(report, text)) {
    const std::string_view reason = reason_without_answer(report);
    return reason.empty() ? "expired" : reason;
  }
  if (!report.code) return reason_without_code(report, text, diagnosed);
  if (report.code == 551) return "hasmoved";
  if (found.detail == "attachment") return "policyviolation";
  if (is_vague(diagnosed)) {
    if (const std::string_view reason = first_of(telling_words, text); !reason.empty())
      return reason;
  }
  if (found.detail == "rfc-noncompliant") return "notcompliantrfc";
  if (in_greeting(report) && (diagnosed == "undefined" || diagnosed == "systemerror" ||
                              diagnosed == "toomanyconn" || diagnosed == "hostunknown")) {
    return "blocked";
  }
  if (diagnosed == "toomanyconn" && text.find("not accepting connections") != text.npos) {
    return "blocked";
  }
  if (diagnosed == "speeding" &&
      (text.find("connection") != text.npos || text.find("too many recipients") != text.npos)) {
    return "toomanyconn";
  }
  if (diagnosed == "rejected" && unknown_user) return "userunknown";
  if (diagnosed != "userunknown" && diagnosed != "undefined") return diagnosed;
  if (!unknown_user && text.find("recipient not found") == text.npos) {
    if (const std::string_view reason = reason_of_status(report.status); !reason.empty()) {
      // Some say "disabled" of an address that is not there.
      return reason == "suspend" && diagnosed == "userunknown" ? diagnosed : reason;
    }
  }
  if (diagnosed == "undefined") {
    if (const std::string_view reason = reason_of(report.text); !reason.empty()) return reason;
    const std::string_view reason = first_of(usual_words, text);
    return reason.empty() ? diagnosed : reason;
  }
  return unknown_user ? kind_of_unknown_user(report, text, diagnosed) : diagnosed;
}

}  // namespace leumund::apps
