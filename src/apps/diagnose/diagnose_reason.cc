#include "apps/diagnose/diagnose_reason.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "base/ascii.h"

namespace leumund::apps {
namespace {

using diagnosis::ReasonPlace;
using diagnosis::Registry;

// A single word such as "refused" decided.
constexpr double barely_said = 0.3;

std::string in_lower_case(std::string_view text) { return base::ascii_lower(text.substr(0, 4096)); }

bool says_unknown_user(std::string_view text) {
  return text.find("user unknown") != std::string_view::npos ||
         text.find("unknown user") != std::string_view::npos ||
         text.find("unknown recipient") != std::string_view::npos ||
         text.find("no such user") != std::string_view::npos;
}

// The same in wider words: a status says less than these.
bool says_no_such_recipient(std::string_view text) {
  constexpr std::array words = {
      "not found",  "does not exist",  "doesn't exist",     "not exist",     "no such",
      "no mailbox", "address unknown", "recipientnotfound", "recipnotfound", "invalid recipient"};
  return says_unknown_user(text) ||
         std::any_of(words.begin(), words.end(), [text](std::string_view one) {
           return text.find(one) != std::string_view::npos;
         });
}

// A server that counts says so, also before its greeting.
bool counts_connections(std::string_view text) {
  constexpr std::array words = {"too many", "concurrent", "connection limit", "connection rate",
                                "simult",   "zu viele",   "gleichzeitig",     "trop de",
                                "demasiad", "tropp"};
  return std::any_of(words.begin(), words.end(), [text](std::string_view one) {
    return text.find(one) != std::string_view::npos;
  });
}

// What a server says of a mailbox at RCPT names it, or tells a status for addresses (x.1.x). Who
// says it without either has taken the mail first.
bool says_it_after_data(const wire::RecipientReport& report, std::string_view text) {
  if (report.status.size() > 3 && report.status.substr(1, 3) == ".1.") return false;
  return report.recipient.empty() || text.find(in_lower_case(report.recipient)) == text.npos;
}

using Words = std::span<const diagnosis::ReasonWords>;

std::string_view first_of(Words table, std::string_view lowered) {
  for (const auto& known : table) {
    if (lowered.find(known.words) != std::string_view::npos) return known.reason;
  }
  return {};
}

std::string_view reason_of(const Registry& registry, std::string_view text) {
  return first_of(registry.reason_words(ReasonPlace::sending_side), in_lower_case(text));
}

std::string_view reason_of_status(Words table, std::string_view status) {
  // A system that takes nothing just now will again: only for good it accepts no mail.
  if (status == "4.3.2") return "systemerror";
  for (const auto& known : table) {
    if (status.size() == known.words.size() + 1 && status.ends_with(known.words)) {
      return known.reason;
    }
  }
  return {};
}

// The sending side's own words, then what the report says around them.
std::string_view reason_without_answer(const wire::RecipientReport& report,
                                       const Registry& registry) {
  if (const auto reason = reason_of(registry, report.text); !reason.empty()) return reason;
  for (const auto& note : report.notes) {
    if (const auto reason = reason_of(registry, note); !reason.empty()) return reason;
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
                                "contenterror", "blocked",     "rejected",        "filtered",
                                "expired"};
  return std::find(vague.begin(), vague.end(), reason) != vague.end();
}

std::string_view reason_without_code(const wire::RecipientReport& report, std::string_view text,
                                     std::string_view diagnosed, const Registry& registry) {
  const bool no_status = report.status.empty() || report.status.ends_with(".0.0");
  // A directory that was asked knows; whoever gives neither code nor status took the mail first.
  const bool directory = text.find("not recognized") != text.npos;
  if (no_status && !directory &&
      (says_unknown_user(text) || text.find("user doesn't have a") != text.npos)) {
    return "filtered";
  }
  if (const std::string_view reason = reason_without_answer(report, registry); !reason.empty())
    return reason;
  if (diagnosed == "undefined") {
    if (const std::string_view reason = first_of(registry.reason_words(ReasonPlace::usual), text);
        !reason.empty())
      return reason;
  }
  // No words at all: the status says it, but for mailboxes that are busy for now.
  if (diagnosed == "undefined" && !report.status.starts_with("4.2.")) {
    for (const ReasonPlace place : {ReasonPlace::status, ReasonPlace::loose_status}) {
      const std::string_view reason = reason_of_status(registry.reason_words(place), report.status);
      if (!reason.empty()) return reason;
    }
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

// RFC 4954: what these codes refuse is how we proved who we are, whatever the words.
bool about_smtp_auth(int code) { return code == 530 || code == 534 || code == 535 || code == 538; }

// Neither words nor status told anything: what RFC 5321 and 4954 mean by the code at this stage.
std::string_view reason_of_code(int code, model::DeliveryStage stage) {
  using model::DeliveryStage;
  if (about_smtp_auth(code)) return "securityerror";
  if (code >= 500 && code <= 504) return "syntaxerror";
  if (code == 521 || code == 556) return "notaccept";
  if (code == 552 && stage == DeliveryStage::rcpt) return "mailboxfull";
  if (code == 451) return "systemerror";
  if (code == 452) return "systemfull";
  return {};  // 550 at RCPT may be a block as well: nobody shall drop a recipient for it
}

bool in_greeting(const wire::RecipientReport& report) {
  return report.stage == model::DeliveryStage::greeting ||
         report.stage == model::DeliveryStage::connect;
}

// What the code and the status settle, whatever else the words say; "" when they do not.
std::string_view reason_by_code(const wire::RecipientReport& report, std::string_view text,
                                const diagnosis::Diagnosis& found, std::string_view diagnosed,
                                const Registry& registry) {
  // sendmail's own words for a mailer that failed (EX_UNAVAILABLE): what that said stands above.
  if (report.code == 554 && text.ends_with("... service unavailable")) {
    const std::string_view reason = reason_without_answer(report, registry);
    if (!reason.empty() && reason != "expired") return reason;
  }
  // Commands out of order or unknown, whatever else the answer names (RFC 5321, 4.2.2).
  if ((report.code == 502 || report.code == 503) && is_vague(diagnosed)) return "syntaxerror";
  // RFC 5321: these codes are about commands; a status x.5.x says so, too.
  const bool of_commands = *report.code >= 500 && *report.code <= 504 && report.status.size() > 3 &&
                           report.status.substr(1, 3) == ".5.";
  if (of_commands && (diagnosed == "notcompliantrfc" || diagnosed == "contenterror")) {
    return "syntaxerror";
  }
  // RFC 3463, x.6.x: of the message's form, where no RFC is named.
  if (diagnosed == "notcompliantrfc" && report.status.size() > 3 &&
      report.status.substr(1, 3) == ".6." && text.find("rfc") == text.npos) {
    return "contenterror";
  }
  // RFC 3463, x.1.7 and x.1.8: the sender's address, whatever was done about it.
  const bool of_sender = report.status.ends_with(".1.7") || report.status.ends_with(".1.8");
  const bool unsaid = diagnosed == "blocked" || diagnosed == "userunknown";
  if (of_sender && unsaid && found.listed_address.empty()) return "rejected";
  // A mailbox's own space, not the system's.
  if (diagnosed == "mailboxfull" && text.find("mailbox") != text.npos) return diagnosed;
  // What is said to MAIL is said of the sender.
  if (diagnosed == "userunknown" && report.stage == model::DeliveryStage::mail) return "rejected";
  // Before MAIL a server knows nothing of us but our address.
  if (in_greeting(report) && (diagnosed == "policyviolation" || diagnosed == "rejected")) {
    return "blocked";
  }
  if (found.detail == "geo" && in_greeting(report)) return "blocked";
  const bool moved = report.code == 551 && (diagnosed == "userunknown" || diagnosed == "undefined");
  if (moved && first_of(registry.reason_words(ReasonPlace::telling), text).empty()) {
    return "hasmoved";
  }
  if (about_smtp_auth(*report.code) && (diagnosed == "authfailure" || diagnosed == "undefined")) {
    return "securityerror";
  }
  if (found.detail == "attachment") return "policyviolation";
  // "Not now" is no "never": RFC 3463, 4.3.2.
  if (diagnosed == "notaccept" && *report.code < 500) return "systemerror";
  // RFC 3463, 5.1.2: the system that the address names, not the mailbox.
  if (diagnosed == "userunknown" && report.status.ends_with(".1.2") &&
      (text.find("domain") != text.npos || text.find("host") != text.npos)) {
    return "hostunknown";
  }
  return {};
}

}  // namespace

std::string_view reason_of_report(const wire::RecipientReport& report,
                                  const diagnosis::Diagnosis& found,
                                  const diagnosis::Registry& registry) {
  // "Deferred" alone says no more than the code does.
  const bool silent = found.reason == "onhold" && found.kind != diagnosis::Kind::greylist &&
                      report.code.has_value();
  const std::string_view diagnosed = silent ? "undefined" : std::string_view(found.reason);
  const std::string text = in_lower_case(report.text);
  const bool unknown_user = says_unknown_user(text);
  if (waited_too_long(report, text)) {
    const std::string_view reason = reason_without_answer(report, registry);
    return reason.empty() ? "expired" : reason;
  }
  if (!report.code) return reason_without_code(report, text, diagnosed, registry);
  if (const std::string_view reason = reason_by_code(report, text, found, diagnosed, registry);
      !reason.empty()) {
    return reason;
  }
  if (is_vague(diagnosed)) {
    if (const std::string_view reason = first_of(registry.reason_words(ReasonPlace::telling), text);
        !reason.empty())
      return reason;
  }
  if (found.detail == "rfc-noncompliant") return "notcompliantrfc";
  if (in_greeting(report) &&
      (diagnosed == "undefined" || diagnosed == "systemerror" ||
       (diagnosed == "toomanyconn" && !counts_connections(text)) || diagnosed == "hostunknown")) {
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
  if (diagnosed == "mesgtoobig" && report.status.ends_with(".2.3")) return "exceedlimit";
  if (diagnosed == "blocked" && text.find(" reputation") != text.npos) return "badreputation";
  const bool barely = found.confidence < barely_said && diagnosed == "rejected";
  if (diagnosed != "userunknown" && diagnosed != "undefined" && !barely) return diagnosed;
  if (!says_no_such_recipient(text)) {
    if (const std::string_view reason =
            reason_of_status(registry.reason_words(ReasonPlace::status), report.status);
        !reason.empty()) {
      // Some say "disabled" of an address that is not there.
      return reason == "suspend" && diagnosed == "userunknown" ? diagnosed : reason;
    }
  }
  if (diagnosed == "undefined" || barely) {
    for (const std::string_view reason :
         {reason_of(registry, report.text),
          first_of(registry.reason_words(ReasonPlace::usual), text),
          reason_of_status(registry.reason_words(ReasonPlace::loose_status), report.status)}) {
      if (!reason.empty()) return reason;
    }
    if (diagnosed != "undefined") return diagnosed;
    const std::string_view reason = reason_of_code(*report.code, report.stage);
    return reason.empty() ? diagnosed : reason;
  }
  return unknown_user ? kind_of_unknown_user(report, text, diagnosed) : diagnosed;
}

}  // namespace leumund::apps
