// Mail addresses in a text from outside: whoever refuses us often names the sender, the recipient
// and what forwards made of him. Those are nobody's business; his own desks are what the text is
// read for.
//
// Threads: pure functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "model/contact.h"

namespace leumund::action {

enum class ShownAddress : std::uint8_t {
  whole,
  domain,   // "...@gmx.net"
  nothing,  // the mask
};

using ShowAddress =
    std::function<ShownAddress(std::string_view local_part, std::string_view domain)>;

// The text with each of its addresses as `show` has it, whose arguments are in small letters. Local
// parts in quotation marks, with another address in them (VERP, SRS), in a web address and with
// "%40" for the sign are seen.
[[nodiscard]] std::string shown_addresses(std::string_view text, const ShowAddress& show,
                                          std::string_view mask = "");

// Of no person wherever it is: "abuse", "postmaster", "delist-team".
[[nodiscard]] bool is_desk_name(std::string_view local_part);
// Of no person at a provider, but of a customer elsewhere: "support", "admin", "helpdesk".
[[nodiscard]] bool is_help_name(std::string_view local_part);
// "abuse.earthlink.net": nobody else has a mailbox there.
[[nodiscard]] bool is_desk_domain(std::string_view domain);
// "gmx.net" of "mx00.emig.gmx.net".
[[nodiscard]] std::string_view last_labels(std::string_view domain);

// Whether `domain` holds the desk "tosa@rx.t-online.de" and others like it, but no mailboxes.
[[nodiscard]] bool is_beside(std::string_view desk, std::string_view domain);

// A desk of this party.
[[nodiscard]] bool is_desk_of(const model::Contact& contact, std::string_view local_part,
                              std::string_view domain);
// What may be given away: their desks stay, any other address may be a customer's.
[[nodiscard]] std::string without_strangers(std::string_view text, const model::Contact& contact,
                                            config::Language language);

}  // namespace leumund::action
