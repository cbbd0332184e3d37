// What a DNS list that nobody has registered looks like in a reply: by the name of its zone, by the
// words before it, by the address of its lookup page. Pure functions over plain small-letter text.
#pragma once

#include <cstdint>
#include <string_view>

namespace leumund::diagnosis {

enum class ListShape : std::uint8_t { none, of_addresses, of_domains };

// Zones are called alike: "dnsbl.example.net", "bl.example.org", "combined.rbl.example".
[[nodiscard]] ListShape list_shape(std::string_view host);

// "listed at ", "found in the RBL ", "black list (", "DNSBL: ": what follows is a list.
[[nodiscard]] bool leads_to_list(std::string_view before);

// "https://check.example.net/lookup?ip=", "http://example.org/query/bl?": a page to look an address
// up; not a receiver's page about its own rules.
[[nodiscard]] bool is_lookup_page(std::string_view url, std::string_view host);

}  // namespace leumund::diagnosis
