// Hands one report to the report service: what a pipe transport or an alias "|leumund-report" runs.
//
// Limits:  64 MiB; everything together takes at most until `deadline`.
// Errors:  unavailable and timed_out may be tried again (exit status 75 of sysexits.h), too_large
//          and refused may not.
#pragma once

#include <string_view>

#include "base/result.h"
#include "net/endpoint.h"
#include "net/socket.h"

namespace leumund::intake {

[[nodiscard]] base::Status deliver_report(const net::Endpoint& service, std::string_view raw,
                                          net::Deadline deadline);

}  // namespace leumund::intake
