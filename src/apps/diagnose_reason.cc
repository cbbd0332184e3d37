#include "apps/diagnose_reason.h"

#include <array>
#include <string>

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

// Registered meanings that leave no doubt, by subject and detail.
constexpr std::array known_statuses = {
    Words{"rejected", ".1.7"},    Words{"rejected", ".1.8"},    Words{"hostunknown", ".1.2"},
    Words{"hasmoved", ".1.6"},    Words{"notaccept", ".1.10"},  Words{"suspend", ".2.1"},
    Words{"exceedlimit", ".2.3"}, Words{"systemfull", ".3.1"},  Words{"notaccept", ".3.2"},
    Words{"mesgtoobig", ".3.4"},  Words{"systemerror", ".3.5"}, Words{"networkerror", ".4.6"},
    Words{"suspend", ".7.13"},
};

std::string in_lower_case(std::string_view text) {
  std::string lowered(text.substr(0, 4096));
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lowered;
}

bool says_unknown_user(std::string_view text) {
  return text.find("user unknown") != std::string_view::npos ||
         text.find("unknown user") != std::string_view::npos ||
         text.find("unknown recipient") != std::string_view::npos;
}

std::string_view reason_of(std::string_view text) {
  const std::string lowered = in_lower_case(text);
  for (const auto& known : known_words) {
    if (lowered.find(known.words) != std::string::npos) return known.reason;
  }
  return {};
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

}  // namespace

std::string_view reason_of_report(const wire::RecipientReport& report, std::string_view diagnosed) {
  const std::string text = in_lower_case(report.text);
  const bool unknown_user = says_unknown_user(text);
  if (waited_too_long(report, text)) {
    const std::string_view reason = reason_without_answer(report);
    return reason.empty() ? "expired" : reason;
  }
  if (!report.code) {
    if (const std::string_view reason = reason_without_answer(report); !reason.empty())
      return reason;
    return diagnosed;
  }
  if (report.code == 551) return "hasmoved";
  if (diagnosed == "rejected" && unknown_user) return "userunknown";
  const bool vague = diagnosed == "userunknown" || diagnosed == "undefined";
  if (!vague) return diagnosed;
  if (!unknown_user) {
    if (const std::string_view reason = reason_of_status(report.status); !reason.empty()) {
      // Some say "disabled" of an address that is not there.
      return reason == "suspend" && diagnosed == "userunknown" ? diagnosed : reason;
    }
  }
  if (diagnosed == "undefined") {
    const std::string_view reason = reason_of(report.text);
    return reason.empty() ? diagnosed : reason;
  }
  // Not refused at RCPT, and not for the address: the mailbox is there but takes nothing.
  const bool early = report.stage == model::DeliveryStage::rcpt;
  const bool mailbox = report.status.ends_with(".2.0") || report.status.ends_with(".2.1");
  const bool after_data =
      report.status.ends_with(".0.0") &&
      (report.stage == model::DeliveryStage::data || report.stage == model::DeliveryStage::end);
  return unknown_user && !early && (mailbox || after_data) ? "filtered" : diagnosed;
}

}  // namespace leumund::apps
