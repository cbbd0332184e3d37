// Links as a campaign uses them: where they really lead, and their shape without what varies.
//
// Public suffixes are those that libpsl was built with; names beyond ASCII are compared in IDNA
// form (libidn2). Known redirectors are unwrapped; of a link shortener only its code is known.
//
// Limits:  links of 2,048 bytes; four redirectors one behind the other.
// Errors:  nothing for what leads to no host.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace leumund::wire {

struct LinkView {
  std::string host;     // lower case, ASCII; an address as "192.0.2.1"
  std::string domain;   // registrable: public suffix and one label; the host where there is none
  std::string page;     // host and path, without query
  std::string pattern;  // host, kinds of path segments, names of query parameters
  bool redirector = false;  // the target is not known: `page` is shortener and code
};

// `shorteners` are further hosts whose links lead somewhere else. A link without scheme is read as
// http.
[[nodiscard]] std::optional<LinkView> view_link(std::string_view link,
                                                std::span<const std::string> shorteners = {});

// "%41" to "A"; what is no escape stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);

// Public suffix and one label of a host (lower case); the host itself where there is none.
[[nodiscard]] std::string registrable_domain(const std::string& host);

// Whether `host` (lower case) is one of the names below which anybody can register: "co.uk".
[[nodiscard]] bool is_public_suffix(std::string_view host);

// Whether `host` (lower case) ends in a public suffix and has a label before it.
[[nodiscard]] bool has_public_suffix(std::string_view host);

}  // namespace leumund::wire
