// The header of a spam that somebody pasted, or forwarded inline, into the text of his report:
// "view source", "internet headers", also with "> " before each line.
//
// Found is the block that the writer put there, and nothing that the spam's own text holds: where a
// mail program's short header (From, Sent, To, Subject) or "... wrote:" comes first, what stands
// below may be the spammer's, who may well write Received lines in our name.
//
// Time:    linear. Limits: pasted_bytes_most of the text, pasted_lines_most of the block.
// Threads: pure. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/charset.h"
#include "wire/mime.h"

namespace leumund::intake {

inline constexpr std::size_t pasted_bytes_most = 256UL * 1024;
inline constexpr std::size_t pasted_lines_most = 400;

struct PastedHeader {
  enum class Found : std::uint8_t {
    nothing,    // no mail of somebody else's
    no_header,  // one is forwarded or quoted, without its Received lines
    header,
  };
  Found found = Found::nothing;
  std::string lines = {};  // from the first Received line on; what was wrapped is folded again
};

[[nodiscard]] PastedHeader find_pasted_header(std::string_view text);

// The same of a text part of a mail, as its reader sees it. `part` is plain text or HTML.
[[nodiscard]] PastedHeader find_pasted_header(const wire::MimePart& part,
                                              wire::CharsetReader& charsets);

}  // namespace leumund::intake
