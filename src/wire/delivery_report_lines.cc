#include "wire/delivery_report_lines.h"

#include <algorithm>
#include <string>

#include "wire/delivery_report_answer.h"
#include "wire/delivery_report_phrases.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

bool is_rule_character(char c) {
  return c == '-' || c == '=' || c == '*' || c == '_' || c == '~' || c == '#' || c == '+' ||
         c == '|';
}

// Header lines that only a returned message has, in a notice.
bool is_trace_header(std::string_view line) {
  const std::size_t size = header_name_size(line);
  if (size == 0) return false;
  const std::string_view name = line.substr(0, size);
  for (const std::string_view known :
       {"Received", "Return-Path", "DKIM-Signature", "Delivered-To", "X-Received", "ARC-Seal",
        "MIME-Version", "Message-ID", "DomainKey-Signature", "X-Google-DKIM-Signature",
        "Authentication-Results", "X-Envelope-From", "X-Google-Smtp-Source", "X-Original-To",
        "X-Mailer", "Received-SPF", "Content-Type"}) {
    if (equal_ignoring_case(name, known)) return true;
  }
  return false;
}

std::string_view unquoted(const Line& line) {
  std::string_view text = line.text;
  while (text.starts_with('>') || text.starts_with('|')) {
    text.remove_prefix(1);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  return text;
}

// How many header lines in a row stand from line `at` on, folded lines not counted; up to 4.
int header_run(const std::vector<Line>& lines, std::size_t at, bool& trace) {
  int run = 0;
  for (std::size_t i = at; i < lines.size() && run < 4; ++i) {
    const std::string_view text = unquoted(lines[i]);
    if (text.empty()) break;
    if (text[0] == ' ' || text[0] == '\t') {
      if (run == 0) return 0;
      continue;
    }
    if (!is_message_header(text)) return run > 2 ? run : 0;
    trace = trace || is_trace_header(text);
    ++run;
  }
  return run;
}

// A notice that only says that the message follows has nothing behind it to recognise.
bool announces_returned(const std::vector<Line>& lines, std::size_t at) {
  const Line& line = lines[at];
  if ((line.phrases & phrase_bit(Phrase::returned)) == 0) return false;
  const std::string_view content = line.content();
  const bool separates = is_separator(content);
  const bool ends = content.ends_with(':') || content.ends_with('.') || content.ends_with("---");
  if (!separates && !ends) return false;
  std::size_t next = at + 1;
  while (next < lines.size() && next < at + 4 &&
         (lines[next].blank() || is_separator(lines[next].content()))) {
    ++next;
  }
  if (next >= lines.size() || lines[next].blank()) return separates || next >= lines.size();
  bool trace = false;
  if (header_run(lines, next, trace) >= 1) return true;
  // qmail ends so whatever follows.
  if (starts_ignoring_case(content, "--- below this line is a copy")) return true;
  // "--- Original message undeliverable ---" may head the report itself: "Recipient: a@b.example".
  const std::string_view following = unquoted(lines[next]);
  return separates && content.starts_with("---") && header_name_size(following) != 0 &&
         !find_address(following) && !find_answer(following);
}

void mark_phrases(std::string_view text, std::vector<Line>& lines) {
  std::vector<PhraseHit> hits;
  find_phrases(text, hits);
  std::size_t line = 0;
  for (const auto& hit : hits) {
    while (line + 1 < lines.size() && lines[line + 1].begin < hit.end) ++line;
    lines[line].phrases |= hit.kinds;
  }
}

}  // namespace

bool is_message_header(std::string_view line) {
  const std::size_t size = header_name_size(line);
  if (size == 0) return false;
  const std::string_view name = line.substr(0, size);
  if (is_trace_header(line) || starts_ignoring_case(name, "X-")) return true;
  for (const std::string_view known : {"From", "To", "Subject", "Date", "Sender", "Cc", "Reply-To",
                                       "Resent-From", "User-Agent", "Content-Transfer-Encoding"}) {
    if (equal_ignoring_case(name, known)) return true;
  }
  return false;
}

std::vector<Line> split_lines(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t newline = std::min(text.find('\n', at), text.size());
    Line line;
    line.begin = at;
    line.text = text.substr(at, newline - at);
    while (!line.text.empty() && (line.text.back() == ' ' || line.text.back() == '\t')) {
      line.text.remove_suffix(1);
    }
    while (line.indent < line.text.size() &&
           (line.text[line.indent] == ' ' || line.text[line.indent] == '\t')) {
      ++line.indent;
    }
    lines.push_back(line);
    at = newline + 1;
  }
  mark_phrases(text, lines);
  return lines;
}

bool is_separator(std::string_view content) {
  if (content.size() < 3) return false;
  std::size_t front = 0;
  while (front < content.size() && is_rule_character(content[front])) ++front;
  if (front == content.size()) return true;
  std::size_t back = 0;
  while (back < content.size() && is_rule_character(content[content.size() - 1 - back])) ++back;
  return front >= 3 || (front >= 2 && back >= 2);
}

std::size_t returned_line(const std::vector<Line>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].blank()) continue;
    if (announces_returned(lines, i)) return i;
    const std::string_view text = unquoted(lines[i]);
    if (!is_message_header(text)) continue;
    const bool begins = i == 0 || lines[i - 1].blank() || is_separator(lines[i - 1].content()) ||
                        lines[i - 1].text.ends_with(':') || lines[i - 1].text.starts_with("From ");
    if (!begins) continue;
    bool trace = false;
    const int run = header_run(lines, i, trace);
    const std::string_view name = text.substr(0, header_name_size(text));
    const bool received =
        (equal_ignoring_case(name, "Received") && contains_ignoring_case(text, " by ")) ||
        (equal_ignoring_case(name, "Received") && contains_ignoring_case(text, "from ")) ||
        equal_ignoring_case(name, "Return-Path");
    if ((trace && run >= 3) || received) return i;
  }
  return lines.size();
}

std::size_t find_status_fields(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = text.substr(at, 20);
    if (starts_ignoring_case(line, "Reporting-MTA:") ||
        starts_ignoring_case(line, "Final-Recipient:")) {
      return at;
    }
    if (starts_ignoring_case(line, "Received:") || starts_ignoring_case(line, "Return-Path:"))
      break;
    const std::size_t newline = text.find('\n', at);
    if (newline == std::string_view::npos) break;
    at = newline + 1;
  }
  return std::string::npos;
}

std::size_t find_returned_headers(std::string_view fields) {
  for (std::size_t at = 0; at < fields.size();) {
    const std::string_view line = fields.substr(at, 20);
    for (const std::string_view name : {"Received: ", "Return-Path:", "From: ", "Message-Id:"}) {
      if (starts_ignoring_case(line, name)) return at;
    }
    const std::size_t newline = fields.find('\n', at);
    if (newline == std::string_view::npos) break;
    at = newline + 1;
  }
  return fields.size();
}

}  // namespace leumund::wire
