// What a person pasted: the text of a form or a bare body, as well-formed UTF-8; and what the page
// must not let through when it shows it again.
//
// Limits:  `pasted_text_max` bytes of text; more is too_large.
// Threads: any; pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/settings.h"

namespace leumund::face {

inline constexpr std::size_t pasted_text_max = 64UL << 10;

struct PastedForm {
  std::string text;
  std::string language;  // "de", "en", or "" where the form does not say
};

// Takes application/x-www-form-urlencoded (text=...&lang=de) and the form of text/plain, which
// browsers send without encoding ("lang=de" on the first line, then "text=" and all that follows).
// Any other body is the text.
[[nodiscard]] base::Result<PastedForm> read_pasted(std::string_view content_type,
                                                   std::string_view body);

// The fields of application/x-www-form-urlencoded, at most 16 of them; the last of a name counts.
[[nodiscard]] std::map<std::string, std::string> read_form(std::string_view body);

// The same text where it may stand between tags and in quoted attributes; control characters but
// the line end and the tab become blanks.
[[nodiscard]] std::string html_text(std::string_view text);

// The address as a link's target, or "" when it is no plain http or https address.
[[nodiscard]] std::string safe_link(std::string_view url);

// German where the visitor prefers it to English (RFC 9110, Accept-Language); else English.
[[nodiscard]] config::Language preferred_language(std::string_view accept_language);

}  // namespace leumund::face
