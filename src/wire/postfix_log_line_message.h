// The part of a log line behind its stamp: the tag that says who speaks, and what is said.
//
// Owner: views into the line, as in PostfixLogLine.
#pragma once

#include <string_view>

#include "wire/postfix_log_line.h"

namespace leumund::wire {

// Fills program, instance, service and program_name from "postfix-out/submission/smtpd". An
// instance name starts with "postfix" (postmulti demands "postfix-"), so a first part that does
// not is the syslog_name of one service of the default instance.
void read_log_tag(std::string_view tag, PostfixLogLine& out);

// Fills kind and the fields of that kind from out.message, by out.program.
void parse_log_message(PostfixLogLine& out);

// The same for Dovecot: a login or a failed one, or still foreign.
void parse_dovecot_message(PostfixLogLine& out);

}  // namespace leumund::wire
