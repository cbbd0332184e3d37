// The daemon's English sentences in another language: its reasons, details and errors.
//
// Flow:    data/command/sentences.de.txt, built in -> pairs of patterns -> translated().
// Limits:  a sentence over 2,000 bytes, or one with more than 8 values, is shown as it is.
// Threads: any; a constant table.
// Errors:  a sentence without a pattern is shown in English.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/command/words.h"

namespace leumund::apps {

[[nodiscard]] std::string translated(Language language, std::string_view sentence);

// Sentences joined by "; ", as the reason of a restriction has them.
[[nodiscard]] std::string translated_list(Language language, std::string_view sentences);

// English and German patterns, for the test that compares their placeholders.
using SentencePair = std::pair<std::string_view, std::string_view>;
[[nodiscard]] const std::vector<SentencePair>& sentence_pairs();

}  // namespace leumund::apps
