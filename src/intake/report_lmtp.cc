#include "intake/report_lmtp.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "wire/mime_header.h"

namespace leumund::intake {
namespace {

// The mail server sends it to whoever forwarded the mail.
constexpr std::string_view no_header_reply =
    "550 5.6.0 this shows not where the spam came from: please forward it as an attachment / "
    "daraus geht nicht hervor, woher der Spam kam: bitte als Anhang weiterleiten\r\n";

constexpr std::size_t budget_step = 64UL * 1024;

// The keyword in any case, and the rest of the line.
bool is_command(std::string_view line, std::string_view keyword, std::string_view& argument) {
  if (!wire::starts_ignoring_case(line, keyword)) return false;
  argument = line.substr(keyword.size());
  if (!keyword.ends_with(':') && !argument.empty() && argument[0] != ' ') return false;
  argument = wire::trim_blanks(argument);
  return true;
}

// "<Anna@example.org> SIZE=1" as "anna@example.org".
std::string path_of(std::string_view argument) {
  return base::ascii_lower(argument.substr(1, argument.find('>') - 1));
}

}  // namespace

LmtpDialogue::LmtpDialogue(std::string host_name, const LmtpLimits& limits, LmtpBudget& budget,
                           const Handler& handler)
    : host_name_(std::move(host_name)), limits_(limits), budget_(budget), handler_(handler) {}

LmtpDialogue::~LmtpDialogue() { reset(); }

void LmtpDialogue::greet(std::string& out) {
  if (greeted_) return;
  greeted_ = true;
  out += "220 " + host_name_ + " LMTP leumund reports\r\n";
}

LmtpDialogue::Step LmtpDialogue::on_bytes(std::string_view waiting, std::string& out) {
  greet(out);
  if (closing_) return {.consumed = waiting.size(), .close = true};
  return in_data_ ? take_data(waiting, out) : take_command(waiting, out);
}

LmtpDialogue::Step LmtpDialogue::take_command(std::string_view waiting, std::string& out) {
  const std::size_t newline = waiting.substr(0, limits_.line_bytes).find('\n');
  if (newline == std::string_view::npos) {
    if (waiting.size() < limits_.line_bytes) return {};
    out += "500 5.5.2 line too long\r\n";
    closing_ = true;
    return {.consumed = waiting.size(), .close = true};
  }
  std::string_view line = waiting.substr(0, newline);
  if (line.ends_with('\r')) line.remove_suffix(1);
  obey(line, out);
  return {.consumed = newline + 1, .close = closing_};
}

void LmtpDialogue::obey(std::string_view line, std::string& out) {
  std::string_view argument;
  if (is_command(line, "LHLO", argument)) {
    reset();
    hello_ = true;
    out += "250-" + host_name_ +
           "\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n" +
           "250-SMTPUTF8\r\n250 SIZE " + std::to_string(limits_.message_bytes) + "\r\n";
  } else if (is_command(line, "MAIL FROM:", argument)) {
    mail(argument, out);
  } else if (is_command(line, "RCPT TO:", argument)) {
    recipient(argument, out);
  } else if (is_command(line, "DATA", argument)) {
    if (envelope_.recipients.empty()) return wrong("503 5.5.1 no valid recipient", out);
    in_data_ = true;
    line_begins_ = true;
    out += "354 end with a dot on a line of its own\r\n";
  } else if (is_command(line, "RSET", argument)) {
    reset();
    out += "250 2.0.0 ok\r\n";
  } else if (is_command(line, "NOOP", argument)) {
    out += "250 2.0.0 ok\r\n";
  } else if (is_command(line, "VRFY", argument)) {
    out += "252 2.0.0 send mail and see\r\n";
  } else if (is_command(line, "QUIT", argument)) {
    out += "221 2.0.0 bye\r\n";
    closing_ = true;
  } else if (is_command(line, "HELO", argument) || is_command(line, "EHLO", argument)) {
    wrong("500 5.5.1 this is LMTP", out);
  } else {
    wrong("500 5.5.2 unknown command", out);
  }
}

void LmtpDialogue::wrong(std::string_view reply, std::string& out) {
  if (++errors_ >= limits_.errors) {
    out += "421 4.7.0 too many errors\r\n";
    closing_ = true;
    return;
  }
  out.append(reply).append("\r\n");
}

void LmtpDialogue::mail(std::string_view argument, std::string& out) {
  if (!hello_) return wrong("503 5.5.1 LHLO first", out);
  if (sender_) return wrong("503 5.5.1 one sender is enough", out);
  if (!argument.starts_with('<') || argument.find('>') == std::string_view::npos) {
    return wrong("501 5.1.7 a path in angle brackets, please", out);
  }
  sender_ = true;
  envelope_.sender = path_of(argument);
  out += "250 2.1.0 ok\r\n";
}

void LmtpDialogue::recipient(std::string_view argument, std::string& out) {
  if (!sender_) return wrong("503 5.5.1 MAIL FROM first", out);
  if (!argument.starts_with('<') || argument.find('>') == std::string_view::npos) {
    return wrong("501 5.1.3 a path in angle brackets, please", out);
  }
  if (envelope_.recipients.size() >= limits_.recipients) {
    return wrong("452 4.5.3 too many recipients", out);
  }
  envelope_.recipients.push_back(path_of(argument));
  out += "250 2.1.5 ok\r\n";
}

void LmtpDialogue::keep(std::string_view text) {
  if (over_limit_ || out_of_memory_) return;
  if (message_.size() + text.size() > limits_.message_bytes) {
    over_limit_ = true;
  } else if (message_.size() + text.size() > reserved_) {
    const std::size_t wanted = message_.size() + text.size() + budget_step - reserved_;
    if (budget_.take(wanted)) {
      reserved_ += wanted;
    } else {
      out_of_memory_ = true;
    }
  }
  if (over_limit_ || out_of_memory_) {
    message_ = {};
    budget_.give_back(std::exchange(reserved_, 0));
    return;
  }
  message_ += text;
}

// Takes whole lines, and of a longer one what is there but its last two bytes, so that a line end
// or a dot is never cut.
LmtpDialogue::Step LmtpDialogue::take_data(std::string_view waiting, std::string& out) {
  std::size_t at = 0;
  while (at < waiting.size()) {
    std::string_view rest = waiting.substr(at);
    if (line_begins_ && rest[0] == '.') {
      if (rest.starts_with(".\r\n") || rest.starts_with(".\n")) {
        end_of_data(out);
        return {.consumed = at + (rest[1] == '\n' ? 2U : 3U), .close = closing_};
      }
      if (rest.size() < 3 && rest.find('\n') == std::string_view::npos) break;
      rest.remove_prefix(1);
      ++at;
      line_begins_ = false;  // a second dot is part of the message
    }
    const std::size_t newline = rest.find('\n');
    if (newline == std::string_view::npos) {
      if (rest.size() <= 2) break;
      keep(rest.substr(0, rest.size() - 2));
      at += rest.size() - 2;
      line_begins_ = false;
      break;
    }
    std::string_view line = rest.substr(0, newline);
    if (line.ends_with('\r')) line.remove_suffix(1);
    keep(line);
    keep("\n");
    at += newline + 1;
    line_begins_ = true;
  }
  return {.consumed = at, .close = false};
}

void LmtpDialogue::end_of_data(std::string& out) {
  std::string_view reply = "250 2.0.0 report taken\r\n";
  if (over_limit_) {
    reply = "552 5.3.4 report too large\r\n";
  } else if (out_of_memory_) {
    reply = "452 4.3.1 no memory for this report now\r\n";
  } else {
    const ReportTaken taken = handler_(envelope_, message_);
    if (taken == ReportTaken::try_later) reply = "451 4.3.0 try again later\r\n";
    if (taken == ReportTaken::no_header) reply = no_header_reply;
  }
  for (std::size_t i = 0; i < envelope_.recipients.size(); ++i) out += reply;
  reset();
}

void LmtpDialogue::reset() {
  message_ = {};
  budget_.give_back(std::exchange(reserved_, 0));
  sender_ = in_data_ = over_limit_ = out_of_memory_ = false;
  line_begins_ = true;
  envelope_ = {};
}

}  // namespace leumund::intake
