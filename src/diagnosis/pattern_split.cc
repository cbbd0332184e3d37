#include "diagnosis/pattern_split.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>

namespace leumund::diagnosis {
namespace {

constexpr std::size_t shortest_gap = 4;  // shorter ones cost an automaton little
constexpr std::size_t bytes_per_word = 14;
constexpr std::size_t bytes_of_word_rest = 20;
constexpr std::size_t no_limit = 1 << 14;  // ".*": anywhere later in the text

// End of the unit at `at`: an escaped character, a class, a group or one character.
std::size_t unit_end(std::string_view re, std::size_t at) {
  if (re[at] == '\\') return std::min(at + 2, re.size());
  if (re[at] == '[') {
    std::size_t i = at + 1;
    if (i < re.size() && re[i] == '^') ++i;
    if (i < re.size() && re[i] == ']') ++i;
    while (i < re.size() && re[i] != ']') i += re[i] == '\\' ? 2 : 1;
    return std::min(i + 1, re.size());
  }
  if (re[at] != '(') return at + 1;
  std::size_t i = at + 1;
  while (i < re.size() && re[i] != ')') i = unit_end(re, i);
  return std::min(i + 1, re.size());
}

struct Quantifier {
  std::size_t length = 0;
  std::size_t least = 1;
  std::size_t most = 1;
};

Quantifier quantifier_at(std::string_view re, std::size_t at) {
  if (at >= re.size()) return {};
  if (re[at] == '?') return {.length = 1, .least = 0, .most = 1};
  if (re[at] == '*') return {.length = 1, .least = 0, .most = no_limit};
  if (re[at] == '+') return {.length = 1, .least = 1, .most = no_limit};
  if (re[at] != '{') return {};
  const std::size_t close = re.find('}', at);
  if (close == std::string_view::npos) return {};
  Quantifier out{.length = close + 1 - at};
  const char* end = re.data() + close;
  const auto first = std::from_chars(re.data() + at + 1, end, out.least);
  out.most = out.least;
  if (first.ptr != end && *first.ptr == ',') {
    if (first.ptr + 1 == end)
      out.most = no_limit;
    else
      std::from_chars(first.ptr + 1, end, out.most);
  }
  return out;
}

// "(the |its |user )": alternatives that each end with a blank.
bool every_alternative_is_a_word(std::string_view unit) {
  if (unit.size() < 4 || unit.front() != '(' || unit[unit.size() - 2] != ' ') return false;
  for (std::size_t bar = unit.find('|'); bar != std::string_view::npos;
       bar = unit.find('|', bar + 1)) {
    if (unit[bar - 1] != ' ') return false;
  }
  return true;
}

// The gap that a unit with its quantifier stands for; 0 bytes if it is none.
Piece gap_of(std::string_view unit, const Quantifier& quantifier) {
  Piece gap;
  if ((unit == "\\w" || unit == "\\S") && quantifier.most == no_limit) {  // the rest of a word
    gap.gap_bytes = bytes_of_word_rest;
    gap.not_in_gap = " ";
    return gap;
  }
  if (quantifier.least != 0) return gap;
  if (quantifier.most == no_limit && every_alternative_is_a_word(unit)) {  // (the |its )*
    gap.gap_bytes = 4 * bytes_per_word;
    gap.not_in_gap = ".;()";
    return gap;
  }
  const bool words = unit == "(\\w+ )" || unit == "(\\S+ )";
  if (words) {
    gap.gap_bytes = quantifier.most * bytes_per_word;
    gap.not_in_gap = unit == "(\\w+ )" ? ".;" : ";";
    return gap;
  }
  const bool any = unit == "." || unit == "\\S" || (unit.size() > 2 && unit.front() == '[');
  if (!any || quantifier.most < shortest_gap) return gap;
  gap.gap_bytes = std::min(quantifier.most, no_limit);
  if (unit.starts_with("[^")) {
    for (const char c : unit.substr(2, unit.size() - 3)) {
      if (c != '\\') gap.not_in_gap.push_back(c);
    }
  } else if (unit.front() == '[') {  // what its members surely leave out
    for (const char c : std::string_view(".;,:()[]<>\"")) {
      if (unit.substr(1, unit.size() - 2).find(c) == std::string_view::npos) gap.not_in_gap += c;
    }
  }
  return gap;
}

bool matches_nothing(const std::string& re) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  const RE2 compiled(re, options);
  return !compiled.ok() || RE2::FullMatch("", compiled);
}

std::vector<Piece> pieces_of(std::string_view branch) {
  std::vector<Piece> out(1);
  for (std::size_t at = 0; at < branch.size();) {
    const std::size_t end = unit_end(branch, at);
    const Quantifier quantifier = quantifier_at(branch, end);
    const std::string_view unit = branch.substr(at, end - at);
    Piece gap = gap_of(unit, quantifier);
    at = end + quantifier.length;
    if (gap.gap_bytes == 0) {
      out.back().re +=
          branch.substr(at - quantifier.length - unit.size(), unit.size() + quantifier.length);
    } else {
      out.push_back(std::move(gap));
    }
  }
  // What may be empty tells nothing: its gap grows by what it could have been.
  for (std::size_t i = 0; i < out.size();) {
    if (!out[i].re.empty() && out[i].re != "\\b" && !matches_nothing(out[i].re)) {
      ++i;
      continue;
    }
    if (i + 1 < out.size()) out[i + 1].gap_bytes += out[i].gap_bytes + out[i].re.size();
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return out;
}

}  // namespace

std::vector<std::string> alternatives_of(std::string_view re) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < re.size();) {
    if (re[at] == '|') {
      out.emplace_back(re.substr(begin, at - begin));
      begin = ++at;
    } else {
      at = unit_end(re, at);
    }
  }
  out.emplace_back(re.substr(begin));
  return out;
}

SplitPattern split_pattern(std::string_view re) {
  SplitPattern out;
  for (const std::string& branch : alternatives_of(re)) {
    auto pieces = pieces_of(branch);
    if (pieces.size() > 1) {
      out.sequences.push_back(std::move(pieces));
    } else {
      if (!out.plain.empty()) out.plain += '|';
      out.plain += pieces.empty() ? branch : pieces.front().re;
    }
  }
  return out;
}

}  // namespace leumund::diagnosis
