#include "wire/spf_record.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"

namespace leumund::wire {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t record_bytes_max = 4096;
constexpr std::size_t terms_max = 256;
constexpr std::size_t name_bytes_max = 253;
constexpr std::string_view version = "v=spf1";
constexpr std::string_view macro_letters = "slodiphv";
constexpr std::string_view delimiters = ".-+,/_=";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return base::ascii_lower(c) >= 'a' && base::ascii_lower(c) <= 'z'; }

Error wrong(std::string_view term, std::string_view why) {
  return {ErrorCode::malformed, fmt::format("'{}': {}", term.substr(0, 80), why)};
}

// "%{d2r.}" behind its "%{".
struct Macro {
  char letter = 0;
  bool upper = false;  // URL-escaped
  unsigned keep = 0;   // labels from the right; 0: all
  bool reverse = false;
  std::string splits;  // "" is "."
};

std::optional<Macro> take_macro(std::string_view& rest) {
  const auto end = rest.find('}');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  std::string_view body = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  Macro macro;
  macro.letter = base::ascii_lower(body.front());
  macro.upper = macro.letter != body.front();
  if (!macro_letters.contains(macro.letter)) return std::nullopt;
  body.remove_prefix(1);
  const auto digits = std::min(body.find_first_not_of("0123456789"), body.size());
  if (digits > 0) {
    const auto read = std::from_chars(body.data(), body.data() + digits, macro.keep);
    if (read.ec != std::errc() || macro.keep == 0) return std::nullopt;
    body.remove_prefix(digits);
  }
  if (body.starts_with('r') || body.starts_with('R')) {
    macro.reverse = true;
    body.remove_prefix(1);
  }
  if (body.find_first_not_of(delimiters) != std::string_view::npos) return std::nullopt;
  macro.splits = body;
  return macro;
}

std::string dotted(const base::IpAddress& address) {
  if (address.is_v4()) return address.to_string();
  std::string out;
  for (const std::uint8_t byte : address.bytes()) {
    out += fmt::format("{}{:x}.{:x}", out.empty() ? "" : ".", byte >> 4, byte & 0xf);
  }
  return out;
}

std::string value_of(const Macro& macro, const SpfMacros& macros) {
  const auto at = macros.sender.rfind('@');
  switch (macro.letter) {
    case 's': return macros.sender;
    case 'l': return macros.sender.substr(0, at == std::string::npos ? 0 : at);
    case 'o': return at == std::string::npos ? macros.sender : macros.sender.substr(at + 1);
    case 'd': return macros.domain;
    case 'i': return dotted(macros.address);
    case 'p': return "unknown";
    case 'v': return macros.address.is_v4() ? "in-addr" : "ip6";
    case 'h': return macros.helo;
    default: return {};
  }
}

std::string filled(const Macro& macro, const SpfMacros& macros) {
  const std::string value = value_of(macro, macros);
  std::vector<std::string> parts(1);
  for (const char c : value) {
    if ((macro.splits.empty() ? std::string(".") : macro.splits).contains(c)) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (macro.reverse) std::reverse(parts.begin(), parts.end());
  const std::size_t keep =
      macro.keep == 0 ? parts.size() : std::min<std::size_t>(macro.keep, parts.size());
  std::string out;
  for (std::size_t i = parts.size() - keep; i < parts.size(); ++i) {
    if (i > parts.size() - keep) out += '.';
    for (const char c : parts[i]) {
      const bool plain = is_alpha(c) || is_digit(c) || std::string_view("-._~").contains(c);
      out += macro.upper && !plain ? fmt::format("%{:02X}", static_cast<unsigned char>(c))
                                   : std::string(1, c);
    }
  }
  return out;
}

// "" or what is wrong with a domain-spec.
std::string_view spec_trouble(std::string_view spec) {
  bool ends_in_macro = false;
  std::string_view rest = spec;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    ends_in_macro = false;
    if (c <= 0x20 || c >= 0x7f) return "a byte that no name has";
    if (c != '%') continue;
    if (rest.empty()) return "a lone %";
    const char kind = rest.front();
    rest.remove_prefix(1);
    if (kind == '%' || kind == '_' || kind == '-') continue;
    if (kind != '{' || !take_macro(rest)) return "no macro of the RFC";
    ends_in_macro = true;
  }
  if (ends_in_macro) return "";
  if (spec.ends_with('.')) spec.remove_suffix(1);
  const auto dot = spec.rfind('.');
  const std::string_view top = dot == std::string_view::npos ? "" : spec.substr(dot + 1);
  const bool letters = std::all_of(top.begin(), top.end(),
                                   [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; });
  const bool number = std::all_of(top.begin(), top.end(), is_digit);
  if (top.empty() || !letters || number || top.starts_with('-') || top.ends_with('-')) {
    return "no domain name";
  }
  return "";
}

std::optional<unsigned> bits_of(std::string_view text, unsigned most) {
  unsigned bits = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool padded = text.size() > 1 && text.front() == '0';
  if (text.empty() || padded || read.ec != std::errc() || read.ptr != text.data() + text.size() ||
      bits > most) {
    return std::nullopt;
  }
  return bits;
}

// ":domain/24//64" of a and mx, in any part.
base::Status read_domain_and_bits(std::string_view rest, SpfTerm& term) {
  if (const auto two = rest.find("//"); two != std::string_view::npos) {
    const auto bits = bits_of(rest.substr(two + 2), 128);
    if (!bits) return wrong(term.text, "no prefix length of IPv6");
    term.bits6 = *bits;
    rest = rest.substr(0, two);
  }
  // A slash within a macro is a delimiter.
  const auto slash = rest.rfind('/');
  if (slash != std::string_view::npos && rest.find('}', slash) == std::string_view::npos) {
    const auto bits = bits_of(rest.substr(slash + 1), 32);
    if (!bits) return wrong(term.text, "no prefix length of IPv4");
    term.bits4 = *bits;
    rest = rest.substr(0, slash);
  }
  if (rest.empty()) return {};
  if (!rest.starts_with(':')) return wrong(term.text, "no mechanism of the RFC");
  term.domain = rest.substr(1);
  if (const auto trouble = spec_trouble(term.domain); !trouble.empty()) {
    return wrong(term.text, trouble);
  }
  return {};
}

base::Status read_network(std::string_view rest, SpfTerm& term) {
  const bool wants_v4 = term.kind == SpfKind::ip4;
  const std::string_view text = rest.starts_with(':') ? rest.substr(1) : std::string_view();
  const auto slash = text.find('/');
  const bool bare = text.find_first_not_of("0123456789abcdefABCDEF:./") == std::string_view::npos;
  // "::ffff:192.0.2.1" reads as IPv4 and matches what it says.
  const auto address =
      bare ? base::IpAddress::parse(text.substr(0, slash)) : std::optional<base::IpAddress>();
  const bool spelled_v4 = !text.substr(0, slash).contains(':');
  if (!address || spelled_v4 != wants_v4) return wrong(term.text, "no address");
  unsigned bits = address->is_v4() ? 32 : 128;
  if (slash != std::string_view::npos) {
    const auto told = bits_of(text.substr(slash + 1), wants_v4 ? 32 : 128);
    if (!told) return wrong(term.text, "no prefix length");
    bits = address->is_v4() && !wants_v4 ? (*told < 96 ? 0 : *told - 96) : *told;
  }
  term.network = {address->masked(bits, bits), bits};
  return {};
}

base::Result<SpfTerm> read_mechanism(std::string_view text) {
  SpfTerm term;
  term.text = text;
  constexpr std::string_view qualifiers = "+-~?";
  std::string_view rest = text;
  if (const auto at = qualifiers.find(rest.front()); at != std::string_view::npos) {
    term.qualifier = static_cast<SpfQualifier>(at);
    rest.remove_prefix(1);
  }
  static constexpr std::pair<std::string_view, SpfKind> kinds[] = {
      {"all", SpfKind::all}, {"include", SpfKind::include}, {"a", SpfKind::a},
      {"mx", SpfKind::mx},   {"ptr", SpfKind::ptr},         {"ip4", SpfKind::ip4},
      {"ip6", SpfKind::ip6}, {"exists", SpfKind::exists}};
  const std::string name = base::ascii_lower(rest.substr(0, rest.find_first_of(":/")));
  const auto* known = std::find_if(std::begin(kinds), std::end(kinds),
                                   [&](const auto& kind) { return kind.first == name; });
  if (known == std::end(kinds)) return wrong(text, "no mechanism of the RFC");
  term.kind = known->second;
  rest.remove_prefix(name.size());
  base::Status done;
  switch (term.kind) {
    case SpfKind::all:
      if (!rest.empty()) return wrong(text, "all has nothing behind it");
      break;
    case SpfKind::a:
    case SpfKind::mx: done = read_domain_and_bits(rest, term); break;
    case SpfKind::ip4:
    case SpfKind::ip6: done = read_network(rest, term); break;
    case SpfKind::include:
    case SpfKind::exists:
    case SpfKind::ptr:
      if (rest.empty() && term.kind == SpfKind::ptr) break;
      if (!rest.starts_with(':')) return wrong(text, "no domain is named");
      term.domain = rest.substr(1);
      if (const auto trouble = spec_trouble(term.domain); !trouble.empty()) {
        return wrong(text, trouble);
      }
      break;
  }
  if (!done) return done.error();
  return term;
}

// "redirect=..." and its like; true where the text is a modifier.
base::Result<bool> read_modifier(std::string_view text, SpfRecord& record, bool& explained) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || !is_alpha(text.front())) return false;
  const std::string name = base::ascii_lower(text.substr(0, equals));
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
  });
  if (!is_name) return false;
  const std::string_view value = text.substr(equals + 1);
  if (name == "redirect") {
    if (!record.redirect.empty()) return wrong(text, "redirect= stands twice");
    const auto trouble =
        value.empty() ? std::string_view("no domain is named") : spec_trouble(value);
    if (!trouble.empty()) return wrong(text, trouble);
    record.redirect = value;
  } else if (name == "exp") {
    if (std::exchange(explained, true)) return wrong(text, "exp= stands twice");
  }
  return true;
}

}  // namespace

bool is_spf_record(std::string_view text) {
  if (text.size() < version.size() ||
      base::ascii_lower(text.substr(0, version.size())) != version) {
    return false;
  }
  return text.size() == version.size() || text[version.size()] == ' ';
}

base::Result<SpfRecord> parse_spf_record(std::string_view text) {
  if (!is_spf_record(text)) return Error{ErrorCode::malformed, "it does not begin with v=spf1"};
  if (text.size() > record_bytes_max) {
    return Error{ErrorCode::too_large, fmt::format("it is longer than {} bytes", record_bytes_max)};
  }
  SpfRecord record;
  bool explained = false;
  std::string_view rest = text.substr(version.size());
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.empty()) continue;
    const auto modifier = read_modifier(word, record, explained);
    if (!modifier) return modifier.error();
    if (*modifier) continue;
    if (record.terms.size() == terms_max) {
      return Error{ErrorCode::too_large, fmt::format("it has more than {} terms", terms_max)};
    }
    auto term = read_mechanism(word);
    if (!term) return term.error();
    record.terms.push_back(std::move(*term));
  }
  return record;
}

std::string expand_spf(std::string_view spec, const SpfMacros& macros) {
  std::string out;
  while (!spec.empty() && out.size() <= record_bytes_max) {
    const char c = spec.front();
    spec.remove_prefix(1);
    if (c != '%' || spec.empty()) {
      out += c;
      continue;
    }
    const char kind = spec.front();
    spec.remove_prefix(1);
    if (kind == '%') out += '%';
    if (kind == '_') out += ' ';
    if (kind == '-') out += "%20";
    if (kind != '{') continue;
    if (const auto macro = take_macro(spec)) out += filled(*macro, macros);
  }
  if (out.ends_with('.')) out.pop_back();
  while (out.size() > name_bytes_max) {
    const auto dot = out.find('.');
    if (dot == std::string::npos) return {};
    out.erase(0, dot + 1);
  }
  base::make_ascii_lower(out);
  return out;
}

}  // namespace leumund::wire
