#include "model/mail_event.h"
#include "wire/postfix_log_line_message.h"
#include "wire/postfix_log_line_scan.h"

namespace leumund::wire {
namespace {

using log_scan::take;
using log_scan::take_until;

// The value behind the last ", name=": what stands in front of it, the user's name, was chosen by
// whoever tried to log in and may look like a field.
std::string_view last_value(std::string_view text, std::string_view mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find(','));
}

// The name in "user=<a>, method=PLAIN, rip=192.0.2.1", up to the first real field behind it.
std::string_view user_of(std::string_view text) {
  constexpr std::string_view mark = "user=<";
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::size_t method = text.rfind(">, method=");
  const std::size_t address = text.rfind(">, rip=");
  const std::size_t end = method != std::string_view::npos ? method : address;
  const std::size_t start = at + mark.size();
  return end == std::string_view::npos || end < start ? std::string_view()
                                                      : text.substr(start, end - start);
}

// "passwd-file(anna,192.0.2.1,<session>): unknown user" of auth_verbose, from process auth or, with
// "conn unix:auth-worker (pid=7,uid=0): auth-worker<1>: " before it, auth-worker. The name was
// chosen by the client: what could be read in two ways is not.
void parse_auth_message(std::string_view text, PostfixLogLine& out) {
  constexpr std::string_view behind = "): ";
  if (const std::size_t worker = text.find("auth-worker<");
      text.starts_with("conn unix:") && worker != std::string_view::npos) {
    const std::size_t name = text.find(": ", worker);
    text.remove_prefix(name == std::string_view::npos ? text.size() : name + 2);
  }
  std::string_view driver;
  std::string_view who;
  if (!take_until(text, '(', driver) || driver.find(' ') != std::string_view::npos ||
      !take_until(text, behind, who) || text.find(behind) != std::string_view::npos) {
    return;
  }
  if (!text.starts_with("unknown user") && !text.starts_with("Password mismatch") &&
      !text.starts_with("Unknown user")) {
    return;
  }
  // "name,address" or "name,address,<session>".
  if (who.ends_with('>')) who = who.substr(0, who.rfind(",<"));
  const std::size_t comma = who.find(',');
  if (comma == std::string_view::npos || who.find_first_of(",()", comma + 1) != who.npos ||
      who.substr(0, comma).find_first_of("()") != who.npos) {
    return;
  }
  out.account = who.substr(0, comma);
  out.client_address = who.substr(comma + 1);
  out.service = model::password_server;
  out.kind = LineKind::login_failed;
}

}  // namespace

void parse_dovecot_message(PostfixLogLine& out) {
  std::string_view text = out.message;
  std::string_view process;
  if (!take_until(text, ": ", process)) return;
  if (process == "auth" || process.starts_with("auth-worker(")) {
    (void)take(text, "Info: ");
    return parse_auth_message(text, out);
  }
  if (!process.ends_with("-login")) return;
  (void)take(text, "Info: ");
  const bool good = take(text, "Login: ") || take(text, "Logged in: ");
  // "Disconnected (auth failed, 3 attempts in 9 secs)", "Aborted login (auth failed, ...)",
  // "Login aborted: ... (auth failed, 1 attempts in 2 secs) (auth_failed)".
  if (!good && text.find("(auth failed, ") == std::string_view::npos) return;
  out.account = user_of(text);
  out.client_address = last_value(text, ", rip=");
  out.sasl_method = last_value(text, ", method=");
  out.service = process.substr(0, process.size() - 6);
  out.kind = good ? LineKind::login_ok : LineKind::login_failed;
}

}  // namespace leumund::wire
