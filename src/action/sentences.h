// Our own English sentences in another language: reasons, findings, details and errors, as letters,
// notices and the command show them.
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

#include "config/settings.h"

namespace leumund::action {

using config::Language;

[[nodiscard]] std::string translated(Language language, std::string_view sentence);

// Sentences joined by "; ", as the reason of a restriction has them.
[[nodiscard]] std::string translated_list(Language language, std::string_view sentences);

// An error with the place where it happened before it ("FILE:3: list.ttl = 0: want ..."): what
// follows the first ": " behind which a sentence begins is translated.
[[nodiscard]] std::string translated_error(Language language, std::string_view error);

// The table as it was built in, and its English and German patterns, for the test that compares
// their placeholders. One of "<one|many>" stands there in each of its forms.
[[nodiscard]] std::string_view sentence_table();
using SentencePair = std::pair<std::string, std::string_view>;
[[nodiscard]] const std::vector<SentencePair>& sentence_pairs();

}  // namespace leumund::action
