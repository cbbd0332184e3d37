// Hands one message to one mail server: SMTP or LMTP, TCP or Unix socket, TLS where it is offered.
//
// Flow:    greeting, EHLO, STARTTLS, EHLO, MAIL, RCPT each, DATA, QUIT.
// Time:    `step_time` for each reply, `total_time` for all of it.
// Limits:  a message of `message_max` bytes, a reply of 64 lines of 1000 bytes, 1000 recipients.
// Threads: any; blocks, so never on an event loop.
// Errors:  the server's own words, with the command they answer. refused for 5xx, unavailable for
//          4xx and for a lost connection, timed_out, malformed for our own input and for a server
//          that does not speak SMTP.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"

namespace leumund::net {

enum class SmtpTls : std::uint8_t {
  off,
  when_offered,  // encrypts against listeners, does not check who the server is
  required,      // checks the certificate against its name; else no mail
};

struct SmtpServer {
  Endpoint where;
  bool lmtp = false;
  SmtpTls tls = SmtpTls::when_offered;
  std::string tls_name = {};  // in the certificate; "" is the host of `where`
  std::string ca_file = {};   // PEM; "" takes the system's
  std::string helo = "localhost";
  std::chrono::milliseconds step_time{10'000};
  std::chrono::milliseconds total_time{60'000};
  std::size_t message_max = 1024 * 1024;
};

struct SmtpMessage {
  std::string envelope_sender;  // "" is the null reverse-path
  std::vector<std::string> recipients;
  std::string text;  // header, empty line, body; line ends are made CRLF here
};

struct SmtpReceipt {
  std::string reply;                 // to the end of data, e.g. "250 2.0.0 Ok: queued as 4XyZ"
  std::vector<std::string> refused;  // recipients not taken, each with the server's words
  bool encrypted = false;
};

// Success when at least one recipient was taken.
[[nodiscard]] base::Result<SmtpReceipt> smtp_send(const SmtpServer& server,
                                                  const SmtpMessage& message);

// The message as it stands after DATA: CRLF line ends, leading dots doubled, "." at the end.
[[nodiscard]] std::string smtp_data(const std::string& text);

}  // namespace leumund::net
