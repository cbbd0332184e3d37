#include "action/letter_text.h"

#include <algorithm>
#include <optional>

#include "action/letter_templates.inc"

namespace leumund::action {
namespace {

using config::Language;

constexpr int depth_max = 4;

std::string_view code_of(Language language) { return language == Language::de ? "de" : "en"; }

struct Line {
  std::vector<std::string_view> conditions;  // "a", "!b"
  std::string_view text;
  bool alone = false;  // a line of its own
};

Line line_of(std::string_view text) {
  Line line;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    std::string_view words = text.substr(1, close - 1);
    while (!words.empty()) {
      const auto end = std::min(words.find(' '), words.size());
      if (end > 0) line.conditions.push_back(words.substr(0, end));
      words.remove_prefix(std::min(end + 1, words.size()));
    }
    text.remove_prefix(std::min(close + 2, text.size()));
  }
  if (text.starts_with("= ")) {
    line.alone = true;
    text.remove_prefix(2);
  }
  line.text = text;
  return line;
}

// The lines of a template with those of the templates it names in their places.
void expand(std::string_view name, Language language, int depth,
            std::vector<std::string_view>& out) {
  std::string_view text = letter_template(name, language);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('@') && depth < depth_max)
      expand(line.substr(1), language, depth + 1, out);
    else
      out.push_back(line);
  }
}

bool known(const LetterFacts& facts, std::string_view name) {
  const auto found = facts.find(std::string(name));
  return found != facts.end() && !found->second.empty();
}

bool holds(const Line& line, const LetterFacts& facts) {
  return std::all_of(line.conditions.begin(), line.conditions.end(), [&](std::string_view name) {
    return name.starts_with('!') ? !known(facts, name.substr(1)) : known(facts, name);
  });
}

// Calls `text` and `fact` for the parts of a line, in order.
template <typename Text, typename Fact>
void walk(std::string_view line, Text text, Fact fact) {
  while (!line.empty()) {
    const auto open = line.find("{{");
    const auto close = open == std::string_view::npos ? open : line.find("}}", open);
    if (close == std::string_view::npos) return text(line);
    text(line.substr(0, open));
    fact(line.substr(open + 2, close - open - 2));
    line.remove_prefix(close + 2);
  }
}

std::optional<std::string> filled(const Line& line, const LetterFacts& facts) {
  if (!holds(line, facts)) return std::nullopt;
  std::string out;
  bool whole = true;
  walk(
      line.text, [&](std::string_view text) { out += text; },
      [&](std::string_view fact) {
        if (known(facts, fact))
          out += facts.at(std::string(fact));
        else
          whole = false;
      });
  if (!whole || out.empty()) return std::nullopt;
  return out;
}

// Sentences as paragraphs. What is left of one that has no sentence is nothing.
std::string body_of(const std::vector<std::string_view>& lines, std::size_t from,
                    const LetterFacts& facts) {
  std::string out;
  std::string paragraph;
  bool alone_before = false;
  const auto flush = [&] {
    if (!paragraph.empty()) out += (out.empty() ? "" : "\n\n") + paragraph;
    paragraph.clear();
  };
  for (; from < lines.size(); ++from) {
    if (lines[from].empty()) {
      flush();
      continue;
    }
    const Line line = line_of(lines[from]);
    auto text = filled(line, facts);
    if (!text) continue;
    if (text->starts_with('~')) {
      text->erase(0, 1);
      const bool greeted = paragraph.empty() && out.ends_with(',');
      char& first = text->front();
      if (greeted && first >= 'A' && first <= 'Z') first = static_cast<char>(first - 'A' + 'a');
    }
    if (!paragraph.empty()) paragraph += line.alone || alone_before ? "\n" : " ";
    paragraph += *text;
    alone_before = line.alone;
  }
  flush();
  return out.empty() ? out : out + "\n";
}

}  // namespace

std::string_view letter_template(std::string_view name, Language language) {
  for (const auto& one : letter_templates) {
    if (one.name == name && one.language == code_of(language)) return one.text;
  }
  return "";
}

LetterText fill_letter(std::string_view name, const LetterFacts& facts, Language language) {
  std::vector<std::string_view> lines;
  expand(name, language, 0, lines);
  LetterText letter;
  std::size_t at = 0;
  for (; at < lines.size() && !lines[at].empty(); ++at) {
    if (!letter.subject.empty()) continue;
    if (const auto text = filled(line_of(lines[at]), facts)) letter.subject = *text;
  }
  letter.body = body_of(lines, at, facts);
  return letter;
}

std::string wrapped(std::string_view body, std::size_t width) {
  std::string out;
  while (!body.empty()) {
    const auto end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    std::size_t column = 0;
    while (!line.empty()) {
      const auto blank = std::min(line.find(' '), line.size());
      const std::string_view word = line.substr(0, blank);
      line.remove_prefix(std::min(blank + 1, line.size()));
      // Columns, not bytes: what continues a character of UTF-8 takes none.
      const auto columns = static_cast<std::size_t>(std::count_if(
          word.begin(), word.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
      if (column > 0 && column + 1 + columns > width) {
        out += '\n';
        column = 0;
      }
      if (column > 0) {
        out += ' ';
        ++column;
      }
      out += word;
      column += columns;
    }
    out += '\n';
  }
  return out;
}

std::set<std::string> facts_of_template(std::string_view name, Language language) {
  std::vector<std::string_view> lines;
  expand(name, language, 0, lines);
  std::set<std::string> out;
  for (const std::string_view text : lines) {
    const Line line = line_of(text);
    for (std::string_view condition : line.conditions) {
      if (condition.starts_with('!')) condition.remove_prefix(1);
      out.emplace(condition);
    }
    walk(line.text, [](std::string_view) {}, [&](std::string_view fact) { out.emplace(fact); });
  }
  return out;
}

std::vector<std::string_view> letter_template_names() {
  std::vector<std::string_view> out;
  for (const auto& one : letter_templates) {
    if (one.language == "en") out.push_back(one.name);
  }
  return out;
}

}  // namespace leumund::action
