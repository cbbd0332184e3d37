#include "apps/diagnose/pasted_input.h"

#include <algorithm>

#include "diagnosis/transcript.h"
#include "wire/postfix_log_line.h"

namespace leumund::apps {
namespace {

using wire::LineKind;

wire::PostfixLogLine read_line(std::string_view line) {
  wire::PostfixLogLine out;
  wire::parse_postfix_log_line(line, out);
  return out;
}

bool is_of_postfix(const wire::PostfixLogLine& line) {
  return line.kind != LineKind::empty && line.kind != LineKind::no_stamp &&
         line.kind != LineKind::foreign;
}

}  // namespace

bool is_log_without_refusal(std::string_view text) {
  const wire::PostfixLogLine line = read_line(text);
  if (!is_of_postfix(line) || line.kind == LineKind::note) return false;
  // Words of smtp(8) and its like that nobody knows may hold one.
  if (line.kind == LineKind::unknown && line.program == wire::LogProgram::delivery_agent) {
    return false;
  }
  return line.kind != LineKind::delivery || line.status == model::DeliveryStatus::sent;
}

bool holds_several_replies(std::string_view text) {
  bool ended = false;  // a reply or a line of a log is whole
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(std::min(newline + 1, text.size()));
    const bool log = is_of_postfix(read_line(line));
    const bool reply = diagnosis::answer_at(line, 0);
    if ((log || reply) && ended) return true;
    ended = ended || log || (reply && line[3] == ' ');  // "550-" goes on
  }
  return false;
}

bool is_binary(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace leumund::apps
