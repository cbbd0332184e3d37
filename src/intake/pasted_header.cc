#include "intake/pasted_header.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "wire/html_text.h"
#include "wire/mime_header.h"

namespace leumund::intake {
namespace {

constexpr std::size_t label_bytes = 40;
constexpr std::size_t paragraph_bytes = 200;  // of its end
constexpr std::size_t lines_above_most = 1'000;

struct Line {
  std::string_view text;  // without quote marks and line end
  bool quoted = false;

  [[nodiscard]] std::string_view trimmed() const { return wire::trim_blanks(text); }
  [[nodiscard]] bool empty() const { return trimmed().empty(); }
  [[nodiscard]] std::size_t indent() const {
    return std::min(text.find_first_not_of(" \t"), text.size());
  }
};

Line take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  Line line{text.substr(0, end)};
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  while (line.text.starts_with('>')) {
    line.quoted = true;
    line.text.remove_prefix(line.text.starts_with("> ") ? 2 : 1);
  }
  return line;
}

// Of any alphabet, as far as UTF-8 goes.
bool is_letter(char c) {
  const char small = base::ascii_lower(c);
  return (small >= 'a' && small <= 'z') || (c & 0x80) != 0;
}

// "Delivered-To: x": a field as a header has it, and no date or IPv6 address that was wrapped.
bool is_field(std::string_view text) {
  const std::size_t name = wire::header_name_size(text);
  return name != 0 && is_letter(text[0]) &&
         (name + 1 == text.size() || text[name + 1] == ' ' || text[name + 1] == '\t');
}

bool is_received(std::string_view text) { return wire::starts_ignoring_case(text, "Received:"); }

// "Betreff: x", "*From:* x", "De : x", as mail programs write above what they forward, in any
// language. Fields that only a whole header has bear a hyphen.
bool is_label(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("* "), text.size()));
  const std::size_t colon = text.substr(0, label_bytes).find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view label = text.substr(0, colon);
  const std::string_view value = text.substr(colon + 1);
  return std::ranges::all_of(label, [](char c) { return is_letter(c) || c == ' ' || c == '*'; }) &&
         std::ranges::count(label, ' ') <= 2 && (value.empty() || value.find_first_of(" \t*") == 0);
}

// "-----Original Message-----", "---------- Weitergeleitete Nachricht ---------",
// "Begin forwarded message:", "Anfang der weitergeleiteten Nachricht:".
bool is_separator(std::string_view text) {
  if (text.starts_with("-----") && text.ends_with("-----")) {
    return std::ranges::any_of(text, is_letter);
  }
  return text.ends_with(':') && (wire::contains_ignoring_case(text, "forwarded message") ||
                                 wire::contains_ignoring_case(text, "weitergeleitete"));
}

// "On Fri, 15 Jan 2027, Bank <x@bank.example> wrote:"
bool is_attribution(std::string_view paragraph) {
  constexpr std::array<std::string_view, 8> verbs = {"wrote",   "schrieb", "écrit", "escribi",
                                                     "scritto", "schreef", "skrev", "napisał"};
  if (!paragraph.ends_with(':')) return false;
  return paragraph.ends_with(">:") || std::ranges::any_of(verbs, [&](std::string_view verb) {
           return wire::contains_ignoring_case(paragraph, verb);
         });
}

// Whether what stands above the first Received line is the writer's own.
class Above {
 public:
  // False: what follows may be the spam's own text.
  bool take(const Line& line) {
    const std::string_view text = line.trimmed();
    if (text.empty()) {
      paragraph_.clear();
      return true;
    }
    const bool field = is_label(text);
    if (is_separator(text)) {
      forwarded = true;
    } else if (field) {
      ++labels_;
      named_ = named_ || text.contains('@');
    } else if (!is_field(text) && !text.starts_with("From ")) {
      if (!in_header_) labels_ = 0;
      quoted_prose = quoted_prose || line.quoted;
    }
    in_header_ = field || (in_header_ && !paragraph_.empty());
    paragraph_.append(" ").append(text);
    paragraph_.erase(0, paragraph_.size() - std::min(paragraph_.size(), paragraph_bytes));
    return !is_attribution(paragraph_) && !is_short_header();
  }

  bool forwarded = false;
  bool quoted_prose = false;

 private:
  [[nodiscard]] bool is_short_header() const {
    return labels_ >= 3 || (labels_ >= 2 && named_) || (labels_ >= 1 && forwarded);
  }

  std::string paragraph_;
  std::size_t labels_ = 0;
  bool in_header_ = false;  // the line above is of a short header, or goes on from one
  bool named_ = false;
};

// Without the targets that Outlook writes behind addresses: "a@b.example<mailto:a@b.example>".
std::string without_targets(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find('<'), text.size());
    out.append(text.substr(0, at));
    text.remove_prefix(at);
    const bool target = text.starts_with("<mailto:") || text.starts_with("<http://") ||
                        text.starts_with("<https://");
    if (target) {
      text.remove_prefix(std::min(text.find('>'), text.size() - 1) + 1);
    } else if (!text.empty()) {
      out += '<';
      text.remove_prefix(1);
    }
  }
  return out;
}

// The block that begins with `first`. Some programs put an empty line behind each.
std::string block_of(const Line& first, std::string_view rest) {
  std::string out = without_targets(first.trimmed()) + "\r\n";
  bool spaced = false;
  bool gap = false;
  for (std::size_t lines = 1; lines < pasted_lines_most && !rest.empty();) {
    const Line line = take_line(rest);
    if (line.empty()) {
      if (lines == 1) {
        std::string_view ahead = rest;
        const Line behind = take_line(ahead);
        spaced = is_field(behind.trimmed()) || !first.text.contains(';');
      }
      if (!spaced || gap) break;
      gap = true;
      continue;
    }
    gap = false;
    ++lines;
    const bool field = is_field(line.trimmed()) && line.indent() <= first.indent();
    if (!field) out += '\t';
    out += without_targets(line.trimmed()) + "\r\n";
  }
  return out;
}

// What stands in <pre> is in lines, though no tag says so.
std::string with_broken_lines(std::string_view html) {
  std::string out;
  bool inside = false;
  for (std::size_t i = 0; i < html.size(); ++i) {
    if (html[i] == '<') {
      inside = inside ? !wire::starts_ignoring_case(html.substr(i), "</pre")
                      : wire::starts_ignoring_case(html.substr(i), "<pre");
    }
    if (inside && html[i] == '\n') out += "<br>";
    out += html[i];
  }
  return out;
}

}  // namespace

PastedHeader find_pasted_header(std::string_view text) {
  using Found = PastedHeader::Found;
  text = text.substr(0, pasted_bytes_most);
  Above above;
  for (std::size_t lines = 0; !text.empty() && lines < lines_above_most; ++lines) {
    const Line line = take_line(text);
    if (is_received(line.trimmed())) {
      if (line.quoted && above.quoted_prose) return {.found = Found::no_header};
      return {.found = Found::header, .lines = block_of(line, text)};
    }
    if (!above.take(line)) return {.found = Found::no_header};
  }
  return {.found = above.forwarded ? Found::no_header : Found::nothing};
}

PastedHeader find_pasted_header(const wire::MimePart& part, wire::CharsetReader& charsets) {
  const bool html = part.kind == wire::MimeKind::text_html;
  wire::MimePart decoded = part;
  decoded.kind = wire::MimeKind::text_plain;
  std::string text;
  wire::append_part_text(decoded, pasted_bytes_most, charsets, text);
  if (!html) return find_pasted_header(text);
  wire::HtmlView view;
  wire::read_html(with_broken_lines(text), view, {.text_bytes = pasted_bytes_most});
  return find_pasted_header(view.text);
}

}  // namespace leumund::intake
