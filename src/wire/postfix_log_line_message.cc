#include "wire/postfix_log_line_message.h"

#include <array>
#include <span>
#include <utility>

#include "wire/postfix_log_line_scan.h"

namespace leumund::wire {
namespace {

using log_scan::take;
using log_scan::take_address;
using log_scan::take_number;
using log_scan::take_peer;
using log_scan::take_until;

bool starts_with_any(std::string_view text, std::span<const std::string_view> words) {
  for (const std::string_view word : words) {
    if (text.starts_with(word)) return true;
  }
  return false;
}

// What any program of Postfix may say and what never concerns one message.
bool irrelevant_anywhere(std::string_view text) {
  static constexpr std::array<std::string_view, 40> words = {"warning: ",
                                                             "fatal: ",
                                                             "panic: ",
                                                             "error: ",
                                                             "info: ",
                                                             "Anonymous TLS connection ",
                                                             "Trusted TLS connection ",
                                                             "Untrusted TLS connection ",
                                                             "Verified TLS connection ",
                                                             "SSL_",
                                                             "TLS ",
                                                             "Reusing old",
                                                             "using ",
                                                             "table ",
                                                             "initializing ",
                                                             "setting up TLS ",
                                                             "certificate ",
                                                             "Peer ",
                                                             "server certificate ",
                                                             "save session",
                                                             "looking for session",
                                                             "reloading session",
                                                             "auto_clnt_",
                                                             "dict_",
                                                             "match_",
                                                             "name_mask",
                                                             "< ",
                                                             "> ",
                                                             "send attr ",
                                                             "input attr",
                                                             "watchdog",
                                                             "rewrite_clnt",
                                                             "connection ",
                                                             "mapping ",
                                                             "discarding EHLO ",
                                                             "idle timeout",
                                                             "statistics: ",
                                                             "open ",
                                                             "refreshing ",
                                                             "master_notify"};
  return starts_with_any(text, words);
}

// "in queue or out": a note on one message that changes nothing for it.
void mark_leftover(std::string_view text, PostfixLogLine& out) {
  if (irrelevant_anywhere(text)) out.kind = LineKind::irrelevant;
}

// "; from=<a> to=<b> proto=ESMTP helo=<c> sasl_username=<d>" behind the last "; from=<"; what is
// in front of it stays in `text`.
void take_envelope(std::string_view& text, PostfixLogLine& out) {
  const std::size_t at = text.rfind("; from=<");
  if (at == std::string_view::npos) return;
  std::string_view rest = text.substr(at + 8);
  text = text.substr(0, at);
  if (!take_address(rest, out.sender)) return;
  if (take(rest, " to=<") && !take_address(rest, out.recipient)) return;
  constexpr std::string_view sasl = "sasl_username=<";
  const std::size_t name = rest.find(sasl);
  if (name == std::string_view::npos) return;
  rest.remove_prefix(name + sasl.size());
  (void)take_until(rest, '>', out.account);
}

// "RCPT from name[address]: 550 5.1.1 <b>: Recipient address rejected: ...; from=<a> to=<b> ...".
void parse_refusal(std::string_view text, PostfixLogLine& out) {
  std::string_view rest = text;
  if (take_until(rest, " from ", out.stage) &&
      take_peer(rest, out.client_name, out.client_address)) {
    (void)take(rest, ": ");
    text = rest;
  } else {
    out.stage = {};
    out.client_name = out.client_address = {};
  }
  take_envelope(text, out);
  out.text = text;
  out.kind = LineKind::refused;
}

bool is_refusal_verb(std::string_view verb) {
  static constexpr std::array<std::string_view, 22> verbs = {
      "reject",      "reject_warning", "warn",           "hold",
      "filter",      "redirect",       "discard",        "bcc",
      "info",        "defer",          "permit",         "delay",
      "trigger",     "client",         "proxy-reject",   "milter-reject",
      "milter-hold", "milter-discard", "milter-replace", "milter-redirect",
      "proxy-defer", "proxy-accept"};
  for (const std::string_view known : verbs) {
    if (known == verb) return true;
  }
  return false;
}

// "name[address], sasl_method=PLAIN, sasl_username=a, sasl_sender=b, orig_queue_id=..., ...".
void parse_client(std::string_view text, PostfixLogLine& out) {
  if (!take_peer(text, out.client_name, out.client_address)) return;
  out.kind = LineKind::client;
  const std::array<std::pair<std::string_view, std::string_view*>, 5> fields = {{
      {", sasl_method=", &out.sasl_method},
      {", sasl_username=", &out.account},
      {", sasl_sender=", &out.sasl_sender},
      {", orig_queue_id=", &out.orig_queue_id},
      {", orig_client=", &out.orig_client},
  }};
  // The names come in this order; a value ends where the next of them begins, since a login name
  // may hold commas.
  for (std::size_t i = 0; i < fields.size() && !text.empty(); ++i) {
    if (!take(text, fields[i].first)) continue;
    std::size_t end = text.size();
    for (std::size_t next = i + 1; next < fields.size(); ++next) {
      const std::size_t at = text.find(fields[next].first);
      if (at < end) end = at;
    }
    *fields[i].second = text.substr(0, end);
    text.remove_prefix(end);
  }
}

// "proxy-accept: END-OF-MESSAGE: 250 2.0.0 ... queued as X; from=<a> to=<b> proto=...".
void parse_proxy_accepted(std::string_view text, PostfixLogLine& out) {
  take_envelope(text, out);
  out.text = text;
  out.other_queue_id = read_delivery_text(text, model::DeliveryStatus::sent).queued_as;
  out.kind = LineKind::proxy_accepted;
}

// "name[address]: SASL LOGIN authentication failed: reason, sasl_username=a" behind "warning: ".
bool parse_sasl_failure(std::string_view text, PostfixLogLine& out) {
  const std::size_t at = text.find("]: SASL ");
  if (at == std::string_view::npos) return false;
  std::string_view rest = text;
  if (!take_peer(rest, out.client_name, out.client_address) || !take(rest, ": SASL ")) return false;
  if (!take_until(rest, ' ', out.sasl_method) || !take(rest, "authentication failed")) return false;
  const std::size_t name = rest.rfind(", sasl_username=");
  if (name != std::string_view::npos) {
    out.account = rest.substr(name + 16);
    if (out.account == "(unavailable)") out.account = {};
  }
  out.service = out.service.empty() ? std::string_view("smtp") : out.service;
  out.kind = LineKind::login_failed;
  return true;
}

// "name[address]: Trusted: subject_CN=cn, issuer=i, fingerprint=f": the client showed one.
bool parse_certificate(std::string_view text, PostfixLogLine& out) {
  std::string_view rest = text;
  if (!take_peer(rest, out.client_name, out.client_address) || !take(rest, ": ")) return false;
  out.verified = take(rest, "Trusted: ") || take(rest, "Verified: ");
  if (!out.verified) (void)take(rest, "Untrusted: ");
  if (!take(rest, "subject_CN=")) return false;
  std::size_t end = rest.find(", issuer");
  if (end == std::string_view::npos) end = rest.size();
  out.account = rest.substr(0, end);
  out.kind = LineKind::certificate;
  return true;
}

void parse_smtpd_plain(std::string_view text, PostfixLogLine& out) {
  std::string_view rest = text;
  if (take(rest, "connect from ")) {
    if (take_peer(rest, out.client_name, out.client_address)) out.kind = LineKind::connect;
    return;
  }
  if (take(rest, "disconnect from ")) {
    if (take_peer(rest, out.client_name, out.client_address)) out.kind = LineKind::disconnect;
    return;
  }
  if (take(rest, "proxy-accept: ")) return parse_proxy_accepted(rest, out);
  if (take(rest, "proxy-reject: ")) {
    out.verb = "proxy-reject";
    return parse_refusal(rest, out);
  }
  if (take(rest, "warning: ")) {
    if (!parse_sasl_failure(rest, out)) {
      out.client_name = out.client_address = out.sasl_method = {};
      out.kind = LineKind::irrelevant;
    }
    return;
  }
  static constexpr std::array<std::string_view, 11> known = {"lost connection after ",
                                                             "timeout after ",
                                                             "too many errors after ",
                                                             "improper command ",
                                                             "SSL_accept error ",
                                                             "non-SMTP command ",
                                                             "abort all ",
                                                             "milter",
                                                             "smtpd_",
                                                             "bare ",
                                                             "Concurrency "};
  if (starts_with_any(text, known) || irrelevant_anywhere(text)) {
    out.kind = LineKind::irrelevant;
    return;
  }
  if (!parse_certificate(text, out)) {
    out.client_name = out.client_address = {};
    if (text.find(": Bare ") != text.npos || text.find("]: ") != text.npos) {
      out.kind = LineKind::irrelevant;  // a word on this client: ciphers, certificate chain, ...
    }
  }
}

void parse_smtpd_message(std::string_view text, PostfixLogLine& out) {
  std::string_view rest = text;
  if (take(rest, "client=")) return parse_client(rest, out);
  std::string_view verb;
  if (take_until(rest, ": ", verb) && is_refusal_verb(verb)) {
    if (verb == "proxy-accept") return parse_proxy_accepted(rest, out);
    out.verb = verb;
    return parse_refusal(rest, out);
  }
  static constexpr std::array<std::string_view, 5> known = {
      "lost connection ", "timeout ", "replacing command ", "message-id=", "table "};
  if (starts_with_any(text, known) || irrelevant_anywhere(text)) out.kind = LineKind::irrelevant;
}

// "reject: header Subject: x from name[address]; from=<a> to=<b> proto=ESMTP helo=<c>: text".
bool parse_header_check(std::string_view text, PostfixLogLine& out) {
  std::string_view rest = text;
  std::string_view verb;
  if (!take_until(rest, ": ", verb)) return false;
  static constexpr std::array<std::string_view, 13> verbs = {
      "reject",   "warning", "replace", "prepend", "hold",  "discard", "filter",
      "redirect", "info",    "strip",   "bcc",     "delay", "pass"};
  bool known = false;
  for (const std::string_view candidate : verbs) known = known || candidate == verb;
  if (!known) return false;
  const std::string_view what = rest.substr(0, rest.find(' '));
  if (what != "header" && what != "body" && what != "mime" && what != "milter") return false;
  out.verb = verb;
  take_envelope(rest, out);
  out.text = rest;
  out.kind = LineKind::header_check;
  return true;
}

void parse_cleanup(std::string_view text, PostfixLogLine& out) {
  std::string_view rest = text;
  if (take(rest, "message-id=")) {
    if (take(rest, "<")) {
      const std::size_t end = rest.rfind('>');  // an id may hold ">" when it is no good
      rest = rest.substr(0, end == std::string_view::npos ? rest.size() : end);
    }
    out.message_id = rest;
    out.kind = LineKind::message_id;
    return;
  }
  if (text.starts_with("resent-message-id=")) {
    out.kind = LineKind::irrelevant;
    return;
  }
  std::string_view verb;
  if (text.starts_with("milter-") && take_until(rest, ": ", verb) && is_refusal_verb(verb)) {
    out.verb = verb;
    return parse_refusal(rest, out);
  }
  if (parse_header_check(text, out)) return;
  static constexpr std::array<std::string_view, 3> known = {"milter", "uid=", "sender_bcc"};
  if (starts_with_any(text, known)) out.kind = LineKind::irrelevant;
  mark_leftover(text, out);
}

void parse_pickup(std::string_view text, PostfixLogLine& out) {
  if (take(text, "uid=") && take_number(text, out.uid) && take(text, " from=<") &&
      take_address(text, out.sender)) {
    if (take(text, " orig_id=")) out.other_queue_id = text.substr(0, text.find(' '));
    out.kind = LineKind::pickup;
    return;
  }
  mark_leftover(text, out);
}

bool read_status(std::string_view word, model::DeliveryStatus& status) {
  using model::DeliveryStatus;
  if (word == "sent") {
    status = DeliveryStatus::sent;
  } else if (word == "deferred" || word == "SOFTBOUNCE") {
    status = DeliveryStatus::deferred;
  } else if (word == "bounced") {
    status = DeliveryStatus::bounced;
  } else if (word == "expired") {
    status = DeliveryStatus::expired;
  } else {
    return false;
  }
  return true;
}

// "<b>, orig_to=<c>, relay=r, conn_use=2, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (text)",
// the "to=<" already taken. conn_use and delays may be missing.
bool parse_delivery(std::string_view text, PostfixLogLine& out) {
  if (!take_address(text, out.recipient)) return false;
  if (take(text, ", orig_to=<") && !take_address(text, out.orig_recipient)) return false;
  std::string_view skipped;
  if (!take(text, ", relay=") || !take_until(text, ", ", out.relay)) return false;
  if (take(text, "conn_use=") && !take_until(text, ", ", skipped)) return false;
  if (take(text, "delay=") && !take_until(text, ", ", out.delay)) return false;
  if (take(text, "delays=") && !take_until(text, ", ", out.delays)) return false;
  if (take(text, "dsn=") && !take_until(text, ", ", out.dsn)) return false;
  if (!take(text, "status=")) return false;
  const std::size_t end = text.find(' ');
  if (!read_status(text.substr(0, end), out.status)) {
    // A probe of verify(8) and nobody's mail; any other word is news to us.
    if (!text.starts_with("deliverable") && !text.starts_with("undeliverable")) return false;
    out.kind = LineKind::irrelevant;
    return true;
  }
  if (end != std::string_view::npos) {
    text.remove_prefix(end + 1);
    // The text is cut by the syslog daemon at times: its closing bracket may be missing, and what
    // is inside may hold brackets.
    if (take(text, "(") && text.ends_with(')')) text.remove_suffix(1);
    out.text = text;
  }
  out.kind = LineKind::delivery;
  return true;
}

void parse_qmgr(std::string_view text, PostfixLogLine& out) {
  std::string_view rest = text;
  if (text == "removed") {
    out.kind = LineKind::removed;
  } else if (take(rest, "from=<")) {
    if (!take_address(rest, out.sender)) return;
    if (take(rest, ", size=")) {
      if (take_number(rest, out.size_bytes) && take(rest, ", nrcpt=") &&
          take_number(rest, out.recipient_count)) {
        out.kind = LineKind::queued;
      }
    } else if (take(rest, ", status=")) {
      if (rest.starts_with("expired") || rest.starts_with("force-expired"))
        out.kind = LineKind::expired;
    }
  } else if (text.starts_with("skipped, ")) {
    out.kind = LineKind::skipped;
  } else if (take(rest, "to=<")) {
    (void)parse_delivery(rest, out);
  } else {
    mark_leftover(text, out);
  }
}

// "Untrusted TLS connection established to mx.example[192.0.2.9]:25: TLSv1.3 with cipher ...".
bool parse_encrypted(std::string_view text, PostfixLogLine& out) {
  std::string_view grade;
  if (!take_until(text, ' ', grade) || !take(text, "TLS connection established to ")) return false;
  const std::size_t end = text.find("]:");
  if (end == std::string_view::npos) return false;
  out.relay = text.substr(0, std::min(text.find(": ", end), text.size()));
  out.kind = LineKind::encrypted;
  return true;
}

void parse_delivery_agent(std::string_view text, PostfixLogLine& out) {
  std::string_view rest = text;
  if (out.program_name == "smtp" && parse_encrypted(text, out)) return;
  if (!out.queue_id.empty() && take(rest, "to=<") && parse_delivery(rest, out)) return;
  static constexpr std::array<std::string_view, 8> words = {
      "host ",       "lost connection with ",     "conversation with ",
      "connect to ", "Cannot start TLS",          "TLS is required",
      "server ",     "SASL authentication failed"};
  if (starts_with_any(text, words)) {
    out.text = text;
    out.kind = LineKind::note;
    return;
  }
  static constexpr std::array<std::string_view, 16> known = {
      "enabling PIX ",  "breaking line ", "replacing ",    "passing ",
      "Untrusted TLS ", "Trusted TLS ",   "Verified TLS ", "Anonymous TLS ",
      "Used TLS ",      "sender ",        "smtp",          "Host offered ",
      "re-using ",      "Matched",        "offering ",     "disabling "};
  if (starts_with_any(text, known)) out.kind = LineKind::irrelevant;
  mark_leftover(text, out);
}

void parse_bounce(std::string_view text, PostfixLogLine& out) {
  constexpr std::string_view notice = " notification: ";
  const std::size_t at = text.find(notice);
  if (at == std::string_view::npos) return mark_leftover(text, out);
  out.verb = text.substr(0, at);
  out.other_queue_id = text.substr(at + notice.size());
  out.kind = LineKind::bounce_notice;
}

void parse_postsuper(std::string_view text, PostfixLogLine& out) {
  if (text == "removed") {
    out.kind = LineKind::removed;
  } else if (!out.queue_id.empty()) {
    out.verb = text;
    out.kind = LineKind::postsuper;
  } else {
    out.kind = LineKind::irrelevant;  // "Placed on hold: 3 messages" and warnings
  }
}

void dispatch(std::string_view text, PostfixLogLine& out) {
  const bool of_a_message = !out.queue_id.empty();
  switch (out.program) {
    case LogProgram::smtpd:
      return of_a_message || take(text, "NOQUEUE: ") ? parse_smtpd_message(text, out)
                                                     : parse_smtpd_plain(text, out);
    case LogProgram::cleanup:
      if (of_a_message && take(text, "to=<")) return (void)parse_delivery(text, out);
      return of_a_message ? parse_cleanup(text, out) : mark_leftover(text, out);
    case LogProgram::pickup:
      return of_a_message ? parse_pickup(text, out) : mark_leftover(text, out);
    case LogProgram::qmgr: return of_a_message ? parse_qmgr(text, out) : mark_leftover(text, out);
    case LogProgram::delivery_agent: return parse_delivery_agent(text, out);
    case LogProgram::bounce:
      return of_a_message ? parse_bounce(text, out) : mark_leftover(text, out);
    case LogProgram::postscreen: out.kind = LineKind::postscreen; return;
    case LogProgram::postsuper: return parse_postsuper(text, out);
    case LogProgram::other: out.kind = LineKind::irrelevant; return;
    case LogProgram::dovecot:
    case LogProgram::foreign: return;
  }
}

}  // namespace

void parse_log_message(PostfixLogLine& out) {
  if (out.program == LogProgram::foreign) return;
  if (out.program == LogProgram::dovecot) return parse_dovecot_message(out);
  std::string_view text = out.message;
  const std::size_t colon = text.substr(0, 32).find(':');
  if (colon != std::string_view::npos && colon + 1 < text.size() && text[colon + 1] == ' ' &&
      is_queue_id(text.substr(0, colon))) {
    out.queue_id = text.substr(0, colon);
    text.remove_prefix(colon + 2);
  }
  out.kind = LineKind::unknown;
  dispatch(text, out);
}

}  // namespace leumund::wire
