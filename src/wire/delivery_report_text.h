// The part of a report that is written for people: who did not get the mail, and why.
//
// General rules, no reader per program: the returned message is cut off where its headers begin;
// each address is weighed by how it stands in its line (alone at the front, behind a key, inside an
// answer, in prose); the heaviest are the recipients; the words beside each are its answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wire/delivery_report.h"

namespace leumund::wire {

struct TextHints {
  std::string_view addressee;  // to whom the report was sent: rarely one of the recipients
  std::string_view reporter;   // who sent it
  // Recipients that a header of the report names (X-Failed-Recipients); they decide when given.
  std::vector<std::string> known;
  std::size_t max_recipients = 1'000;
  std::size_t answer_bytes = 4UL * 1024;
};

struct TextRecipient {
  std::string recipient;
  std::string text;  // the words that belong to this recipient alone; "" when there are none
};

struct TextReport {
  std::vector<TextRecipient> recipients;  // in order of appearance
  int certainty = 0;  // how its recipients were recognised: 0 not, 1 by guess, 4 clearly
  std::vector<std::string> answers;  // lines with reply codes, continuation lines joined, each once
  std::string notice;                // the text before the returned message
  std::size_t returned = 0;   // where the returned message begins; the text's size when it does not
  std::uint32_t phrases = 0;  // bits of the Phrases in the notice
};

// `text` is UTF-8 with line ends as "\n".
[[nodiscard]] TextReport read_report_text(std::string_view text, const TextHints& hints);

}  // namespace leumund::wire
