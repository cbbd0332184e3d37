// Which mail goes first where not all can go: what somebody waits for before what nobody misses.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/detour.h"
#include "model/fingerprint.h"

namespace leumund::verdict {

// 0 goes first: bookings and invoices, tickets, people's mail and mail of no known class, automatic
// mail, mailings, forwards.
[[nodiscard]] std::uint8_t turn_of(model::MailClass mail_class);

// The places of `classes` in the order in which they go; those of one turn in the order given.
[[nodiscard]] std::vector<std::size_t> in_turn(std::span<const model::MailClass> classes);

// Mailings and forwards: the other way is for them only while it has room to spare.
[[nodiscard]] bool waits_for_room(model::MailClass mail_class);

// How many of these a detour may still take in this hour, of which it let `let_go` go: half of the
// cap is theirs, as long as that half is not used up by other mail.
[[nodiscard]] std::uint32_t room_of(const model::Detour& detour, std::uint32_t let_go);

// Whether an envelope sender is one that a forwarder has rewritten (SRS), at whatever domain.
[[nodiscard]] bool is_rewritten_sender(std::string_view sender);

}  // namespace leumund::verdict
