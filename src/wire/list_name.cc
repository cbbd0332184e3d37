#include "wire/list_name.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/ip_address.h"
#include "wire/url.h"

namespace leumund::wire {
namespace {

using base::Error;
using base::ErrorCode;
using model::ListKind;

constexpr std::size_t sha1_letters = 40;
constexpr std::size_t sha256_letters = 52;
constexpr std::size_t shown_most = 80;

// The input as a sentence may show it: it may be anything.
Error malformed(std::string_view text, std::string_view what) {
  std::string shown;
  for (const char c : text.substr(0, shown_most)) shown += c > ' ' && c < 0x7f ? c : '?';
  return {ErrorCode::malformed, fmt::format("\"{}\" {}", shown, what)};
}

bool is_base32(char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); }
bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::string hex_of(const unsigned char* bytes, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += fmt::format("{:02x}", bytes[i]);
  return out;
}

// RFC 4648 without padding, in small letters.
std::string base32_of(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string out;
  unsigned waiting = 0;
  unsigned bits = 0;
  for (std::size_t i = 0; i < size; ++i) {
    waiting = waiting << 8 | bytes[i];
    for (bits += 8; bits >= 5; bits -= 5) out += letters[waiting >> (bits - 5) & 31];
    waiting &= (1U << bits) - 1;
  }
  if (bits > 0) out += letters[waiting << (5 - bits) & 31];
  return out;
}

base::Result<DnsName> digest_name(ListKind kind, std::string_view text) {
  const bool sha1 = kind == ListKind::sha1;
  const std::string small = base::ascii_lower(text);
  const auto all = [&](auto is) { return std::all_of(small.begin(), small.end(), is); };
  const bool digest = sha1 ? small.size() == sha1_letters && all(is_hex)
                           : small.size() == sha256_letters && all(is_base32);
  if (digest) return *DnsName::parse(small);
  const std::size_t at = small.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == small.size()) {
    return malformed(text, sha1 ? "is no mail address and no SHA-1 of one (40 digits)"
                                : "is no mail address and no SHA-256 of one in base32");
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned size = 0;
  if (EVP_Digest(small.data(), small.size(), bytes.data(), &size, sha1 ? EVP_sha1() : EVP_sha256(),
                 nullptr) != 1) {
    return Error{ErrorCode::internal, "the digest cannot be made"};
  }
  return *DnsName::parse(sha1 ? hex_of(bytes.data(), size) : base32_of(bytes.data(), size));
}

base::Result<DnsName> domain_name(std::string_view text, bool registrable) {
  std::string_view whole = text;
  if (whole.ends_with('.')) whole.remove_suffix(1);
  // Whatever a link may hold beside a host is no domain; view_link() would take it away.
  const bool plain = std::none_of(whole.begin(), whole.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f ||
           std::string_view("/\\@:?#%[]").contains(c);
  });
  if (!plain) return malformed(text, "is no domain: write the name alone, like example.org");
  if (is_public_suffix(base::ascii_lower(whole))) {
    return malformed(text,
                     "is a public suffix: who registers a name registers it below this, and "
                     "that is what can be listed, like example.org");
  }
  const auto view = whole.empty() ? std::nullopt : view_link(whole);
  if (!view || base::IpAddress::parse(view->host)) return malformed(text, "is no domain name");
  if (!has_public_suffix(view->host)) {
    return malformed(text,
                     "ends in no public suffix, so nobody can register it (.example and "
                     ".test are for documents): write a name like example.org");
  }
  auto name = DnsName::parse(registrable ? view->domain : view->host);
  if (!name || name->labels() < 2) return malformed(text, "is no domain name");
  return std::move(*name);
}

}  // namespace

base::Result<DnsName> list_name(ListKind kind, std::string_view text, bool registrable) {
  if (text.empty() || text.size() > list_subject_bytes_max) {
    return Error{ErrorCode::malformed, fmt::format("the name has {} bytes, it wants 1 to {}",
                                                   text.size(), list_subject_bytes_max)};
  }
  switch (kind) {
    case ListKind::addresses: return malformed(text, "is no address");
    case ListKind::domains: return domain_name(text, registrable);
    case ListKind::sha1:
    case ListKind::sha256: return digest_name(kind, text);
  }
  return malformed(text, "is of no kind of list");
}

}  // namespace leumund::wire
