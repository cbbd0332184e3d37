// The set phrases of reports, language by language.
#pragma once

#include <span>
#include <string_view>

#include "wire/delivery_report_phrases.h"

namespace leumund::wire {

[[nodiscard]] std::span<const std::string_view> phrase_words(Phrase phrase);

}  // namespace leumund::wire
