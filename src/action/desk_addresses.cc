#include "action/desk_addresses.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "base/ascii.h"

namespace leumund::action {
namespace {

constexpr std::size_t quoted_bytes_max = 130;

// Of no person anywhere.
constexpr std::string_view desk_words =
    " abuse allowlist antispam blacklist blacklists blocklist blocked cert complaints "
    "csirt deliverability fbl hostmaster mailabuse mailmaster mailops netabuse noc nospam "
    "postmaster postmasters reputation spam spamreport spamreports ";
// ... and whoever has these takes mail servers off a list: no customer does.
constexpr std::string_view removal_words =
    " deblock deblocking delist delisting dnsbl falsepositive falsepositives rbl removal removals "
    "unblock unblocking unlist whitelist whitelisting ";
// Of no person at a provider.
constexpr std::string_view help_words =
    " admin administrator admins bl block blocking desk email emailadmin feedback filter "
    "fp help helpdesk ipadmin mail mailadmin net netops network operations ops report "
    "reports request requests security sender senders servicedesk support sysadmin team "
    "webmaster ";
// What programs write before an address, without a blank.
constexpr std::string_view address_keys =
    " address contact email e-mail from mail mailto mfrom orig_to rcpt recipient sender "
    "to user ";

bool stands_in(std::string_view words, std::string_view word) {
  return words.contains(fmt::format(" {} ", word));
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool of_local_part(char c) {
  return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.\\").contains(c);
}

bool of_domain(char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; }

// Bytes of the "@" that stands here, also as a web address has it.
std::size_t sign_at(std::string_view text, std::size_t at) {
  if (text[at] == '@') return 1;
  return text.substr(at, 3) == "%40" ? 3 : 0;
}

// Where a local part in quotation marks that begins here ends.
std::optional<std::size_t> quoted_end(std::string_view text, std::size_t at) {
  if (text[at] != '"') return {};
  const std::size_t most = std::min(text.size(), at + quoted_bytes_max);
  for (std::size_t end = at + 1; end < most; ++end) {
    if (text[end] == '\\') {
      ++end;
    } else if (text[end] == '"') {
      const bool local_part = end + 1 < text.size() && sign_at(text, end + 1) > 0;
      return local_part ? std::optional(end + 1) : std::nullopt;
    }
  }
  return {};
}

// Where a value begins in "https://example.org/why?mail=anna" that ends where the text does.
std::size_t value_in_page(std::string_view page) {
  const auto part = page.find_last_of("/?&#;:");
  const std::size_t from = part == std::string_view::npos ? 0 : part + 1;
  const auto equals = page.find('=', from);
  return equals == std::string_view::npos ? from : equals + 1;
}

// Where the local part that ends at `end` begins, not before `least`.
std::size_t local_part_begin(std::string_view text, std::size_t least, std::size_t end) {
  constexpr std::string_view ends_of_word = " \t\r\n<>\"()[],";
  std::size_t from = end;
  while (from > least && of_local_part(text[from - 1])) --from;
  if (from == end) return end;
  std::size_t word = from;
  while (word > least && !ends_of_word.contains(text[word - 1])) --word;
  const std::string_view before = text.substr(word, end - word);
  const bool query = before.find('?') != std::string_view::npos && before.contains('/');
  if (query || before.find("://") != std::string_view::npos) return word + value_in_page(before);
  while (from < end && std::string_view("'`*|{").contains(text[from])) ++from;
  const auto equals = text.substr(from, end - from).find('=');
  if (equals != std::string_view::npos &&
      stands_in(address_keys, base::ascii_lower(text.substr(from, equals)))) {
    from += equals + 1;
    if (text.substr(from, end - from).starts_with("3D")) from += 2;
  }
  return from;
}

std::size_t domain_end(std::string_view text, std::size_t from) {
  if (from < text.size() && text[from] == '[') {
    const auto close = text.find(']', from);
    return close == std::string_view::npos ? text.size() : close + 1;
  }
  std::size_t end = from;
  while (end < text.size() && of_domain(text[end])) ++end;
  while (end > from && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  return end;
}

// Whether all words of the local part are known, one of them at least in one of `wanted`.
bool consists_of(std::string_view local_part, std::initializer_list<std::string_view> wanted) {
  const std::string name = base::ascii_lower(local_part);
  bool found = false;
  for (std::string_view rest = name; !rest.empty();) {
    const auto end = std::min(rest.find_first_of("-_."), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto has = [word](std::string_view words) { return stands_in(words, word); };
    if (!has(desk_words) && !has(removal_words) && !has(help_words)) return false;
    found = found || std::any_of(wanted.begin(), wanted.end(), has);
  }
  return found;
}

}  // namespace

std::string shown_addresses(std::string_view text, const ShowAddress& show, std::string_view mask) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto quoted = quoted_end(text, at);
    const std::size_t sign = quoted.value_or(at);
    const std::size_t sign_bytes = sign_at(text, sign);
    if (sign_bytes == 0) continue;
    const std::size_t from = local_part_begin(text, done, at);
    const std::size_t domain = sign + sign_bytes;
    if (from == sign) continue;
    const std::size_t end = domain_end(text, domain);
    const auto shown = show(base::ascii_lower(text.substr(from, sign - from)),
                            base::ascii_lower(text.substr(domain, end - domain)));
    out += text.substr(done, from - done);
    if (shown == ShownAddress::whole) out += text.substr(from, end - from);
    if (shown == ShownAddress::domain) out.append("...").append(text.substr(sign, end - sign));
    if (shown == ShownAddress::nothing) out += mask;
    done = end;
    at = end - 1;
  }
  return out.append(text.substr(done));
}

bool is_desk_name(std::string_view local_part) {
  return consists_of(local_part, {desk_words, removal_words});
}

bool is_help_name(std::string_view local_part) { return consists_of(local_part, {help_words}); }

bool is_desk_domain(std::string_view domain) {
  const std::string_view first = domain.substr(0, domain.find('.'));
  return last_labels(domain) != domain && (first == "abuse" || first == "postmaster");
}

std::string_view last_labels(std::string_view domain) {
  const auto last = domain.rfind('.');
  if (last == std::string_view::npos || last == 0) return domain;
  const auto before = domain.rfind('.', last - 1);
  return before == std::string_view::npos ? domain : domain.substr(before + 1);
}

bool is_beside(std::string_view desk, std::string_view domain) {
  return desk.contains('@') && last_labels(domain) != domain &&
         base::ascii_lower(desk.substr(desk.find('@') + 1)) == domain;
}

bool is_desk_of(const model::Contact& contact, std::string_view local_part,
                std::string_view domain) {
  if (consists_of(local_part, {removal_words})) return true;
  const std::string address = std::string(local_part) + '@' + std::string(domain);
  bool theirs =
      contact.form.contains(last_labels(domain)) || contact.page.contains(last_labels(domain));
  for (const std::string* known : {&contact.email, &contact.postmaster, &contact.domain}) {
    const std::string name = base::ascii_lower(*known);
    if (name.empty()) continue;
    if (name == address) return true;
    if (is_beside(name, domain) && domain != contact.domain) return true;
    theirs = theirs || last_labels(name.substr(name.find('@') + 1)) == last_labels(domain);
  }
  return theirs && (is_desk_name(local_part) || is_help_name(local_part) || is_desk_domain(domain));
}

std::string without_strangers(std::string_view text, const model::Contact& contact,
                              config::Language language) {
  const auto show = [&](std::string_view local_part, std::string_view domain) {
    return is_desk_of(contact, local_part, domain) ? ShownAddress::whole : ShownAddress::nothing;
  };
  return shown_addresses(text, show, language == config::Language::de ? "[Adresse]" : "[address]");
}

}  // namespace leumund::action
