// The envelope that a message in a mailbox had, as the delivery agent wrote it above the message:
// Return-Path, Delivered-To, X-Original-To.
//
// Only lines above the first Received line are the agent's; what stands below came with the mail
// and is anybody's word.
//
// Limits:  64 lines and 16 KiB are looked at, 50 recipients. Threads: pure.
#pragma once

#include <optional>
#include <string_view>

#include "intake/report_lmtp.h"

namespace leumund::intake {

// Nothing where no Return-Path says who sent it.
[[nodiscard]] std::optional<LmtpEnvelope> delivered_envelope(std::string_view raw);

}  // namespace leumund::intake
