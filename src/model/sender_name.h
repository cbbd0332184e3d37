// A subject as a person types it. Events and stored decisions come through Subject::parse, which
// takes any name a mail server may report; an order with a slip in it must not be carried out on a
// subject that can never send.
//
// Limits:  names of at most 320 bytes.
// Errors:  malformed, naming what was typed and how to write it.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/subject.h"

namespace leumund::model {

// "KIND:NAME", or a bare NAME, which is an account. A word before a colon that is no kind, and a
// bare address, are a slip; a client is an IP address and gets its usual spelling.
[[nodiscard]] base::Result<Subject> read_subject(std::string_view typed);

// The same for an order that restricts or exempts: something that sends. An account has no "@" at
// its ends, a script is uid and digits, perhaps with
// a path or with what a header says behind it.
[[nodiscard]] base::Result<Subject> read_sender(std::string_view typed);

// The uid behind a script that a path or a header tells apart: script:uid33 of
// script:uid33:contact.php. What stands against the uid stands against all it hands in.
[[nodiscard]] std::optional<Subject> hands_in(const Subject& script);

}  // namespace leumund::model
