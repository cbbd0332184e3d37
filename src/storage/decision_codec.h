// Decisions and restrictions as JSON text, the way they stand in the store.
//
// Limits:  one decision at most 4 MiB of text; unknown fields are ignored, so that an older version
//          can read what a newer one of the same schema wrote.
// Errors:  malformed names what is missing.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/decision.h"
#include "model/restriction.h"

namespace leumund::storage {

[[nodiscard]] std::string encode_decision(const model::Decision& decision);
[[nodiscard]] base::Result<model::Decision> decode_decision(std::string_view text);

[[nodiscard]] std::string encode_restriction(const model::Restriction& restriction);
[[nodiscard]] base::Result<model::Restriction> decode_restriction(std::string_view text);

}  // namespace leumund::storage
