// One line of a mail log as Postfix 3.4 to 3.10 (and Dovecot, for its logins) writes it, taken
// apart.
//
// Flow:    file or journal -> PostfixLogLine -> intake's correlator -> mail events.
// Time:    a stamp is given as it stands; which year and which zone it means is the reader's to
//          say.
// Limits:  none of its own; the reader cuts lines. A number too large for its field reads as
//          absent.
// Owner:   every string_view points into the line that was parsed and ends with it.
// Errors:  none: a line that is no mail log line has the kind `no_stamp`, `foreign` or `unknown`.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/mail_event.h"

namespace leumund::wire {

enum class LineKind : std::uint8_t {
  empty,
  no_stamp,     // starts with no syslog stamp: the rest of a broken line, or no log at all
  foreign,      // of another program
  unknown,      // of Postfix, and not among the lines we know
  irrelevant,   // of Postfix, known, and nothing to us: TLS, statistics, warnings, start and stop
  connect,      // smtpd: client
  disconnect,   // smtpd: client
  client,       // smtpd: queue_id (or not, before a proxy filter), client, account, sasl_*, orig_*
  certificate,  // smtpd: client, account = subject CN, verified
  proxy_accepted,  // smtpd: other_queue_id, sender, recipient
  refused,         // smtpd, cleanup: verb, stage, client, sender, recipient, account, text
  login_ok,        // dovecot: account, client, service
  login_failed,    // smtpd, dovecot: account if told, client, service
  pickup,          // uid, sender, other_queue_id = the id before a requeue
  message_id,      // cleanup: message_id
  header_check,    // cleanup: verb ("reject", "hold", "discard", "replace", ...)
  queued,          // qmgr: sender, size, recipient_count
  removed,         // qmgr, postsuper: left the queue
  expired,         // qmgr: sender
  skipped,         // qmgr: still being delivered
  delivery,        // recipient, orig_recipient, relay, status, dsn, delay, delays, text
  note,            // a remote's word during a delivery that goes on: text
  bounce_notice,   // bounce: verb ("sender non-delivery", ...), other_queue_id
  postscreen,
  encrypted,  // smtp: relay = the other end of an encrypted connection
  postsuper,  // verb ("placed on hold", "released from hold", "requeued")
};
inline constexpr std::size_t line_kind_count = static_cast<std::size_t>(LineKind::postsuper) + 1;

[[nodiscard]] std::string_view line_kind_name(LineKind kind);

enum class LogProgram : std::uint8_t {
  foreign,
  smtpd,
  cleanup,
  pickup,
  qmgr,
  delivery_agent,  // smtp, lmtp, local, virtual, pipe, error, discard, spawn
  bounce,
  postscreen,
  postsuper,
  dovecot,
  other,  // every further program of Postfix
};

// The stamp before its year and zone are known.
struct LogStamp {
  std::int32_t year = 0;   // 0: the line has none
  std::uint8_t month = 0;  // 1 to 12; 0: no stamp
  std::uint8_t day = 0;
  std::int32_t second_of_day = 0;
  std::int32_t micros = 0;
  std::int32_t offset_seconds = 0;  // east of UTC, if has_offset
  bool has_offset = false;
};

struct PostfixLogLine {
  LineKind kind = LineKind::empty;
  LogProgram program = LogProgram::foreign;
  bool verified = false;  // certificate: of a trusted issuer
  model::DeliveryStatus status = model::DeliveryStatus::sent;
  LogStamp stamp;
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t recipient_count = 0;
  std::uint64_t size_bytes = 0;

  std::string_view host;
  std::string_view instance;      // "" is "postfix"; else as in "postfix-out"
  std::string_view service;       // the part between: "submission", "egress2"; Dovecot: "imap"
  std::string_view program_name;  // "smtpd", "lmtp"
  std::string_view message;       // all behind the tag
  std::string_view queue_id;

  std::string_view client_name;
  std::string_view client_address;
  std::string_view account;
  std::string_view sasl_method;
  std::string_view sasl_sender;
  std::string_view orig_queue_id;
  std::string_view orig_client;
  std::string_view other_queue_id;
  std::string_view message_id;
  std::string_view verb;
  std::string_view stage;  // "RCPT", "END-OF-MESSAGE"

  std::string_view sender;
  std::string_view recipient;
  std::string_view orig_recipient;
  std::string_view relay;  // "mx.example[192.0.2.9]:25", "none", "local"
  std::string_view delay;
  std::string_view delays;
  std::string_view dsn;
  std::string_view text;
};

// Takes one line apart, without its line end; `out` is overwritten whole.
void parse_postfix_log_line(std::string_view line, PostfixLogLine& out);

// The same for a journal entry, whose tag (SYSLOG_IDENTIFIER), process and message are told apart
// already; `out` has no stamp and no host then.
void parse_postfix_journal_entry(std::string_view tag, std::uint32_t pid, std::string_view message,
                                 PostfixLogLine& out);

// What the text behind "status=" tells.
struct DeliveryText {
  model::DeliveryStage stage = model::DeliveryStage::unknown;
  std::string_view reply;         // the remote's words without our frame around them
  std::string_view remote;        // the host named in the text, "mx.example[192.0.2.9]"; "" none
  std::string_view queued_as;     // our own queue id if a filter behind `relay` gave the mail back
  std::string_view forwarded_as;  // local(8): the queue id of the forwarded copy
};
[[nodiscard]] DeliveryText read_delivery_text(std::string_view text, model::DeliveryStatus status);

// The address in "name[192.0.2.9]:25", "" if there is none; and all of it before the port.
[[nodiscard]] std::string_view relay_address(std::string_view relay);
[[nodiscard]] std::string_view relay_without_port(std::string_view relay);

// True if `text` can be a queue id: 5 to 16 upper case hexadecimal digits, or a long one (base 52).
[[nodiscard]] bool is_queue_id(std::string_view text);

}  // namespace leumund::wire
