// What the operator has found out about a list or provider, as the option `cases.contacts` spells
// it:
//
//   'provider:t-online email=tosa@rx.t-online.de postmaster=x@rx.t-online.de note="ask Ms X"'
//
// Fields: email, postmaster, upstream, legal (addresses), form (a web page), language (en or de),
// note (any text; quoted if it holds a blank).
// Limits:  4 KiB. Errors: what is wrong with the text, and what was wanted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/contact.h"

namespace leumund::config {

// Fields that are not given stay empty; `own` is set.
[[nodiscard]] base::Result<model::Contact> parse_own_contact(std::string_view text);
std::string check_own_contact(std::string& text);

// Puts over `contact` what `own` has for its party.
void add_own_contact(const std::vector<std::string>& own, model::Contact& contact);

}  // namespace leumund::config
