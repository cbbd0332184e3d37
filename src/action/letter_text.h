// A letter's template, filled: whole sentences only.
//
//   first paragraph   candidates for the subject, one a line; the first that can be filled is it
//   @NAME             the lines of another template of the same language
//   [a !b] SENTENCE   stands only if fact a is known and fact b is not
//   = LINE            a line of its own; all others flow together to paragraphs
//   ~Sentence         begins with a small letter after a salutation that ends with a comma
//   {{fact}}          a sentence one of whose facts is unknown is left out
//
// Limits:  templates are part of the program; 4 levels of @NAME. Threads: pure functions.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace leumund::action {

using LetterFacts = std::map<std::string, std::string>;

struct LetterText {
  std::string subject;
  std::string body;  // paragraphs with an empty line between, each on one line
};

// The text of data/letters/LANGUAGE/NAME.txt.
[[nodiscard]] std::string_view letter_template(std::string_view name, config::Language language);

[[nodiscard]] LetterText fill_letter(std::string_view name, const LetterFacts& facts,
                                     config::Language language);

// Lines of at most `width` columns, as a mail has them; words are never cut.
[[nodiscard]] std::string wrapped(std::string_view body, std::size_t width);

// Every fact and condition that a template speaks of, for the test that keeps them known.
[[nodiscard]] std::set<std::string> facts_of_template(std::string_view name,
                                                      config::Language language);
[[nodiscard]] std::vector<std::string_view> letter_template_names();

}  // namespace leumund::action
