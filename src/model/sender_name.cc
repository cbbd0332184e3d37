#include "model/sender_name.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ip_address.h"

namespace leumund::model {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t name_bytes_max = 320;

Error malformed(std::string text) { return Error{ErrorCode::malformed, std::move(text)}; }

// For a message: printable, in quotation marks, not endless.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, 80)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return out + (text.size() > 80 ? "...'" : "'");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_uid(std::string_view name) {
  if (!name.starts_with("uid")) return false;
  name.remove_prefix(3);
  return !name.empty() && name.size() <= 10 && std::all_of(name.begin(), name.end(), is_digit);
}

// "uid33", "uid33:/srv/www/x.php", what a header says behind the uid ("uid33:contact.php",
// "uid33:x-site:verein.example"), or of a web server elsewhere the header alone
// ("x-site:verein.example").
bool is_script(std::string_view name) {
  const std::size_t colon = name.find(':');
  const std::string_view first = name.substr(0, colon);
  if (colon == std::string_view::npos) return is_uid(first);
  const bool header = first.contains('-') && std::all_of(first.begin(), first.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
                      });
  return (is_uid(first) || header) && colon + 1 < name.size();
}

// "bogus" of "bogus:foo": a word that somebody took for a kind. An account may hold a colon
// elsewhere ("anna@verein.example:pop3").
std::string_view word_like_a_kind(std::string_view text) {
  const std::string_view word = text.substr(0, text.find(':'));
  const bool letters = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
  return letters && word.size() < text.size() ? word : std::string_view();
}

bool has_kind(const Subject& subject, std::string_view typed) {
  return typed.starts_with(std::string(subject_kind_name(subject.kind)) + ":");
}

base::Result<Subject> read_bare(Subject subject, std::string_view typed) {
  const std::string shown = quoted(typed);
  const std::string name(typed.substr(0, 80));
  if (base::IpAddress::parse(typed)) {
    return malformed(shown + " is an address: write client:" + name +
                     " (an account of that name: account:" + name + ")");
  }
  if (const auto word = word_like_a_kind(typed); !word.empty()) {
    return malformed(shown + ": " + quoted(word) +
                     " is no kind of subject (account, script, client, ...); an account of that "
                     "name: account:" +
                     name);
  }
  return subject;
}

}  // namespace

base::Result<Subject> read_subject(std::string_view typed) {
  const std::string shown = quoted(typed);
  if (typed.size() > name_bytes_max + 16) {
    return malformed(shown + " is too long for a subject: at most " +
                     std::to_string(name_bytes_max) + " bytes");
  }
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(typed.begin(), typed.end(), control) || typed.starts_with(' ') ||
      typed.ends_with(' ')) {
    return malformed(shown + " has control characters or blanks at its ends");
  }
  auto subject = Subject::parse(typed);
  if (!subject || subject->name.find_first_not_of(' ') == std::string::npos) {
    return malformed(
        "the name of a subject is empty: write account:NAME, script:uid33, client:ADDRESS");
  }
  if (subject->kind == SubjectKind::client_address) {
    const auto address = base::IpAddress::parse(subject->name);
    if (!address) {
      return malformed(shown + " is no IP address: write client:192.0.2.7 or client:2001:db8::7");
    }
    subject->name = address->to_string();
  }
  if (!has_kind(*subject, typed)) return read_bare(std::move(*subject), typed);
  return std::move(*subject);
}

base::Result<Subject> read_sender(std::string_view typed) {
  auto subject = read_subject(typed);
  if (!subject) return subject;
  if (subject->kind == SubjectKind::script && !is_script(subject->name)) {
    return malformed(
        quoted(typed) +
        " is no script: write script:uid33, script:uid33:/path/of/script, or as a header "
        "names it: script:uid33:contact.php, script:uid33:x-site:verein.example");
  }
  if (subject->kind == SubjectKind::account &&
      (subject->name.starts_with('@') || subject->name.ends_with('@'))) {
    return malformed(quoted(typed) + " is no account: nothing stands before or after the @");
  }
  switch (subject->kind) {
    case SubjectKind::account:
    case SubjectKind::script:
    case SubjectKind::forward:
    case SubjectKind::campaign:
    case SubjectKind::client_address: return subject;
    case SubjectKind::network:
    case SubjectKind::egress:
    case SubjectKind::provider:
    case SubjectKind::address:
    case SubjectKind::domain:
    case SubjectKind::list: break;
  }
  return malformed(quoted(typed) +
                   " sends nothing itself: an account, script, client, forward or campaign can be "
                   "restricted");
}

std::optional<Subject> hands_in(const Subject& script) {
  const std::size_t colon = script.name.find(':');
  const bool behind_uid = script.kind == SubjectKind::script && colon != std::string::npos &&
                          script.name.starts_with("uid");
  if (!behind_uid) return std::nullopt;
  return Subject{SubjectKind::script, script.name.substr(0, colon)};
}

}  // namespace leumund::model
