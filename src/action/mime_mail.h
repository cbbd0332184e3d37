// A plain text as a mail (RFC 5322, MIME): ASCII on the wire whatever the text holds.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace leumund::action {

struct MimeMail {
  std::string from;
  std::string to;
  std::string subject;
  std::string body;        // UTF-8, lines ended by a line feed
  std::string message_id;  // without angle brackets
  base::TimePoint date;
  std::string about;  // decision numbers, for X-Leumund-Decision; "" is none
};

// Header, empty line, body as quoted-printable; line ends are line feeds. Control characters in
// header values become spaces, so that no text can add a header line.
[[nodiscard]] std::string mime_mail(const MimeMail& mail);

// "Sat, 21 Nov 2026 18:00:00 +0000".
[[nodiscard]] std::string mail_date(base::TimePoint at);

// An address that can stand in MAIL FROM, RCPT TO and a header without quoting.
[[nodiscard]] bool is_plain_address(std::string_view text);

}  // namespace leumund::action
