// Whom to ask, and how, as the registry knows it: one contact for each DNS list and provider.
//
// Flow:    Registry and DnsLists -> shipped_contact() -> the operator's own words over it
//          (config/own_contact.h) -> letters.
// Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "diagnosis/dns_list.h"
#include "diagnosis/registry.h"
#include "model/contact.h"

namespace leumund::diagnosis {

[[nodiscard]] model::Contact contact_of(const DnsList& list);
[[nodiscard]] model::Contact contact_of(const Provider& provider);

// Of a party like "list:psbl", "provider:t-online" or "provider:mx:example.org". Who stands in no
// registry gets what follows from his name: the party, and the domain of a provider.
[[nodiscard]] model::Contact shipped_contact(std::string_view party, const Registry& registry,
                                             std::span<const DnsList> lists);

}  // namespace leumund::diagnosis
