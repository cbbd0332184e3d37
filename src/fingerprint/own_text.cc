#include "fingerprint/own_text.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/ascii.h"
#include "wire/mime_header.h"

namespace leumund::fingerprint {
namespace {

using wire::contains_ignoring_case;
using wire::starts_ignoring_case;

constexpr std::size_t signature_lines_max = 15;
constexpr std::size_t signature_bytes_max = 800;
constexpr std::size_t footer_search_lines = 60;
constexpr std::size_t disclaimer_lines_max = 30;
constexpr std::size_t footer_lines_max = 14;
constexpr std::size_t patch_summary_lines = 60;
constexpr std::size_t greeting_bytes_max = 60;

// The last words of the line above a quotation.
constexpr std::array<std::string_view, 14> attribution_ends = {
    "wrote:",
    "schrieb:",
    "geschrieben:",
    "crit :",
    "crit:",
    "escribi\xC3\xB3:",
    "scritto:",
    "skrev:",
    "napsal(a):",
    "schreef:",
    "escreveu:",
    "pisze:",
    "\xD0\xBF\xD0\xB8\xD1\x88\xD0\xB5\xD1\x82:",
    "kirjoitti:"};

constexpr std::array<std::string_view, 12> original_lines = {"-----original message",
                                                             "-----urspr",
                                                             "-----forwarded message",
                                                             "---------- forwarded",
                                                             "---------- weitergeleitet",
                                                             "-------- forwarded",
                                                             "-------- weitergeleitet",
                                                             "-------- original",
                                                             "-------- urspr",
                                                             "begin forwarded message:",
                                                             "anfang der weitergeleiteten",
                                                             "----- forwarded"};

constexpr std::array<std::string_view, 6> header_from = {
    "from:", "von:", "de :", "*from:*", "to:", "an:"};
constexpr std::array<std::string_view, 10> header_next = {
    "sent:", "gesendet:", "date:",    "datum:",   "to:",
    "an:",   "cc:",       "subject:", "betreff:", "*sent:*"};

constexpr std::array<std::string_view, 32> greetings = {"hello",
                                                        "hi",
                                                        "dear",
                                                        "good day",
                                                        "good morning",
                                                        "good afternoon",
                                                        "good evening",
                                                        "greetings",
                                                        "hey",
                                                        "hallo",
                                                        "guten tag",
                                                        "guten morgen",
                                                        "guten abend",
                                                        "moin",
                                                        "liebe",
                                                        "sehr geehrt",
                                                        "servus",
                                                        "gr\xC3\xBC\xC3\x9F",
                                                        "gr\xC3\xBC"
                                                        "ezi",
                                                        "bonjour",
                                                        "salut",
                                                        "hola",
                                                        "buenos",
                                                        "estimad",
                                                        "ciao",
                                                        "buongiorno",
                                                        "gentile",
                                                        "hej",
                                                        "attn",
                                                        "attention",
                                                        "dzie\xC5\x84",
                                                        "ol\xC3\xA1"};

constexpr std::array<std::string_view, 27> closings = {"regards",
                                                       "best",
                                                       "kind regards",
                                                       "warm regards",
                                                       "with regards",
                                                       "thanks",
                                                       "thank you",
                                                       "many thanks",
                                                       "cheers",
                                                       "sincerely",
                                                       "yours",
                                                       "see you",
                                                       "respectfully",
                                                       "cordially",
                                                       "viele gr",
                                                       "mit freundlich",
                                                       "freundliche gr",
                                                       "liebe gr",
                                                       "beste gr",
                                                       "herzliche gr",
                                                       "sch\xC3\xB6ne gr",
                                                       "gru\xC3\x9F",
                                                       "gr\xC3\xBC\xC3\x9F",
                                                       "mfg",
                                                       "lg",
                                                       "hochachtungsvoll",
                                                       "vg"};

// A paragraph with one of these is not the writer's.
constexpr std::array<std::string_view, 16> disclaimers = {
    "intended recipient",     "this e-mail and any",     "this email and any",
    "this message and any",   "this e-mail is confiden", "this email is confiden",
    "confidentiality notice", "this e-mail message is",  "diese e-mail enth",
    "diese nachricht enth",   "vertrauliche und/oder",   "irrt\xC3\xBCmlich erhalten",
    "scanned for viruses",    "virus-free. www.",        "think before you print",
    "vor dem ausdrucken"};

// A line with one of these at its begin was put there by a program.
constexpr std::array<std::string_view, 14> appended_lines = {
    "sent from my",       "von meinem ",
    "gesendet von mein",  "get outlook for",
    "outlook f\xC3\xBCr", "envoy\xC3\xA9 de mon",
    "to unsubscribe",     "unsubscribe:",
    "list archive",       "diese nachricht wurde von meinem",
    "sent via",           "gesendet mit der",
    "do you yahoo",       "__________ information from"};

std::string_view trimmed(std::string_view line) { return wire::trim_blanks(line); }

template <std::size_t Count>
bool begins_with_any(std::string_view line, const std::array<std::string_view, Count>& starts) {
  return std::ranges::any_of(
      starts, [&](std::string_view start) { return starts_ignoring_case(line, start); });
}

bool ends_ignoring_case(std::string_view line, std::string_view end) {
  return line.size() >= end.size() &&
         wire::equal_ignoring_case(line.substr(line.size() - end.size()), end);
}

bool is_attribution(std::string_view line) {
  if (line.size() < 6 || line.size() > 400) return false;
  if (line.back() == ':') {
    return std::ranges::any_of(attribution_ends,
                               [&](std::string_view end) { return ends_ignoring_case(line, end); });
  }
  // "Am 3. Mai 2021 schrieb Karin <k@x.example>:" has the verb inside.
  return false;
}

bool is_inner_attribution(std::string_view line) {
  if (line.size() < 12 || line.size() > 400 || line.back() != ':') return false;
  return (starts_ignoring_case(line, "am ") && contains_ignoring_case(line, " schrieb ")) ||
         (starts_ignoring_case(line, "on ") && contains_ignoring_case(line, " wrote ")) ||
         (starts_ignoring_case(line, "le ") && contains_ignoring_case(line, "crit "));
}

// The text behind quote marks; nothing when the line is not quoted.
bool take_quote_marks(std::string_view& line) {
  std::size_t i = 0;
  bool quoted = false;
  while (i < line.size() && (line[i] == '>' || line[i] == ' ' || line[i] == '|')) {
    quoted = quoted || line[i] == '>' || (line[i] == '|' && i + 1 < line.size());
    ++i;
  }
  if (quoted) line.remove_prefix(i);
  return quoted;
}

bool is_rule(std::string_view line) {
  return line.size() >= 20 && line.find_first_not_of("_-=*~") == std::string_view::npos;
}

void append_line(std::string_view line, std::string& out) {
  out += line;
  out.push_back('\n');
}

std::size_t word_count(std::string_view line) {
  std::size_t words = 0;
  bool inside = false;
  for (const char c : line) {
    const bool letter = c != ' ' && c != '\t';
    words += letter && !inside;
    inside = letter;
  }
  return words;
}

// "Best regards," or "Thanks Ann": a closing with little behind it.
bool is_closing(std::string_view line) {
  return line.size() <= 60 && begins_with_any(line, closings) && word_count(line) <= 5;
}

}  // namespace

void OwnText::split(std::string_view text) {
  own_.clear();
  quoted_.clear();
  closing_.clear();
  appended_.clear();
  forwarded_ = false;
  read_lines(text);
  take_own_lines();
}

// What git sends below the message: "---", a summary, "diff --git a/x b/x".
bool OwnText::patch_begins(std::size_t at) const {
  const std::size_t end = std::min(lines_.size(), at + patch_summary_lines);
  for (std::size_t i = at; i < end; ++i) {
    if (lines_[i].starts_with("diff --git ")) return true;
  }
  return false;
}

bool OwnText::original_begins(std::size_t at) {
  const std::string_view line = trimmed(lines_[at]);
  if (line.size() < 3 || line.size() > 100) return false;
  const char first = static_cast<char>(line[0] | 0x20);
  const bool possible = line[0] == '-' || first == 'b' || first == 'a' || first == 'f' ||
                        first == 'v' || first == 'd' || first == 't' || line[0] == '*';
  if (!possible) return false;
  if (line == "---" || line.starts_with("diff --git ")) return patch_begins(at);
  if (begins_with_any(line, original_lines)) {
    forwarded_ = forwarded_ || contains_ignoring_case(line, "forward") ||
                 contains_ignoring_case(line, "weitergeleitet");
    return true;
  }
  if (!begins_with_any(line, header_from)) return false;
  std::size_t found = 0;
  for (std::size_t i = at + 1; i < lines_.size() && i < at + 6; ++i) {
    found += begins_with_any(trimmed(lines_[i]), header_next);
  }
  return found >= 2;
}

void OwnText::quote_rest(std::size_t from) {
  for (std::size_t i = from; i < lines_.size(); ++i) {
    std::string_view line = lines_[i];
    (void)take_quote_marks(line);
    append_line(line, quoted_);
  }
}

void OwnText::read_lines(std::string_view text) {
  lines_.clear();
  kept_.clear();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t newline = std::min(text.find('\n', at), text.size());
    lines_.push_back(text.substr(at, newline - at));
    at = newline + 1;
  }
  bool replied = false;  // an attribution came, the quotation has not begun
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    std::string_view line = lines_[i];
    if (line.empty()) {
      kept_.push_back(line);
      continue;
    }
    const char first = line[0];
    if ((first == '>' || first == '|' || first == ' ') && take_quote_marks(line)) {
      append_line(line, quoted_);
      replied = false;
      continue;
    }
    const bool blank = trimmed(line).empty();
    if (replied && !blank) {
      quote_rest(i);
      return;
    }
    const std::string_view ending =
        trimmed(line.substr(line.size() - std::min<std::size_t>(line.size(), 3)));
    if (ending.ends_with(':') &&
        (is_attribution(trimmed(line)) || is_inner_attribution(trimmed(line)))) {
      // "On Monday, A B <a@b.example>" on a line of its own above "wrote:".
      if (!kept_.empty() && starts_ignoring_case(kept_.back(), "on ") && kept_.back().size() > 20 &&
          kept_.back().find('@') != std::string_view::npos) {
        kept_.pop_back();
      }
      replied = true;
      continue;
    }
    if (original_begins(i)) {
      quote_rest(i + 1);
      return;
    }
    kept_.push_back(line);
  }
}

bool OwnText::cut_signature(std::size_t& end) const {
  // The last "-- " counts, if what follows is short.
  std::size_t bytes = 0;
  std::size_t lines = 0;
  for (std::size_t i = end;
       i-- > 0 && lines <= signature_lines_max && bytes <= signature_bytes_max;) {
    const std::string_view line = kept_[i];
    if (line == "-- " || line == "--" || line == "--\xC2\xA0") {
      end = i;
      return false;
    }
    if (!trimmed(line).empty()) ++lines;
    bytes += line.size();
  }
  bytes = 0;
  lines = 0;
  for (std::size_t i = end; i-- > 0 && lines <= 10 && bytes <= signature_bytes_max;) {
    const std::string_view line = trimmed(kept_[i]);
    if (line.empty()) continue;
    if (is_closing(line)) {
      end = i;
      return true;
    }
    if (line.size() > 80 || line.ends_with('.')) return false;
    ++lines;
    bytes += line.size();
  }
  return false;
}

void OwnText::cut_footers(std::size_t begin, std::size_t& end) {
  const std::size_t from = end - begin > footer_search_lines ? end - footer_search_lines : begin;
  for (std::size_t i = from; i < end; ++i) {
    const std::string_view line = trimmed(kept_[i]);
    if (line.empty()) continue;
    // A rule with few lines below is what lists and free mailers append.
    if (is_rule(line) && end - i <= footer_lines_max) {
      end = i;
      return;
    }
    if (begins_with_any(line, appended_lines)) {
      kept_[i] = {};
      continue;
    }
    small_line_.assign(line);
    base::make_ascii_lower(small_line_);
    const bool disclaims =
        line.size() > 12 && std::ranges::any_of(disclaimers, [&](std::string_view phrase) {
          return small_line_.find(phrase) != std::string::npos;
        });
    if (!disclaims) continue;
    std::size_t first = i;
    while (first > from && !trimmed(kept_[first - 1]).empty()) --first;
    std::size_t last = i;
    while (last < end && !trimmed(kept_[last]).empty() && last - first < disclaimer_lines_max)
      ++last;
    append_rest(first, last, appended_);
    std::fill(kept_.begin() + static_cast<std::ptrdiff_t>(first),
              kept_.begin() + static_cast<std::ptrdiff_t>(last), std::string_view{});
  }
}

std::string_view OwnText::without_greeting(std::string_view line) const {
  if (!begins_with_any(trimmed(line), greetings)) return line;
  const std::size_t end = line.substr(0, greeting_bytes_max).find_first_of(",!;:");
  if (end != std::string_view::npos) return line.substr(end + 1);
  return line.size() <= 40 && word_count(line) <= 5 ? std::string_view{} : line;
}

void OwnText::append_rest(std::size_t from, std::size_t end, std::string& to) const {
  for (std::size_t i = from; i < end; ++i) append_line(kept_[i], to);
}

void OwnText::take_own_lines() {
  std::size_t end = kept_.size();
  cut_footers(0, end);
  const std::size_t signature_end = end;
  const bool closed = cut_signature(end);
  append_rest(end, signature_end, closed ? closing_ : appended_);
  append_rest(signature_end, kept_.size(), appended_);
  bool first = true;
  for (std::size_t i = 0; i < end; ++i) {
    std::string_view line = kept_[i];
    if (first && !trimmed(line).empty()) {
      line = without_greeting(line);
      first = false;
    }
    append_line(line, own_);
  }
}

}  // namespace leumund::fingerprint
