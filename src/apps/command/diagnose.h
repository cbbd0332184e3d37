// The verb `diagnose`: what refusals mean, without daemon, configuration or network.
//
// Limits:  64 MiB of a message, 1 MiB of a bare reply; a file over that is refused by name.
// Errors:  the first file that cannot be read ends the work with status 2 and is named.
#pragma once

#include <cstdio>

#include "apps/command/request.h"
#include "apps/command/terminal.h"

namespace leumund::apps {

// Uses Request's files, replies, registry, remote, provider, stage and ours; no file is standard
// input. Returns the exit status: 0 done, 1 nothing could be read as a reply, 2 wrong use or bad
// input.
int run_diagnose(const Request& request, Terminal& terminal);

}  // namespace leumund::apps
