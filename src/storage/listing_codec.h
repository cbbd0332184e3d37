// Listings and faults of lists as the store keeps them: JSON, in decisions and for what stands.
//
// Limits:  64 KiB of text. Threads: pure. Errors: malformed, too_large; what is wrong with the
// text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/listing.h"

namespace leumund::storage {

[[nodiscard]] std::string encode_listing(const model::Listing& listing);
[[nodiscard]] base::Result<model::Listing> decode_listing(std::string_view text);
[[nodiscard]] std::string encode_list_fault(const model::ListFault& fault);
[[nodiscard]] base::Result<model::ListFault> decode_list_fault(std::string_view text);

}  // namespace leumund::storage
