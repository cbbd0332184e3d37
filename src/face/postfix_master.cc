#include "face/postfix_master.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "base/trimmed.h"

namespace leumund::face {
namespace {

using base::trimmed;

constexpr std::string_view blanks = " \t";

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Takes the first word off a line.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(blanks)));
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r\n"));
  line.remove_prefix(word.size());
  return word;
}

struct Part {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Where the entry of a service stands: its line and those that continue it.
std::optional<Part> find_entry(std::string_view text, std::string_view service) {
  std::optional<Part> found;
  bool within = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const bool continues = !line.empty() && blank(line.front());
    if (!continues && !line.empty() && line.front() != '#') {
      std::string_view rest = line;
      const std::string_view name = take_word(rest);
      const std::string_view type = take_word(rest);
      within = fmt::format("{}/{}", name, type) == service;
      if (within && found) return std::nullopt;  // twice: Postfix refuses that as well
      if (within) found = Part{at, end};
    } else if (continues && within) {
      found->end = end;
    }
    at = end + 1;
  }
  return found;
}

// The words of an entry; one that begins with a brace goes to the matching one. Comments between
// its lines are none.
std::vector<Part> words_of(std::string_view text, const Part& entry) {
  std::vector<Part> words;
  bool line_begins = true;
  for (std::size_t at = entry.begin; at < entry.end;) {
    if (blank(text[at])) {
      line_begins = line_begins || text[at] == '\n';
      ++at;
    } else if (line_begins && text[at] == '#') {
      at = std::min(text.find('\n', at), entry.end);
    } else {
      line_begins = false;
      const std::size_t begin = at;
      int depth = 0;
      const bool braced = text[begin] == '{';
      while (at < entry.end && (depth > 0 || !blank(text[at]))) {
        if (braced && text[at] == '{') ++depth;
        if (braced && text[at] == '}') --depth;
        ++at;
      }
      words.push_back({begin, at});
    }
  }
  return words;
}

struct Override {
  Part place;  // from "-o" to the end of its value
  Part value;  // "NAME=VALUE" or "{ NAME = VALUE }"
  std::string_view now;
};

// All places where the entry overrides the parameter.
std::vector<Override> overrides_of(std::string_view text, const Part& entry,
                                   std::string_view parameter) {
  std::vector<Override> found;
  const auto words = words_of(text, entry);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = text.substr(words[i].begin, words[i].end - words[i].begin);
    if (!word.starts_with("-o")) continue;
    Override one{words[i], {words[i].begin + 2, words[i].end}, {}};
    if (word == "-o") {
      if (++i == words.size()) break;
      one.value = words[i];
      one.place.end = words[i].end;
    }
    std::string_view setting = text.substr(one.value.begin, one.value.end - one.value.begin);
    if (setting.starts_with('{') && setting.ends_with('}')) {
      setting = setting.substr(1, setting.size() - 2);
    }
    const auto equals = setting.find('=');
    if (equals == std::string_view::npos || trimmed(setting.substr(0, equals)) != parameter) {
      continue;
    }
    one.now = trimmed(setting.substr(equals + 1));
    found.push_back(one);
  }
  return found;
}

std::string setting(std::string_view parameter, std::string_view value) {
  return has_white_space(value) ? fmt::format("{{ {} = {} }}", parameter, value)
                                : fmt::format("{}={}", parameter, value);
}

// What stands before the first word of the line at `at`.
std::string_view indent_at(std::string_view text, std::size_t at) {
  const auto line = text.rfind('\n', at);
  const std::size_t begin = line == std::string_view::npos ? 0 : line + 1;
  return text.substr(begin, std::min(text.find_first_not_of(blanks, begin), text.size()) - begin);
}

}  // namespace

bool has_white_space(std::string_view value) {
  return value.find_first_of(" \t\r\n") != std::string_view::npos;
}

std::optional<std::string> set_override(std::string_view text, std::string_view service,
                                        std::string_view parameter,
                                        const std::optional<std::string>& now,
                                        const std::optional<std::string>& value) {
  const auto entry = find_entry(text, service);
  if (!entry || (value && value->find('\n') != std::string::npos)) return std::nullopt;
  const auto places = overrides_of(text, *entry, parameter);
  if (places.size() != (now ? 1U : 0U)) return std::nullopt;
  std::string out;
  if (!now) {
    if (!value) return std::string(text);
    const auto indent = indent_at(text, entry->end == 0 ? 0 : entry->end - 1);
    out = text.substr(0, entry->end);
    out += fmt::format("\n{}-o {}", indent.empty() ? "  " : indent, setting(parameter, *value));
    out += text.substr(entry->end);
    return out;
  }
  const Override& place = places.front();
  if (place.now != trimmed(*now)) return std::nullopt;
  if (value) {
    const bool joined = place.value.begin == place.place.begin + 2;  // "-oNAME=VALUE"
    out = text.substr(0, place.value.begin);
    if (joined) out += ' ';
    out += setting(parameter, *value);
    out += text.substr(place.value.end);
    return out;
  }
  // With the blanks before it, and with its line when nothing else stands there.
  std::size_t begin = place.place.begin;
  while (begin > entry->begin && blanks.find(text[begin - 1]) != std::string_view::npos) --begin;
  const bool line_ends = place.place.end == text.size() || text[place.place.end] == '\n';
  if (line_ends && begin > entry->begin && text[begin - 1] == '\n') --begin;
  out = text.substr(0, begin);
  out += text.substr(place.place.end);
  return out;
}

std::optional<std::string> set_entry(std::string_view text, std::string_view service,
                                     const std::optional<std::string>& value) {
  std::string out(text);
  if (const auto entry = find_entry(text, service)) {
    const bool last = entry->end >= text.size();
    out.erase(entry->begin, entry->end - entry->begin + (last ? 0 : 1));
    if (find_entry(out, service)) return std::nullopt;
  } else if (!value) {
    return std::nullopt;
  }
  if (!value) return out;
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  return out + *value + "\n";
}

}  // namespace leumund::face
