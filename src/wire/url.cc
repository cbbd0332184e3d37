#include "wire/url.h"

#include <idn2.h>
#include <libpsl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "base/ascii.h"
#include "base/ip_address.h"
#include "wire/mime_encoding.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t link_bytes = 2'048;
constexpr std::size_t host_bytes = 253;
constexpr std::size_t pattern_bytes = 512;
constexpr int unwrap_max = 4;

// Links through these carry their target in a query parameter.
struct Redirector {
  std::string_view host;  // or a domain above it, with "." first
  std::string_view path;  // prefix
  std::string_view parameter;
};
constexpr std::array redirectors = {
    Redirector{"google.", "/url", "q"},
    Redirector{"google.", "/url", "url"},
    Redirector{".facebook.com", "/l.php", "u"},
    Redirector{".instagram.com", "/", "u"},
    Redirector{".safelinks.protection.outlook.com", "/", "url"},
    Redirector{".urldefense.com", "/v1/url", "u"},
    Redirector{".youtube.com", "/redirect", "q"},
    Redirector{".linkedin.com", "/redir/redirect", "url"},
    Redirector{".linkedin.com", "/slink", "url"},
    Redirector{"t.umblr.com", "/redirect", "z"},
    Redirector{"slack-redir.net", "/link", "url"},
    Redirector{".bing.com", "/", "url"},
    Redirector{"away.vk.com", "/", "to"},
    Redirector{"vk.com", "/away.php", "to"},
    Redirector{"steamcommunity.com", "/linkfilter", "url"},
    Redirector{".doubleclick.net", "/", "adurl"},
    Redirector{"deref-gmx.net", "/", "redirectUrl"},
    Redirector{"deref-web.de", "/", "redirectUrl"},
    Redirector{"deref-mail.com", "/", "redirectUrl"},
};

constexpr std::array<std::string_view, 28> shortener_hosts = {
    "bit.ly",  "t.co",   "tinyurl.com", "goo.gl",    "ow.ly",       "is.gd", "buff.ly",
    "cutt.ly", "t.ly",   "rebrand.ly",  "tiny.cc",   "shorturl.at", "rb.gy", "v.gd",
    "adf.ly",  "bl.ink", "snip.ly",     "lnkd.in",   "s.id",        "qr.ae", "j.mp",
    "x.co",    "tr.im",  "bc.vc",       "shrtco.de", "surl.li",     "u.to",  "clck.ru"};

struct Parts {
  std::string host;
  std::string_view path;   // with "/"
  std::string_view query;  // without "?"
};

// 3232235777, 0xC0A80101, 0300.0250.1.1: what inet_aton and browsers take for an address.
std::optional<std::string> old_address(std::string_view host) {
  std::array<std::uint64_t, 4> numbers{};
  std::size_t count = 0;
  while (!host.empty()) {
    if (count == 4) return std::nullopt;
    const std::size_t dot = std::min(host.find('.'), host.size());
    std::string_view part = host.substr(0, dot);
    host.remove_prefix(std::min(dot + 1, host.size()));
    if (part.empty() || part.size() > 12) return std::nullopt;
    std::uint64_t base = 10;
    if (part.size() > 1 && part[0] == '0') {
      base = (part[1] | 0x20) == 'x' ? 16 : 8;
      part.remove_prefix(base == 16 ? 2 : 1);
    }
    std::uint64_t value = 0;
    for (const char c : part) {
      const int digit = hex_digit(c);
      if (digit < 0 || static_cast<std::uint64_t>(digit) >= base) return std::nullopt;
      value = value * base + static_cast<std::uint64_t>(digit);
    }
    numbers[count++] = value;
  }
  if (count == 0) return std::nullopt;
  std::uint64_t address = numbers[count - 1];
  if (address >= std::uint64_t{1} << (8 * (5 - count))) return std::nullopt;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (numbers[i] > 255) return std::nullopt;
    address |= numbers[i] << (8 * (3 - i));
  }
  return base::IpAddress::v4(static_cast<std::uint32_t>(address)).to_string();
}

std::string plain_host(std::string_view raw) {
  std::string host = base::ascii_lower(percent_decoded(raw));
  while (host.ends_with('.')) host.pop_back();
  if (host.empty() || host.size() > host_bytes) return {};
  if (host.front() == '[') {
    const auto address = base::IpAddress::parse(host);
    return address ? address->to_string() : std::string();
  }
  if (const auto address = old_address(host)) return *address;
  const bool ascii = std::ranges::none_of(host, [](char c) { return (c & 0x80) != 0; });
  if (!ascii) {
    char* converted = nullptr;
    const int done =
        idn2_to_ascii_8z(host.c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, void (*)(void*)> owner(converted, idn2_free);
    if (done != IDN2_OK || converted == nullptr) return {};
    host = base::ascii_lower(converted);
  }
  const bool valid = std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  return valid && host.find('.') != std::string::npos && host.front() != '.' ? host : std::string();
}

std::optional<Parts> split_link(std::string_view link) {
  link = trim_blanks(link.substr(0, link_bytes));
  const std::size_t scheme = link.find("://");
  if (scheme != std::string_view::npos && scheme < 8) {
    const std::string_view name = link.substr(0, scheme);
    if (!equal_ignoring_case(name, "http") && !equal_ignoring_case(name, "https") &&
        !equal_ignoring_case(name, "ftp") && !equal_ignoring_case(name, "hxxp") &&
        !equal_ignoring_case(name, "hxxps")) {
      return std::nullopt;
    }
    link.remove_prefix(scheme + 3);
  } else if (link.starts_with("//")) {
    link.remove_prefix(2);
  } else if (link.substr(0, 12).find(':') < link.find_first_of("./?#")) {
    return std::nullopt;  // mailto:, tel:, cid:, javascript:
  }
  while (link.starts_with('/') || link.starts_with('\\')) link.remove_prefix(1);
  const std::size_t end = std::min(link.find_first_of("/?#\\"), link.size());
  std::string_view authority = link.substr(0, end);
  link.remove_prefix(end);
  const std::size_t user = authority.rfind('@');
  if (user != std::string_view::npos) authority.remove_prefix(user + 1);
  const std::size_t port = authority.rfind(':');
  if (port != std::string_view::npos && authority.find(']', port) == std::string_view::npos) {
    authority = authority.substr(0, port);
  }
  Parts parts;
  parts.host = plain_host(authority);
  if (parts.host.empty()) return std::nullopt;
  link = link.substr(0, link.find('#'));
  const std::size_t query = link.find('?');
  parts.path = link.substr(0, query);
  if (query != std::string_view::npos) parts.query = link.substr(query + 1);
  return parts;
}

std::string_view parameter_of(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.starts_with("amp;")) one.remove_prefix(4);
    if (one.size() > name.size() && one[name.size()] == '=' && one.starts_with(name)) {
      return one.substr(name.size() + 1);
    }
  }
  return {};
}

bool host_is(std::string_view host, std::string_view wanted) {
  if (wanted.ends_with('.')) {
    if (host.starts_with("www.")) host.remove_prefix(4);
    return host.starts_with(wanted);
  }
  if (!wanted.starts_with('.')) return host == wanted || host == "www." + std::string(wanted);
  return host.ends_with(wanted) || host == wanted.substr(1);
}

// The target of a link through a known redirector; "" when it is none.
std::string target_of(const Parts& parts) {
  for (const Redirector& redirector : redirectors) {
    if (!host_is(parts.host, redirector.host) || !parts.path.starts_with(redirector.path)) continue;
    const std::string target = percent_decoded(parameter_of(parts.query, redirector.parameter));
    if (target.find("://") < 8) return target;
  }
  // Proofpoint's second version writes "-" for "%" and "_" for "/".
  if ((host_is(parts.host, ".urldefense.proofpoint.com") ||
       host_is(parts.host, ".urldefense.com")) &&
      parts.path.starts_with("/v2/url")) {
    std::string coded(parameter_of(parts.query, "u"));
    std::ranges::replace(coded, '-', '%');
    std::ranges::replace(coded, '_', '/');
    coded = percent_decoded(coded);
    if (coded.find("://") < 8) return coded;
  }
  if (host_is(parts.host, "google.") && parts.path.starts_with("/amp/s/")) {
    return "https://" + std::string(parts.path.substr(7));
  }
  return {};
}

// A piece of a path without what varies: "w" letters, "#" digits, "*" both or long; an extension
// stays.
void append_kind(std::string_view segment, std::string& out) {
  std::string_view extension;
  const std::size_t dot = segment.rfind('.');
  if (dot != std::string_view::npos && dot != 0 && segment.size() - dot <= 6) {
    extension = segment.substr(dot);
    segment = segment.substr(0, dot);
  }
  std::size_t digits = 0;
  std::size_t letters = 0;
  for (const char c : segment) {
    digits += c >= '0' && c <= '9';
    letters += ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c & 0x80) != 0;
  }
  if (segment.empty()) {
    out.push_back('-');
  } else if (letters == 0) {
    out.push_back('#');
  } else {
    out.push_back(digits == 0 && segment.size() <= 24 ? 'w' : '*');
  }
  if (extension.find_first_of("0123456789") == std::string_view::npos)
    out += base::ascii_lower(extension);
}

// Parameters that mailing programs and advertisers add to any link.
bool is_tracking(std::string_view name) {
  return name.starts_with("utm_") || name.starts_with("mc_") || name == "fbclid" ||
         name == "gclid" || name == "msclkid" || name == "yclid" || name == "ref" ||
         name == "_hsenc" || name == "_hsmi" || name == "mkt_tok" || name == "amp" ||
         name == "sa" || name == "ved" || name == "usg" || name == "igshid";
}

std::string pattern_of(const Parts& parts) {
  std::string pattern = parts.host;
  for (std::size_t at = 0; at < parts.path.size() && pattern.size() < pattern_bytes;) {
    const std::size_t end = std::min(parts.path.find('/', at + 1), parts.path.size());
    const std::string_view segment = parts.path.substr(at + 1, end - at - 1);
    at = end;
    if (segment.empty() && at >= parts.path.size()) break;
    pattern.push_back('/');
    append_kind(segment, pattern);
  }
  std::string_view query = parts.query;
  while (!query.empty() && pattern.size() < pattern_bytes) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = one.find('=');
    // A query that is one token has no names.
    const std::string name =
        equals == std::string_view::npos ? "*" : base::ascii_lower(one.substr(0, equals));
    if (!is_tracking(name)) pattern += "?" + name.substr(0, 32);
  }
  return pattern;
}

std::string domain_of(const std::string& host) {
  if (base::IpAddress::parse(host)) return host;
  const char* const domain = psl_registrable_domain(psl_builtin(), host.c_str());
  return domain == nullptr ? host : domain;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::string registrable_domain(const std::string& host) { return domain_of(host); }

bool is_public_suffix(std::string_view host) {
  const std::string name(host.substr(0, host_bytes));
  return psl_is_public_suffix2(psl_builtin(), name.c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) !=
         0;
}

bool has_public_suffix(std::string_view host) {
  const std::string name(host.substr(0, host_bytes));
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return false;
  // An unlisted top level counts as a suffix to libpsl; here it must be a known one.
  return psl_is_public_suffix2(psl_builtin(), name.c_str() + dot + 1,
                               PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0 &&
         psl_registrable_domain(psl_builtin(), name.c_str()) != nullptr;
}

std::optional<LinkView> view_link(std::string_view link, std::span<const std::string> shorteners) {
  std::string owner(link.substr(0, link_bytes));
  auto parts = split_link(owner);
  for (int i = 0; parts && i < unwrap_max; ++i) {
    std::string target = target_of(*parts);
    if (target.empty()) break;
    parts.reset();
    owner.swap(target);
    parts = split_link(owner);
  }
  if (!parts) return std::nullopt;
  LinkView view;
  view.host = parts->host;
  const std::string_view bare =
      view.host.starts_with("www.") ? std::string_view(view.host).substr(4) : view.host;
  const auto is_host = [&](std::string_view known) { return bare == known; };
  view.redirector =
      std::ranges::any_of(shortener_hosts, is_host) || std::ranges::any_of(shorteners, is_host);
  view.domain = domain_of(view.host);
  std::string_view path = parts->path;
  while (path.ends_with('/')) path.remove_suffix(1);
  view.page = std::string(bare) +
              (view.redirector ? std::string(path) : base::ascii_lower(percent_decoded(path)));
  view.pattern = pattern_of(*parts);
  return view;
}

}  // namespace leumund::wire
