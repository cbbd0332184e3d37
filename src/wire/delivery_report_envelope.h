// Who wrote a mail: a mail system, an autoresponder or a person.
#pragma once

#include <string>

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
};

[[nodiscard]] ReportEnvelope read_report_envelope(const HeaderFields& fields);

}  // namespace leumund::wire
