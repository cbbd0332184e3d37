// A case as JSON text: in the store, and news of one in a decision.
//
// Limits:  a stored case may have text_bytes_max bytes, more than CaseBook's bounds allow.
// Errors:  malformed names what is missing, too_large the limit.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/case.h"

namespace leumund::storage {

[[nodiscard]] std::string encode_case(const model::Case& one);
[[nodiscard]] base::Result<model::Case> decode_case(std::string_view text);
[[nodiscard]] std::string encode_case_news(const model::CaseNews& news);
[[nodiscard]] base::Result<model::CaseNews> decode_case_news(std::string_view text);

}  // namespace leumund::storage
