// Text whose MIME does not say how it is to be read: over the limits of parts and levels, with a
// boundary that no line has, or with a transfer encoding that its bytes belie.
//
// Errors: none: what is not understood stays as it is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "wire/mime_encoding.h"

namespace leumund::wire {

// Whether a line of `raw` names a transfer encoding.
[[nodiscard]] bool names_encoding(std::string_view raw);

// Appends the text of the parts within `raw`, by whatever boundaries: decoded as their headers say,
// without those and without parts that are no text.
void append_rest_decoded(std::string_view raw, std::string& out);

// How `raw` is encoded: as `named`, unless it is plainly something else.
[[nodiscard]] TransferEncoding encoding_by_content(std::string_view raw, TransferEncoding named);

// How many digits of base64 are in `text`.
[[nodiscard]] std::size_t base64_digits(std::string_view text);

}  // namespace leumund::wire
