// Behind which operator a recipient's mail goes: the unit in which providers refuse us.
//
// Flow:    what the edge found by DNS, else the host that answered, else the recipient's domain ->
//          registry id; "mx:DOMAIN" for an operator that nobody registered.
// Time:    a few hash lookups. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "diagnosis/reader.h"

namespace leumund::diagnosis {

// By the name of an MX host: the registry's id, else "mx:DOMAIN". "" for a name that is none.
[[nodiscard]] std::string group_of_mx(const Reader& reader, std::string_view host);

struct Destination {
  std::string_view provider = {};   // what the caller knows already; it wins
  std::string_view remote = {};     // "mx.example[192.0.2.9]", or ""
  std::string_view recipient = {};  // address or domain
};
// "" when nothing of it tells.
[[nodiscard]] std::string provider_group(const Reader& reader, const Destination& destination);

[[nodiscard]] constexpr bool is_registered(std::string_view group) {
  return !group.starts_with("mx:");
}

// The domain of an address in small letters; the text itself where it holds no "@".
[[nodiscard]] std::string domain_of(std::string_view recipient);

}  // namespace leumund::diagnosis
