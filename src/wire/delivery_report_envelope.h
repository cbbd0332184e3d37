// Who wrote a mail: a mail system, an autoresponder or a person.
#pragma once

#include <string>
#include <string_view>

#include "wire/mime_header.h"

namespace leumund::wire {

// Who writes, and how much that speaks for an automatic answer of a mail system.
struct ReportEnvelope {
  std::string from;
  std::string to;
  bool daemon = false;  // written by a mail system
  bool null_sender = false;
  bool auto_submitted = false;
  bool auto_answer = false;  // headers that only autoresponders write
  bool bulk = false;         // Precedence: bulk or junk, as old autoresponders write
};

[[nodiscard]] ReportEnvelope read_report_envelope(const HeaderFields& fields);

// "list@example.org" of "list-bounces@example.org" and kin; "" when it is no such robot's address.
[[nodiscard]] std::string list_of_robot(std::string_view address);

}  // namespace leumund::wire
