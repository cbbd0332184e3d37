#include "diagnosis/name_scan.h"

#include <algorithm>
#include <array>

namespace leumund::diagnosis {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

// Top-level names, besides all of two letters, that a name of only two labels may end in. It keeps
// "refused.please" a pair of words; a name of three labels is a host without this.
constexpr std::array<std::string_view, 44> long_top_level_names = {
    "aero",    "africa",      "app",  "arpa",  "asia",    "biz",    "blog",    "cat",     "cloud",
    "club",    "com",         "coop", "corp",  "dev",     "domain", "edu",     "email",   "eus",
    "example", "gov",         "home", "host",  "hosting", "info",   "int",     "invalid", "lan",
    "local",   "localdomain", "mil",  "mobi",  "name",    "net",    "network", "online",  "org",
    "pro",     "shop",        "site", "swiss", "test",    "world",  "xyz",     "zone"};

bool known_top_level(std::string_view name) {
  return name.size() == 2 || name.starts_with("xn--") ||
         std::binary_search(long_top_level_names.begin(), long_top_level_names.end(), name);
}

}  // namespace

std::size_t url_end(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size()) {
    const char c = text[end];
    if (c == ' ' || c == '<' || c == '>' || c == '"' || c == '\'' || c == ')' || c == ']' ||
        c == '}' || c == '|' || static_cast<unsigned char>(c) >= 0x80) {
      break;
    }
    if ((c == ',' || c == ';') && (end + 1 == text.size() || text[end + 1] == ' ')) break;
    ++end;
  }
  while (end > at && (text[end - 1] == '.' || text[end - 1] == ',' || text[end - 1] == ':' ||
                      text[end - 1] == ';' || text[end - 1] == '!' || text[end - 1] == '?')) {
    --end;
  }
  return end;
}

std::size_t trimmed_end(std::string_view text, std::size_t begin, std::size_t end) {
  while (end > begin && !is_alnum(text[end - 1])) --end;
  return end;
}

std::size_t ipv4_length(std::string_view text, std::size_t begin, std::size_t end) {
  std::size_t i = begin;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (i >= end || text[i] != '.') return 0;
      ++i;
    }
    unsigned value = 0;
    std::size_t digits = 0;
    while (i < end && is_digit(text[i]) && digits < 4) {
      value = value * 10 + static_cast<unsigned>(text[i] - '0');
      ++i;
      ++digits;
    }
    if (digits == 0 || digits > 3 || value > 255) return 0;
  }
  if (i < end && is_alnum(text[i])) return 0;
  if (i + 1 < end && text[i] == '.' && is_digit(text[i + 1])) {
    // five numbers and more are a version or an OID, unless a name follows (a reversed address)
    std::size_t k = i;
    while (k < end && (is_digit(text[k]) || text[k] == '.')) ++k;
    if (k == end || !is_letter(text[k])) return 0;
  }
  return i - begin;
}

std::size_t prefix_length(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size() || text[at] != '/' || !is_digit(text[at + 1])) return 0;
  std::size_t i = at + 1;
  while (i < text.size() && is_digit(text[i])) ++i;
  const std::size_t digits = i - at - 1;
  if (digits > 3 || (i < text.size() && is_alnum(text[i]))) return 0;
  return i - at;
}

std::optional<FoundAddress> find_ipv6(std::string_view text, std::size_t begin, std::size_t end) {
  if (text.substr(begin, end - begin).starts_with("ipv6:")) begin += 5;
  std::size_t at = begin;
  while (at < end && !is_hex(text[at]) && text[at] != ':') ++at;
  std::size_t stop = at;
  while (stop < end && (is_hex(text[stop]) || text[stop] == ':' || text[stop] == '.')) ++stop;
  while (stop > at && text[stop - 1] == '.') --stop;
  if (stop - at < 4 || (at > begin && is_alnum(text[at - 1]))) return std::nullopt;
  if (stop < end && is_alnum(text[stop])) return std::nullopt;
  std::size_t trimmed = stop;
  if (text[trimmed - 1] == ':' && text[trimmed - 2] != ':') --trimmed;
  const auto address = base::IpAddress::parse(text.substr(at, trimmed - at));
  if (!address || address->is_v4()) return std::nullopt;
  return FoundAddress{.begin = static_cast<std::uint32_t>(at),
                      .end = static_cast<std::uint32_t>(trimmed),
                      .address = *address};
}

std::optional<base::IpAddress> find_address(std::string_view text, std::size_t begin,
                                            std::size_t end) {
  for (std::size_t at = begin; at < end; ++at) {
    const bool starts = at == begin || !is_alnum(text[at - 1]);
    if (!starts) continue;
    if (is_digit(text[at]) && (at == begin || text[at - 1] != '.')) {
      const std::size_t length = ipv4_length(text, at, end);
      if (length > 0) return base::IpAddress::parse(text.substr(at, length));
    }
    if (is_hex(text[at])) {
      std::size_t stop = at;
      std::size_t colons = 0;
      while (stop < end && (is_hex(text[stop]) || text[stop] == ':')) {
        colons += text[stop] == ':' ? 1 : 0;
        ++stop;
      }
      if (colons >= 2) {
        if (const auto v6 = find_ipv6(text, at, stop)) return v6->address;
      }
    }
  }
  return std::nullopt;
}

bool looks_like_host(std::string_view word) {
  std::size_t labels = 0;
  std::size_t last = 0;
  for (std::size_t at = 0; at <= word.size();) {
    std::size_t stop = at;
    while (stop < word.size() && word[stop] != '.') {
      const char c = word[stop];
      if (!is_alnum(c) && c != '-' && c != '_') return false;
      ++stop;
    }
    if (stop == at || stop - at > 63) return false;
    last = at;
    ++labels;
    at = stop + 1;
  }
  const std::string_view top = word.substr(last);
  if (labels < 2 || top.size() < 2 || !is_letter(top.front())) return false;
  if (!std::all_of(top.begin(), top.end(), is_letter) && !top.starts_with("xn--")) return false;
  if (known_top_level(top)) return true;
  const auto has_mark = [](std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '-'; });
  };
  return labels >= 3 && (top.size() <= 4 || has_mark(word));
}

base::IpAddress reversed(const base::IpAddress& address) {
  if (!address.is_v4()) return address;
  const std::uint32_t bits = address.v4_bits();
  return base::IpAddress::v4((bits >> 24) | ((bits >> 8) & 0xff00U) | ((bits << 8) & 0xff0000U) |
                             (bits << 24));
}

}  // namespace leumund::diagnosis
