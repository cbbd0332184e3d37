#include "fingerprint/template_marks.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <unordered_set>

#include "base/hash.h"
#include "wire/lookalikes.h"

namespace leumund::fingerprint {
namespace {

constexpr std::size_t texts_max = 50;
constexpr std::size_t words_max = 2'000;
constexpr std::size_t run = 3;

struct Words {
  std::vector<std::string_view> seen;
  std::vector<std::uint64_t> hashes;  // as read: folded, without signs
};

Words words_of(std::string_view text) {
  Words words;
  std::string folded;
  while (words.seen.size() < words_max) {
    const std::size_t begin = text.find_first_not_of(" \t\n\r");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(" \t\n\r"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    folded.clear();
    wire::append_folded(word, folded);
    std::erase_if(folded, [](char c) {
      return std::string_view(".,;:!?\"'()[]<>*_").find(c) != std::string_view::npos;
    });
    words.seen.push_back(word);
    words.hashes.push_back(std::hash<std::string_view>{}(folded));
  }
  return words;
}

std::uint64_t run_at(const Words& words, std::size_t at) {
  std::uint64_t hash = words.hashes[at];
  for (std::size_t i = 1; i < run; ++i) hash = base::combine_hashes(hash, words.hashes[at + i]);
  return hash;
}

// For each word of `first` in how many of `others` it stands.
std::vector<std::size_t> count_common(const Words& first, std::span<const Words> others) {
  std::vector<std::size_t> counts(first.seen.size());
  for (const Words& other : others) {
    std::unordered_set<std::uint64_t> runs;
    for (std::size_t i = 0; i + run <= other.seen.size(); ++i) runs.insert(run_at(other, i));
    std::size_t common_until = 0;
    for (std::size_t i = 0; i < first.seen.size(); ++i) {
      if (i + run <= first.seen.size() && runs.contains(run_at(first, i))) common_until = i + run;
      if (i < common_until) ++counts[i];
    }
  }
  return counts;
}

}  // namespace

std::vector<TemplatePart> mark_template(std::span<const std::string_view> texts) {
  std::vector<TemplatePart> parts;
  if (texts.empty()) return parts;
  texts = texts.first(std::min(texts.size(), texts_max));
  const Words first = words_of(texts[0]);
  std::vector<Words> others;
  for (const std::string_view text : texts.subspan(1)) others.push_back(words_of(text));
  const std::vector<std::size_t> counts = count_common(first, others);
  std::size_t part_words = 0;
  for (std::size_t i = 0; i < first.seen.size(); ++i) {
    const double share =
        others.empty() ? 1.0 : static_cast<double>(counts[i]) / static_cast<double>(others.size());
    const bool varies = share < 0.5;
    if (parts.empty() || parts.back().varies != varies) {
      parts.push_back({.text = "", .varies = varies, .share = 0});
      part_words = 0;
    }
    TemplatePart& part = parts.back();
    if (!part.text.empty()) part.text.push_back(' ');
    part.text += first.seen[i];
    const auto words = static_cast<double>(part_words++);
    part.share = (part.share * words + share) / (words + 1);
  }
  return parts;
}

std::string template_line(std::span<const TemplatePart> parts, std::string_view varying) {
  std::string line;
  for (const TemplatePart& part : parts) {
    if (!line.empty()) line.push_back(' ');
    line += part.varies ? varying : std::string_view(part.text);
  }
  return line;
}

}  // namespace leumund::fingerprint
