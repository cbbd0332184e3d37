#include "face/postfix_master.h"

#include <fmt/core.h>

#include <algorithm>

namespace leumund::face {
namespace {

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

}  // namespace

bool has_white_space(std::string_view value) {
  return value.find_first_of(" \t\r\n") != std::string_view::npos;
}

std::optional<std::string> set_spaced_override(std::string_view text, std::string_view service,
                                               std::string_view parameter, std::string_view now,
                                               std::string_view value) {
  const auto entry = find_entry(text, service);
  if (!entry || value.find('\n') != std::string_view::npos) return std::nullopt;
  const std::string wanted = fmt::format("{}={}", parameter, now);
  std::optional<std::size_t> place;
  for (auto at = text.find(wanted, entry->begin); at != std::string_view::npos && at < entry->end;
       at = text.find(wanted, at + 1)) {
    const std::size_t after = at + wanted.size();
    const bool whole = blank(text[at - 1]) && (after == text.size() || blank(text[after]));
    if (!whole) continue;
    if (place) return std::nullopt;
    place = at;
  }
  if (!place) return std::nullopt;
  std::string out(text.substr(0, *place));
  out += fmt::format("{{ {} = {} }}", parameter, value);
  out += text.substr(*place + wanted.size());
  return out;
}

}  // namespace leumund::face
