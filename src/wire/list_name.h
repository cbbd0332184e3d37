// What people and programs call a domain, a mail address or an account, as the name under which a
// DNS list of ours keeps it.
//
// A mail address is kept as its digest only (in small letters): the list says whether it knows an
// address, and tells nobody which it knows. SHA-1 in hexadecimal digits is what Postfix, rspamd and
// SpamAssassin ask lists of mail addresses for; SHA-256 in base32, since its hexadecimal digits are
// one more than a DNS label takes.
//
// Limits:  320 bytes. Errors: malformed, with a sentence that names the input.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/list_kind.h"
#include "wire/dns_name.h"

namespace leumund::wire {

inline constexpr std::size_t list_subject_bytes_max = 320;

// A list of addresses keeps none by name. With `registrable` a host stands for the domain that
// somebody could register: "www.spam.example" for "spam.example".
[[nodiscard]] base::Result<DnsName> list_name(model::ListKind kind, std::string_view text,
                                              bool registrable);

}  // namespace leumund::wire
