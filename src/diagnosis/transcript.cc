#include "diagnosis/transcript.h"

#include <algorithm>
#include <array>

namespace leumund::diagnosis {
namespace {

constexpr std::string_view mark = "<<< ";

bool follows_from_refusals(std::string_view answer) {
  return answer.starts_with("503 ") || answer.starts_with("554 5.5.1 Error: no valid");
}

// Where sendmail's own summary begins and ends in what follows an answer; [npos, npos): nowhere.
std::pair<std::size_t, std::size_t> summary_in(std::string_view text) {
  constexpr std::array<std::string_view, 2> words = {"... User unknown", "... Service unavailable"};
  for (const std::string_view word : words) {
    const std::size_t at = text.find(word);
    if (at == std::string_view::npos) continue;
    const std::size_t begin = text.rfind(" 55", at);
    const std::size_t end = at + word.size();
    // "...; client host blocked" goes on and is somebody's own answer.
    const bool ends = end == text.size() || text[end] == ' ' || text[end] == '\n';
    if (begin != std::string_view::npos && begin > 0 && ends) return {begin, end};
  }
  return {std::string_view::npos, std::string_view::npos};
}

}  // namespace

bool answer_at(std::string_view text, std::size_t at) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return at + 4 <= text.size() && (text[at] == '4' || text[at] == '5') && is_digit(text[at + 1]) &&
         is_digit(text[at + 2]) && (text[at + 3] == ' ' || text[at + 3] == '-');
}

std::string_view Transcript::without_echoes(std::string_view text) {
  const std::size_t first = text.find(mark);
  if (first == std::string_view::npos) return text;
  kept_.assign(text.substr(0, first));
  bool refused = false;
  for (std::size_t at = first; at < text.size();) {
    const std::size_t next = std::min(text.find(mark, at + mark.size()), text.size());
    const std::string_view answer = text.substr(at + mark.size(), next - at - mark.size());
    if (!(refused && follows_from_refusals(answer))) {
      const auto [begin, end] = answer_at(answer, 0)
                                    ? summary_in(answer)
                                    : std::pair(std::string_view::npos, std::string_view::npos);
      kept_ += mark;
      kept_ += answer.substr(0, begin);
      if (begin != std::string_view::npos) kept_ += answer.substr(end);
    }
    refused = refused || (answer_at(answer, 0) && !answer.starts_with("503"));
    at = next;
  }
  return kept_;
}

}  // namespace leumund::diagnosis
