#include "wire/tag_record.h"

#include <fmt/core.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/trimmed.h"

namespace leumund::wire {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t tags_max = 32;
constexpr std::string_view white = " \t\r\n";

using Tags = std::vector<std::pair<std::string, std::string>>;
using base::trimmed;

base::Result<Tags> read_tags(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return Error{ErrorCode::too_large, fmt::format("it is longer than {} bytes", text_bytes_max)};
  }
  Tags tags;
  while (!trimmed(text).empty()) {
    const auto end = std::min(text.find(';'), text.size());
    const std::string_view part = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) return Error{ErrorCode::malformed, "two semicolons stand side by side"};
    const auto equals = part.find('=');
    const std::string name = base::ascii_lower(trimmed(part.substr(0, equals)));
    if (equals == std::string_view::npos || name.empty()) {
      return Error{ErrorCode::malformed, fmt::format("'{}' is no tag=value", part.substr(0, 60))};
    }
    const auto same = [&](const auto& tag) { return tag.first == name; };
    if (std::any_of(tags.begin(), tags.end(), same)) {
      return Error{ErrorCode::malformed, fmt::format("the tag {} stands twice", name)};
    }
    if (tags.size() == tags_max) return Error{ErrorCode::too_large, "it has too many tags"};
    tags.emplace_back(name, trimmed(part.substr(equals + 1)));
  }
  return tags;
}

std::optional<std::string> tag_of(const Tags& tags, std::string_view name) {
  for (const auto& [key, value] : tags) {
    if (key == name) return value;
  }
  return std::nullopt;
}

// One element of DER: its tag's content; what follows stays in `rest`.
std::optional<std::string_view> take_der(std::string_view& rest, unsigned char tag) {
  if (rest.size() < 2 || static_cast<unsigned char>(rest[0]) != tag) return std::nullopt;
  std::size_t length = static_cast<unsigned char>(rest[1]);
  rest.remove_prefix(2);
  if (length >= 0x80) {
    const std::size_t bytes = length & 0x7f;
    if (bytes == 0 || bytes > 3 || bytes > rest.size()) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      length = length << 8 | static_cast<unsigned char>(rest[i]);
    }
    rest.remove_prefix(bytes);
  }
  if (length > rest.size()) return std::nullopt;
  const std::string_view content = rest.substr(0, length);
  rest.remove_prefix(length);
  return content;
}

// Bits of the modulus of a SubjectPublicKeyInfo, or of a bare RSAPublicKey as some publish it; 0:
// it is none.
unsigned rsa_bits(std::string_view der) {
  constexpr unsigned char integer = 0x02, bit_string = 0x03, sequence = 0x30;
  auto key = take_der(der, sequence);
  if (!key) return 0;
  std::string_view inner = *key;
  if (take_der(inner, sequence)) {
    auto bits = take_der(inner, bit_string);
    if (!bits || bits->empty() || bits->front() != 0) return 0;
    bits->remove_prefix(1);
    key = take_der(*bits, sequence);
    if (!key) return 0;
  }
  auto modulus = take_der(*key, integer);
  if (!modulus || !take_der(*key, integer)) return 0;
  while (!modulus->empty() && modulus->front() == 0) modulus->remove_prefix(1);
  if (modulus->empty()) return 0;
  unsigned bits = static_cast<unsigned>(modulus->size()) * 8;
  for (unsigned top = static_cast<unsigned char>(modulus->front()); top < 0x80; top <<= 1) --bits;
  return bits;
}

std::optional<DmarcPolicy> policy_of(const std::string& text) {
  const std::string word = base::ascii_lower(text);
  if (word == "none") return DmarcPolicy::none;
  if (word == "quarantine") return DmarcPolicy::quarantine;
  if (word == "reject") return DmarcPolicy::reject;
  return std::nullopt;
}

}  // namespace

base::Result<DkimKey> parse_dkim_key(std::string_view text) {
  const auto tags = read_tags(text);
  if (!tags) return tags.error();
  if (const auto version = tag_of(*tags, "v");
      version && (*version != "DKIM1" || tags->front().first != "v")) {
    return Error{ErrorCode::malformed, "v=DKIM1 must stand first"};
  }
  DkimKey key;
  const std::string type = base::ascii_lower(tag_of(*tags, "k").value_or("rsa"));
  key.type = type == "rsa"       ? DkimKeyType::rsa
             : type == "ed25519" ? DkimKeyType::ed25519
                                 : DkimKeyType::other;
  std::string flags = ":" + base::ascii_lower(tag_of(*tags, "t").value_or("")) + ":";
  std::erase_if(flags, [](char c) { return white.contains(c); });
  key.testing = flags.contains(":y:");
  const auto encoded = tag_of(*tags, "p");
  if (!encoded) return Error{ErrorCode::malformed, "it has no key (p=)"};
  key.revoked = encoded->empty();
  if (key.revoked || key.type == DkimKeyType::other) return key;
  std::string bytes(encoded->size(), '\0');
  std::size_t size = 0;
  const int decoded = ::sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()),
                                          bytes.size(), encoded->data(), encoded->size(), " \t\r\n",
                                          &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
  if (decoded != 0) return Error{ErrorCode::malformed, "its key (p=) is no base64"};
  bytes.resize(size);
  constexpr std::size_t ed25519_bytes = 32;
  key.bits = key.type == DkimKeyType::rsa    ? rsa_bits(bytes)
             : bytes.size() == ed25519_bytes ? 256
                                             : 0;
  if (key.bits == 0) return Error{ErrorCode::malformed, "its key (p=) is no key of its type"};
  return key;
}

base::Result<DkimSignature> parse_dkim_signature(std::string_view text) {
  constexpr std::size_t name_bytes_max = 253;
  const auto tags = read_tags(text);
  if (!tags) return tags.error();
  if (tag_of(*tags, "v") != "1") return Error{ErrorCode::malformed, "it has no version (v=1)"};
  for (const std::string_view name : {"a", "b", "bh", "d", "h", "s"}) {
    const auto value = tag_of(*tags, name);
    if (value && !value->empty()) continue;
    return Error{ErrorCode::malformed, fmt::format("it has no {}=", name)};
  }
  std::string fields = ":" + base::ascii_lower(*tag_of(*tags, "h")) + ":";
  std::erase_if(fields, [](char c) { return white.contains(c); });
  if (!fields.contains(":from:")) {
    return Error{ErrorCode::malformed, "the From line is not signed"};
  }
  DkimSignature out{base::ascii_lower(*tag_of(*tags, "d")), base::ascii_lower(*tag_of(*tags, "s")),
                    base::ascii_lower(*tag_of(*tags, "a"))};
  const auto is_name = [](const std::string& name) {
    return name.size() <= name_bytes_max && std::all_of(name.begin(), name.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                    c == '_';
           });
  };
  if (!is_name(out.domain) || !out.domain.contains('.') || !is_name(out.selector)) {
    return Error{ErrorCode::malformed, "its domain or selector is no name"};
  }
  return out;
}

std::string_view dmarc_policy_name(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none: return "none";
    case DmarcPolicy::quarantine: return "quarantine";
    case DmarcPolicy::reject: return "reject";
  }
  return "none";
}

bool is_dmarc_record(std::string_view text) {
  const std::string_view first = trimmed(text.substr(0, text.find(';')));
  const auto equals = first.find('=');
  return equals != std::string_view::npos && trimmed(first.substr(0, equals)) == "v" &&
         trimmed(first.substr(equals + 1)) == "DMARC1";
}

base::Result<DmarcRecord> parse_dmarc_record(std::string_view text) {
  const auto tags = read_tags(text);
  if (!tags) return tags.error();
  if (!is_dmarc_record(text)) {  // receivers want these very letters
    return Error{ErrorCode::malformed, "v=DMARC1 must stand first"};
  }
  DmarcRecord record;
  const auto policy = tag_of(*tags, "p");
  const auto known = policy ? policy_of(*policy) : std::nullopt;
  // RFC 7489, 6.6.3: without a policy that can be read it counts as p=none, if reports are asked
  // for, else not at all.
  if (!known && !tag_of(*tags, "rua")) {
    return Error{ErrorCode::malformed, policy ? "its policy (p=) is none, quarantine or reject"
                                              : "it has no policy (p=)"};
  }
  record.policy = known.value_or(DmarcPolicy::none);
  record.subdomain_policy = policy_of(tag_of(*tags, "sp").value_or("")).value_or(record.policy);
  record.strict_spf = base::ascii_lower(tag_of(*tags, "aspf").value_or("r")) == "s";
  record.strict_dkim = base::ascii_lower(tag_of(*tags, "adkim").value_or("r")) == "s";
  if (const auto percent = tag_of(*tags, "pct")) {
    unsigned value = 0;
    const auto read = std::from_chars(percent->data(), percent->data() + percent->size(), value);
    if (read.ec == std::errc() && read.ptr == percent->data() + percent->size() && value <= 100) {
      record.percent = value;
    }
  }
  return record;
}

}  // namespace leumund::wire
