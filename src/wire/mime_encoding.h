// Transfer encodings of mail, and HTML as plain text.
//
// Limits:  every function stops when it has written `limit` bytes, and reads no further.
// Errors:  none: broken input is read as far as it makes sense.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leumund::wire {

enum class TransferEncoding : std::uint8_t { identity, quoted_printable, base64 };

// By the value of Content-Transfer-Encoding; unknown names are identity.
[[nodiscard]] TransferEncoding transfer_encoding_of(std::string_view value);

void append_decoded(std::string_view body, TransferEncoding encoding, std::size_t limit,
                    std::string& out);

// Anything outside the alphabet is skipped; reading goes on behind padding.
void append_base64(std::string_view text, std::size_t limit, std::string& out);
void append_quoted_printable(std::string_view text, std::size_t limit, std::string& out);
// The Q encoding of RFC 2047: "_" is a blank.
void append_quoted_word(std::string_view text, std::string& out);

// Tags away, blocks and <br> to line ends, character references resolved, blanks joined; scripts,
// styles, comments and the head's content are left out. `html` is UTF-8.
void append_html_as_text(std::string_view html, std::size_t limit, std::string& out);

// 0 to 15; -1 when it is no hexadecimal digit.
[[nodiscard]] int hex_digit(char c);

}  // namespace leumund::wire
