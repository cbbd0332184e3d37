// Carries out what the command line asked.
//
// Flow:    Request -> HTTP over the Unix socket -> text for people or JSON for machines.
// Time:    an answer of the daemon is waited for 30 s.
// Errors:  exit statuses of formats.md; every message says what to do next.
#pragma once

#include <string>
#include <string_view>

#include "apps/command/request.h"
#include "apps/command/terminal.h"
#include "face/api_client.h"

namespace leumund::apps {

// The verbs that ask the daemon.
int ask_daemon(const Request& request, Terminal& terminal);

// The verbs that need none: connect, disconnect, config check, config show, diagnose, replay,
// trace, zone.
[[nodiscard]] bool works_alone(const Request& request);
int work_alone(const Request& request, Terminal& terminal);

// The live view; ends with Ctrl-C, or after request.refreshes looks.
int watch(const Request& request, const face::ApiClient& client, const std::string& socket,
          Terminal& terminal);

// zone check, zone query: exit_negative when a line is left out, or the name does not exist.
int check_zones(const Request& request, Terminal& terminal);
int query_zones(const Request& request, Terminal& terminal);

// trace: exit_negative when no mail has a Received line. Limits: 64 MiB a file, 256 MiB of
// contacts.
int trace_mail(const Request& request, Terminal& terminal);

// Tells what is wrong: to people in their language on standard error; with --json as one object
// {"error":{"code":...,"message":...}} on standard output, in English. Returns `status`.
int tell_error(const Request& request, Terminal& terminal, int status, std::string_view code,
               const std::string& message);
// The same of an error that one of our rooms found.
int tell_own_error(const Request& request, Terminal& terminal, int status,
                   const base::Error& error);

// Tells that the daemon is not there and what to look at; returns exit_unreachable.
int tell_unreachable(const Request& request, const std::string& socket, const base::Error& error,
                     Terminal& terminal);
// Tells an answer that is no success; returns the exit status for it.
int tell_refusal(const Request& request, const face::ApiAnswer& answer, Terminal& terminal);

// The number behind which the newest decisions stand, `most` of them or all if there are fewer.
[[nodiscard]] base::Result<std::uint64_t> before_newest(const face::ApiClient& client,
                                                        std::uint64_t most);

// --socket, else $LEUMUND_SOCKET, else what the configuration or its default says.
[[nodiscard]] std::string socket_of(const Request& request);

}  // namespace leumund::apps
