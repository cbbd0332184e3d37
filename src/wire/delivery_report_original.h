// What the header of a returned message tells: who wrote it, by which of our servers it left, and
// how it was signed.
//
// Limits: 30 Received lines, 10 signatures.
#pragma once

#include "wire/charset.h"
#include "wire/delivery_report.h"
#include "wire/mime_header.h"

namespace leumund::wire {

// Sets what `fields` tell; an envelope that is known already stays.
void take_original_header(const HeaderFields& fields, CharsetReader& charsets,
                          OriginalMessage& original);

}  // namespace leumund::wire
