#include "apps/diagnose/pasted_input.h"

#include <algorithm>
#include <array>

namespace leumund::apps {
namespace {

constexpr std::size_t near_bytes = 4096;  // of a line that tell what it is

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "smtp" of "... postfix-out/smtp[1013]: "; "" for what is no line of Postfix's log.
std::string_view postfix_program(std::string_view line) {
  const std::size_t name = line.substr(0, 200).find(" postfix");
  if (name == std::string_view::npos) return {};
  const std::size_t bracket = line.find("]: ", name);
  const std::size_t open = line.rfind('[', bracket);
  if (bracket == std::string_view::npos || open == std::string_view::npos || open < name) return {};
  const std::size_t slash = line.rfind('/', open);
  if (slash == std::string_view::npos || slash < name) return {};
  return line.substr(slash + 1, open - slash - 1);
}

// "550 " ends a reply, "550-" goes on.
bool has_code(std::string_view line) {
  return line.size() > 3 && (line[0] == '4' || line[0] == '5') && is_digit(line[1]) &&
         is_digit(line[2]) && (line[3] == ' ' || line[3] == '-');
}

}  // namespace

bool is_log_without_refusal(std::string_view line) {
  line = line.substr(0, near_bytes);
  const std::string_view program = postfix_program(line);
  if (program.empty()) return false;
  if (program == "smtpd" || program == "postscreen") return true;
  constexpr std::array<std::string_view, 6> refusals = {
      " status=bounced", " status=deferred", " status=undeliverable",
      " status=expired", " said: ",          "refused to talk to me"};
  return std::none_of(refusals.begin(), refusals.end(), [line](std::string_view sign) {
    return line.find(sign) != std::string_view::npos;
  });
}

bool holds_several_replies(std::string_view text) {
  std::size_t ended = 0;  // replies or log lines that are whole
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(std::min(newline + 1, text.size()));
    const bool log = !postfix_program(line).empty();
    if ((log || has_code(line)) && ended > 0) return true;
    if (log || (has_code(line) && line[3] == ' ')) ++ended;
  }
  return false;
}

bool is_binary(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace leumund::apps
