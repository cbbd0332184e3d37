// Set phrases of reports in many languages, found in one pass.
//
// Blanks and line ends between words count as one blank, so a phrase is found across a line break;
// ASCII letters match in any case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace leumund::wire {

enum class Phrase : std::uint8_t {
  failure,     // a mail did not arrive
  transcript,  // what two servers said follows
  delay,       // it has not arrived yet
  success,     // it arrived
  returned,    // the returned message follows
  away,        // somebody is away
  automatic,   // an automatic answer
  sender,      // what follows is the sender, not a recipient
  list,        // a mailing list refuses
  complaint,   // this is a complaint
};

constexpr std::uint32_t phrase_bit(Phrase phrase) {
  return 1U << static_cast<std::uint32_t>(phrase);
}

struct PhraseHit {
  std::uint32_t kinds = 0;  // bits of the phrases that end here
  std::size_t end = 0;      // behind the phrase
};

// Appends the hits in `text`, by their ends.
void find_phrases(std::string_view text, std::vector<PhraseHit>& hits);

// Bits of all phrases in `text`.
[[nodiscard]] std::uint32_t phrases_in(std::string_view text);

}  // namespace leumund::wire
