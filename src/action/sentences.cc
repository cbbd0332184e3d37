#include "action/sentences.h"

#include <algorithm>

#include "action/sentence_table.inc"
#include "base/filled.h"

namespace leumund::action {
namespace {

constexpr std::string_view value_mark = "{}";
constexpr std::string_view rest_mark = "{*}";
constexpr std::string_view words_mark = "{+}";
constexpr std::string_view comma = ", ";
constexpr std::string_view separator = "; ";
constexpr std::size_t sentence_bytes_max = 2000;
constexpr std::size_t values_max = 8;
constexpr int depth_max = 4;
constexpr int places_max = 8;  // before an error

using Values = std::vector<std::string_view>;

// The values of a sentence that fits the pattern: what stands where the pattern has "{}", each up
// to the first place where the pattern goes on, the last one up to its end. Linear: names in a
// sentence come from strangers.
bool matches(std::string_view pattern, std::string_view sentence, Values& values) {
  const auto mark = pattern.find('{');
  if (!sentence.starts_with(pattern.substr(0, mark))) return false;
  if (mark == std::string_view::npos) return sentence.size() == pattern.size();
  sentence.remove_prefix(mark);
  pattern.remove_prefix(mark);
  while (pattern != rest_mark && pattern != value_mark) {
    if (!pattern.starts_with(value_mark) || values.size() == values_max) return false;
    pattern.remove_prefix(value_mark.size());
    const std::string_view next = pattern.substr(0, pattern.find('{'));
    const bool last = next.size() == pattern.size();
    if (last && !sentence.ends_with(next)) return false;
    const auto at = last ? sentence.size() - next.size() : sentence.find(next);
    if (at == std::string_view::npos) return false;
    values.push_back(sentence.substr(0, at));
    if (last) return true;
    sentence.remove_prefix(at + next.size());
    pattern.remove_prefix(next.size());
  }
  values.push_back(sentence);
  return true;
}

std::string translated_at(std::string_view sentence, int depth, bool in_list);
std::string error_at(std::string_view error, int depth);

// What the place of a value in the German pattern asks for: "{*}" is a sentence itself, "{+}" words
// with commas between them.
std::string german_value(std::string_view mark, std::string_view value, int depth) {
  if (mark == rest_mark) return error_at(value, depth + 1);
  if (mark != words_mark) return std::string(value);
  std::string out;
  while (!value.empty()) {
    const std::string_view word = value.substr(0, value.find(comma));
    value.remove_prefix(std::min(word.size() + comma.size(), value.size()));
    out += (out.empty() ? "" : comma);
    out += translated_at(word, depth + 1, false);
  }
  return out;
}

std::string german(std::string_view pattern, const Values& values, int depth) {
  std::vector<std::string> texts;
  auto at = pattern.find('{');
  for (const std::string_view value : values) {
    const auto end = std::min(pattern.find('}', std::min(at, pattern.size())), pattern.size());
    const std::string_view mark = pattern.substr(std::min(at, end), end - std::min(at, end) + 1);
    texts.push_back(german_value(mark, value, depth));
    at = pattern.find('{', end);
  }
  return base::filled(pattern, texts);
}

std::string translated_at(std::string_view sentence, int depth, bool in_list) {
  if (sentence.empty() || depth > depth_max || sentence.size() > sentence_bytes_max) {
    return std::string(sentence);
  }
  // Of several patterns the one that says most before its first value, then most at all.
  const SentencePair* best = nullptr;
  std::pair<std::size_t, std::size_t> best_rank;
  Values best_values;
  for (const SentencePair& pair : sentence_pairs()) {
    const std::pair rank(std::min(pair.first.find('{'), pair.first.size()), pair.first.size());
    if (best != nullptr && rank <= best_rank) continue;
    Values values;
    if (!matches(pair.first, sentence, values)) continue;
    // In a list a value ends where the next sentence begins.
    const bool over = in_list && std::any_of(values.begin(), values.end(), [](auto value) {
                        return value.find(separator) != std::string_view::npos;
                      });
    if (over) continue;
    best = &pair;
    best_rank = rank;
    best_values = std::move(values);
  }
  return best == nullptr ? std::string(sentence) : german(best->second, best_values, depth);
}

// What stands before an error says where it happened, and is no sentence of ours.
std::string error_at(std::string_view error, int depth) {
  std::string words = translated_at(error, depth, false);
  auto place = error.find(": ");
  for (int i = 0; words == error && i < places_max && place != std::string_view::npos; ++i) {
    const std::string_view rest = error.substr(place + 2);
    const std::string told = translated_at(rest, depth, false);
    if (told != rest) words = std::string(error.substr(0, place + 2)) + told;
    place = error.find(": ", place + 2);
  }
  return words;
}

}  // namespace

std::string_view sentence_table() { return sentence_table_de; }

const std::vector<SentencePair>& sentence_pairs() {
  static const std::vector<SentencePair> pairs = [] {
    std::vector<SentencePair> all;
    std::string_view table = sentence_table_de;
    std::string_view english;
    while (!table.empty()) {
      const std::string_view line = table.substr(0, table.find('\n'));
      table.remove_prefix(line.size() < table.size() ? line.size() + 1 : line.size());
      if (line.starts_with("en ")) english = line.substr(3);
      if (!line.starts_with("de ")) continue;
      for (std::string& form : base::all_forms(english)) {
        all.emplace_back(std::move(form), line.substr(3));
      }
    }
    return all;
  }();
  return pairs;
}

std::string translated(Language language, std::string_view sentence) {
  return language == Language::en ? std::string(sentence) : translated_at(sentence, 0, false);
}

std::string translated_error(Language language, std::string_view error) {
  return language == Language::en ? std::string(error) : error_at(error, 0);
}

std::string translated_list(Language language, std::string_view sentences) {
  if (language == Language::en) return std::string(sentences);
  // A sentence may hold "; " itself: the longest run of parts that is a sentence is one.
  std::string out;
  while (!sentences.empty()) {
    std::size_t end = sentences.size();
    std::string one = translated_at(sentences, 0, true);
    while (one == sentences.substr(0, end)) {
      const auto cut_at = sentences.rfind(separator, end - 1);
      if (cut_at == std::string_view::npos || cut_at == 0) break;
      end = cut_at;
      one = translated_at(sentences.substr(0, end), 0, true);
    }
    if (one == sentences.substr(0, end)) {  // none at all: the first part as it is
      end = std::min(sentences.find(separator), sentences.size());
      one = std::string(sentences.substr(0, end));
    }
    out += one;
    sentences.remove_prefix(end);
    if (sentences.starts_with(separator)) {
      out += separator;
      sentences.remove_prefix(separator.size());
    }
  }
  return out;
}

}  // namespace leumund::action
