#include "config/own_contact.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/text_checks.h"

namespace leumund::config {
namespace {

using base::Error;
using base::ErrorCode;
using model::Contact;

constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t party_bytes_max = 300;
constexpr const char* wanted =
    "want list:ID or provider:ID and what is known, like 'provider:t-online "
    "postmaster=desk@example.org note=\"ask for Ms X\"'";

constexpr std::array<std::pair<std::string_view, std::string Contact::*>, 5> fields = {
    {{"email", &Contact::email},
     {"postmaster", &Contact::postmaster},
     {"upstream", &Contact::upstream},
     {"legal", &Contact::legal},
     {"form", &Contact::form}}};

bool is_party(std::string_view text) {
  const bool kind = text.starts_with("list:") || text.starts_with("provider:");
  return kind && text.size() > text.find(':') + 1 && text.size() <= party_bytes_max &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20; });
}

// The next word; a value in double quotes may hold blanks. False: a quote is not closed.
bool take_word(std::string_view& text, std::string& word) {
  word.clear();
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size() && (quoted || text[at] != ' '); ++at) {
    if (text[at] == '"')
      quoted = !quoted;
    else
      word += text[at];
  }
  text.remove_prefix(std::min(at + 1, text.size()));
  return !quoted;
}

std::string set_field(Contact& contact, std::string_view key, std::string value) {
  if (key == "note") {
    contact.own_note = std::move(value);
    return contact.own_note.empty() ? "note is empty" : "";
  }
  if (key == "language") {
    contact.language = value;
    return value == "de" || value == "en" ? "" : "language is de or en";
  }
  for (const auto& [name, member] : fields) {
    if (name != key) continue;
    const std::string wrong = value.empty()   ? "is empty"
                              : key == "form" ? check_web_address_or_empty(value)
                                              : check_mail_address(value);
    contact.*member = std::move(value);
    return wrong.empty() ? "" : std::string(key) + ": " + wrong;
  }
  return "knows email, postmaster, upstream, legal, form, language and note";
}

}  // namespace

base::Result<Contact> parse_own_contact(std::string_view text) {
  if (text.size() > text_bytes_max) return Error{ErrorCode::malformed, "is over 4 KiB long"};
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; })) {
    return Error{ErrorCode::malformed, "holds a control character"};
  }
  Contact contact;
  contact.own = true;
  std::string word;
  bool any = false;
  while (!text.empty()) {
    if (!take_word(text, word)) return Error{ErrorCode::malformed, "a quote is not closed"};
    if (word.empty()) continue;
    if (contact.party.empty()) {
      if (!is_party(word)) return Error{ErrorCode::malformed, wanted};
      contact.party = word;
      continue;
    }
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return Error{ErrorCode::malformed, wanted};
    const std::string wrong =
        set_field(contact, std::string_view(word).substr(0, equals), word.substr(equals + 1));
    if (!wrong.empty()) return Error{ErrorCode::malformed, contact.party + ": " + wrong};
    any = true;
  }
  if (!any) return Error{ErrorCode::malformed, wanted};
  return contact;
}

std::string check_own_contact(std::string& text) {
  const auto contact = parse_own_contact(text);
  return contact ? "" : contact.error().message;
}

void add_own_contact(const std::vector<std::string>& own, Contact& contact) {
  for (const std::string& text : own) {
    const auto known = parse_own_contact(text);
    if (!known || known->party != contact.party) continue;
    for (const auto& [name, member] : fields) {
      const std::string& value = (*known).*member;
      if (!value.empty()) contact.*member = value;
    }
    if (!known->language.empty()) contact.language = known->language;
    if (!known->own_note.empty()) contact.own_note = known->own_note;
    // An address of the operator's own is a way to ask, and he has checked it.
    if (!known->email.empty() || !known->form.empty()) {
      contact.method = known->form.empty() ? "email" : "form";
      contact.sure = true;
    }
    contact.own = true;
  }
}

}  // namespace leumund::config
