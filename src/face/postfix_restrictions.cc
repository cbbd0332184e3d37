#include "face/postfix_restrictions.h"

#include <algorithm>

namespace leumund::face {
namespace {

bool separates(char c) { return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Two spellings of a braced element differ in white space only.
bool same_element(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (true) {
    while (i < a.size() && blank(a[i])) ++i;
    while (j < b.size() && blank(b[j])) ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (a[i++] != b[j++]) return false;
  }
}

// The index of the first of `wanted` in `tokens`, or tokens.size().
std::size_t find_run(const std::vector<ListToken>& tokens, const std::vector<ListToken>& wanted) {
  const auto found = std::search(
      tokens.begin(), tokens.end(), wanted.begin(), wanted.end(),
      [](const ListToken& a, const ListToken& b) { return same_element(a.text, b.text); });
  return static_cast<std::size_t>(found - tokens.begin());
}

}  // namespace

std::vector<ListToken> list_tokens(std::string_view value) {
  std::vector<ListToken> tokens;
  std::size_t at = 0;
  while (at < value.size()) {
    if (separates(value[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    int depth = 0;
    while (at < value.size() && (depth > 0 || !separates(value[at]))) {
      if (value[at] == '{') ++depth;
      if (value[at] == '}' && depth > 0) --depth;
      ++at;
    }
    tokens.push_back({value.substr(begin, at - begin), begin, at});
  }
  return tokens;
}

bool contains_element(std::string_view value, std::string_view element) {
  const auto tokens = list_tokens(value);
  return find_run(tokens, list_tokens(element)) < tokens.size();
}

std::string put_first(const std::vector<std::string>& ours, std::string_view value,
                      std::string_view separator) {
  std::string out;
  for (const std::string& element : ours) {
    if (contains_element(value, element)) continue;
    if (!out.empty()) out += separator;
    out += element;
  }
  if (out.empty()) return std::string(value);
  if (!list_tokens(value).empty()) {
    out += separator;
    out += value;
  }
  return out;
}

std::string take_out(const std::vector<std::string>& ours, std::string value) {
  for (const std::string& element : ours) {
    const auto wanted = list_tokens(element);
    if (wanted.empty()) continue;
    const auto tokens = list_tokens(value);
    const std::size_t first = find_run(tokens, wanted);
    if (first == tokens.size()) continue;
    const std::size_t after = first + wanted.size();
    // The separator goes with the element: the one behind it, or for the last one that before it.
    std::size_t begin = tokens[first].begin;
    std::size_t end = value.size();
    if (after < tokens.size()) {
      end = tokens[after].begin;
    } else if (first > 0) {
      begin = tokens[first - 1].end;
    } else {
      begin = 0;
    }
    value.erase(begin, end - begin);
  }
  return value;
}

CompactList compact_list(std::string_view value) {
  CompactList out;
  for (const ListToken& token : list_tokens(value)) {
    if (token.text.find_first_of(" \t\r\n") != std::string_view::npos) out.fits = false;
    if (!out.text.empty()) out.text += ',';
    out.text += token.text;
  }
  return out;
}

}  // namespace leumund::face
