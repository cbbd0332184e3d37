#include <array>
#include <cstring>
#include <utility>

#include "wire/postfix_log_line_message.h"

namespace leumund::wire {
namespace {

constexpr std::array<std::pair<std::string_view, LogProgram>, 44> programs = {{
    {"smtp", LogProgram::delivery_agent},
    {"smtpd", LogProgram::smtpd},
    {"qmgr", LogProgram::qmgr},
    {"cleanup", LogProgram::cleanup},
    {"lmtp", LogProgram::delivery_agent},
    {"local", LogProgram::delivery_agent},
    {"virtual", LogProgram::delivery_agent},
    {"pipe", LogProgram::delivery_agent},
    {"pickup", LogProgram::pickup},
    {"bounce", LogProgram::bounce},
    {"postscreen", LogProgram::postscreen},
    {"error", LogProgram::delivery_agent},
    {"retry", LogProgram::delivery_agent},
    {"discard", LogProgram::delivery_agent},
    {"anvil", LogProgram::other},
    {"scache", LogProgram::other},
    {"tlsmgr", LogProgram::other},
    {"tlsproxy", LogProgram::other},
    {"dnsblog", LogProgram::other},
    {"verify", LogProgram::other},
    {"trivial-rewrite", LogProgram::other},
    {"rewrite", LogProgram::other},
    {"proxymap", LogProgram::other},
    {"proxywrite", LogProgram::other},
    {"master", LogProgram::other},
    {"postsuper", LogProgram::postsuper},
    {"postfix-script", LogProgram::other},
    {"postfix-tls-script", LogProgram::other},
    {"postmulti-script", LogProgram::other},
    {"postfix", LogProgram::other},
    {"postlogd", LogProgram::other},
    {"postlog", LogProgram::other},
    {"flush", LogProgram::other},
    {"showq", LogProgram::other},
    {"spawn", LogProgram::other},
    {"sendmail", LogProgram::other},
    {"postdrop", LogProgram::other},
    {"postqueue", LogProgram::other},
    {"postmap", LogProgram::other},
    {"postalias", LogProgram::other},
    {"postmulti", LogProgram::other},
    {"postconf", LogProgram::other},
    {"nqmgr", LogProgram::qmgr},
    {"qmqpd", LogProgram::smtpd},
}};

// The frequent programs stand in front, so a plain search costs a few comparisons of length.
LogProgram program_of(std::string_view name) {
  for (const auto& [known, program] : programs) {
    if (known.size() == name.size() && std::memcmp(known.data(), name.data(), name.size()) == 0) {
      return program;
    }
  }
  return LogProgram::foreign;
}

// Which characters a long queue id may hold: digits and consonants of both cases.
constexpr std::array<bool, 256> long_id_letters = [] {
  std::array<bool, 256> letters{};
  for (const char c : std::string_view("0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz")) {
    letters[static_cast<unsigned char>(c)] = true;
  }
  return letters;
}();

constexpr std::array<bool, 256> short_id_letters = [] {
  std::array<bool, 256> letters{};
  for (const char c : std::string_view("0123456789ABCDEF"))
    letters[static_cast<unsigned char>(c)] = true;
  return letters;
}();

bool all_of(std::string_view text, const std::array<bool, 256>& letters) {
  for (const char c : text) {
    if (!letters[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

}  // namespace

bool is_queue_id(std::string_view text) {
  constexpr std::size_t short_min = 5;
  constexpr std::size_t short_max = 16;
  constexpr std::size_t long_min = 12;  // 6 of seconds, 4 of microseconds, "z", inode
  constexpr std::size_t long_max = 24;
  if (text.size() < short_min || text.size() > long_max) return false;
  if (text.size() <= short_max && all_of(text, short_id_letters)) return true;
  return text.size() >= long_min && text[0] >= '0' && text[0] <= '9' && text[10] == 'z' &&
         all_of(text, long_id_letters);
}

void read_log_tag(std::string_view tag, PostfixLogLine& out) {
  const std::size_t last = tag.rfind('/');
  if (last == std::string_view::npos) {
    out.program_name = tag;
    if (tag == "dovecot") out.program = LogProgram::dovecot;
    if (tag.starts_with("postfix") && (tag.size() == 7 || tag[7] == '-'))
      out.program = LogProgram::other;
    return;
  }
  out.program_name = tag.substr(last + 1);
  out.program = program_of(out.program_name);
  if (out.program == LogProgram::foreign) return;  // a policy script that spawn(8) runs, say
  const std::size_t first = tag.find('/');
  const std::string_view front = tag.substr(0, first);
  if (front.starts_with("postfix") && (front.size() == 7 || front[7] == '-')) {
    if (front.size() > 7) out.instance = front;
    if (last > first) out.service = tag.substr(first + 1, last - first - 1);
  } else {
    out.service = tag.substr(0, last);
  }
}

}  // namespace leumund::wire
