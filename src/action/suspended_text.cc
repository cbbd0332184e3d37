#include "action/suspended_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "action/one_line.h"
#include "base/ascii.h"
#include "base/trimmed.h"
#include "wire/charset.h"

namespace leumund::action {
namespace {

using base::trimmed;
using model::Subject;
using model::SubjectKind;

constexpr std::size_t line_bytes_max = 4096;
constexpr std::size_t reason_bytes_max = 400;
constexpr std::string_view as_of_mark = "# leumund: as of decision ";
constexpr std::string_view explanation =
    "# Suspended senders, one a line; edits are taken up within a second.\n"
    "#   NAME [throttle|hold|external_only|no_sending] [until=2026-12-31T08:00:00Z] [# reason]\n"
    "# A name alone means no_sending. Remove a line to let the sender send again: that skips the\n"
    "# recovery checklist and is recorded as done by this file. Keep this comment: a file without\n"
    "# any text is taken for an accident, not for a wish to release everybody.\n";

// A login name may hold any bytes; as text it has them as \xHH.
bool is_text(std::string_view word) {
  const bool control =
      std::any_of(word.begin(), word.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return !control && wire::valid_utf8(word);
}

std::optional<char> escaped_byte(std::string_view digits) {
  unsigned value = 0;
  if (digits.size() < 2) return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + 2, value, 16);
  if (error != std::errc() || end != digits.data() + 2) return std::nullopt;
  return static_cast<char>(value);
}

std::string quoted(std::string_view word) {
  const bool text = is_text(word);
  std::string out = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text && (byte < 0x20 || byte >= 0x7f)) {
      out += fmt::format("\\x{:02x}", byte);
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool blank_char(char c) { return c == ' ' || c == '\t'; }

// Takes the next word, in double quotes with \", \\ and \xHH where it has blanks or bytes that are
// no text; nothing when a quote does not end.
std::optional<std::string> take_word(std::string_view& rest) {
  std::string word;
  if (!rest.starts_with('"')) {
    const auto end = std::min(rest.find_first_of(" \t"), rest.size());
    word = rest.substr(0, end);
    rest = trimmed(rest.substr(end));
    return word;
  }
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest = rest.substr(i + 1);
      if (!rest.empty() && !blank_char(rest.front())) return std::nullopt;
      rest = trimmed(rest);
      return word;
    }
    const bool escaped = rest[i] == '\\' && i + 1 < rest.size();
    if (escaped) ++i;
    const bool hex = escaped && rest[i] == 'x';
    if (const auto byte = hex ? escaped_byte(rest.substr(i + 1)) : std::nullopt) {
      word += *byte;
      i += 2;
      continue;
    }
    word += rest[i];
  }
  return std::nullopt;
}

// Login names are compared without regard to case, as Postfix looks them up.
std::optional<Subject> subject_of(std::string_view word) {
  auto subject = Subject::parse(word);
  if (subject && subject->kind == SubjectKind::account)
    subject->name = base::ascii_lower(subject->name);
  return subject;
}

std::optional<std::uint64_t> as_of_in(std::string_view line) {
  if (!line.starts_with(as_of_mark)) return std::nullopt;
  line.remove_prefix(as_of_mark.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc() || end != line.data() + line.size()) return std::nullopt;
  return number;
}

void read_entry(std::string_view rest, SuspendedLine& line) {
  auto name = take_word(rest);
  line.subject = name ? subject_of(*name) : std::nullopt;
  if (!line.subject) {
    line.problem = "the line does not begin with a sender's name";
    return;
  }
  bool level_given = false;
  while (!rest.empty() && !rest.starts_with('#')) {
    const auto word = take_word(rest);
    if (!word) {
      line.problem = "a quote does not end";
    } else if (const auto level = model::parse_level(*word); level && !level_given) {
      line.entry.level = *level;
      level_given = true;
    } else if (word->starts_with("until=") && !line.entry.until) {
      const auto until = base::parse_rfc3339(std::string_view(*word).substr(6));
      if (until.ok()) line.entry.until = std::chrono::floor<std::chrono::seconds>(*until);
      if (!until.ok()) line.problem = until.error().message;
    } else {
      line.problem = fmt::format("\"{}\" is neither a level nor until=TIME", one_line(*word, 60));
    }
    if (!line.problem.empty()) return;
  }
  if (rest.starts_with('#')) {
    line.entry.reason = one_line(trimmed(rest.substr(1)), reason_bytes_max);
  }
}

SuspendedLine read_line(std::string_view text) {
  SuspendedLine line{
      .text = text, .subject = std::nullopt, .not_text = {}, .entry = {}, .problem = {}};
  const auto content = trimmed(text);
  const bool control = std::any_of(content.begin(), content.end(), [](unsigned char c) {
    return (c < 0x20 && c != '\t') || c == 0x7f;
  });
  if (content.empty()) return line;
  if (text.size() > line_bytes_max) {
    line.problem = fmt::format("the line has more than {} bytes", line_bytes_max);
  } else if (control || !wire::valid_utf8(content)) {
    if (!control && !content.starts_with('#')) read_entry(content, line);
    if (line.subject && !is_text(line.subject->name))
      line.not_text = std::exchange(line.subject, {});
    line.problem = "the line has bytes that are no text";
  } else if (!content.starts_with('#')) {
    read_entry(content, line);
  }
  return line;
}

}  // namespace

SuspendedText parse_suspended(std::string_view text) {
  SuspendedText parsed;
  parsed.ends_with_newline = text.empty() || text.ends_with('\n');
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    SuspendedLine line = read_line(text.substr(start, end - start));
    start = end + 1;
    const std::uint64_t number = parsed.lines.size() + 1;
    if (!trimmed(line.text).empty()) parsed.blank = false;
    if (const auto as_of = as_of_in(trimmed(line.text))) parsed.as_of = as_of;
    if (!line.problem.empty()) {
      if (parsed.problems++ == 0) {
        parsed.first_problem = fmt::format("line {}: {}", number, line.problem);
      }
      if (line.subject) parsed.problem_lines.emplace(*line.subject, number);
      if (!line.subject && !trimmed(line.text).starts_with('#')) ++parsed.nameless_problems;
    } else if (line.subject) {
      const auto [it, fresh] = parsed.entries.emplace(*line.subject, line.entry);
      if (!fresh && it->second.level < line.entry.level) it->second = line.entry;
    }
    parsed.lines.push_back(std::move(line));
  }
  return parsed;
}

std::string suspended_line(const Subject& subject, const SuspendedEntry& entry) {
  // "script:x" may be the name of an account: then the kind has to stand before it.
  const auto bare = Subject::parse(subject.name);
  const std::string spelled = bare && *bare == subject ? subject.name : subject.to_string();
  std::string line;
  const bool plain = spelled.find_first_of(" \t\"\\") == std::string::npos &&
                     !spelled.starts_with('#') && is_text(spelled);
  line = plain ? spelled : quoted(spelled);
  line += ' ';
  line += model::level_name(entry.level);
  if (entry.until) line += " until=" + base::format_rfc3339(*entry.until);
  if (!entry.reason.empty()) {
    std::string reason = one_line(entry.reason, reason_bytes_max);
    if (!wire::valid_utf8(reason)) {
      std::replace_if(reason.begin(), reason.end(), [](unsigned char c) { return c >= 0x80; }, '?');
    }
    line += " # " + reason;
  }
  return line;
}

std::string rewrite_suspended(std::string_view text,
                              const std::map<Subject, SuspendedEntry>& wanted,
                              std::uint64_t as_of) {
  const SuspendedText parsed = parse_suspended(text);
  const std::string mark = fmt::format("{}{}\n", as_of_mark, as_of);
  std::string out;
  std::set<Subject> written;
  bool marked = false;
  const bool commented =
      std::any_of(parsed.lines.begin(), parsed.lines.end(),
                  [](const auto& line) { return trimmed(line.text).starts_with('#'); });
  if (!commented) out += explanation;
  if (!parsed.as_of) {
    out += mark;
    marked = true;
  }
  for (const auto& line : parsed.lines) {
    if (as_of_in(trimmed(line.text))) {
      if (!marked) out += mark;
      marked = true;
      continue;
    }
    if (line.not_text && wanted.contains(*line.not_text)) continue;  // it gets one that can be read
    if (line.problem.empty() && line.subject) {
      const auto want = wanted.find(*line.subject);
      if (want == wanted.end() || !written.insert(*line.subject).second) continue;
      if (!want->second.same_measure(line.entry)) {
        out += suspended_line(want->first, want->second) + "\n";
        continue;
      }
    }
    out += line.text;
    out += '\n';
  }
  for (const auto& [subject, entry] : wanted) {
    if (!written.contains(subject)) out += suspended_line(subject, entry) + "\n";
  }
  return out;
}

}  // namespace leumund::action
