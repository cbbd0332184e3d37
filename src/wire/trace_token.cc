#include "wire/trace_token.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/ascii.h"

namespace leumund::wire {
namespace {

constexpr std::string_view version = "v1.";
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t seal_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t fixed_bytes = 9;  // hour, mark, size of the id
constexpr std::size_t padded_to = 16;
constexpr int base64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

using Bytes = std::vector<unsigned char>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// One key for sealing, one for the nonce, neither of them the key that hashes names.
struct Keys {
  std::array<unsigned char, crypto_aead_xchacha20poly1305_ietf_KEYBYTES> seal{};
  std::array<unsigned char, 32> nonce{};

  explicit Keys(const base::HashKey& key) {
    constexpr std::string_view purpose = "leumund trace v1";
    std::array<unsigned char, 64> both{};
    crypto_generichash(both.data(), both.size(), bytes_of(purpose), purpose.size(),
                       key.bytes.data(), key.bytes.size());
    std::copy_n(both.begin(), seal.size(), seal.begin());
    std::copy_n(both.begin() + seal.size(), nonce.size(), nonce.begin());
    sodium_memzero(both.data(), both.size());
  }
};

void put(std::uint32_t value, Bytes& out) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<unsigned char>(value >> shift));
  }
}

std::uint32_t get(std::span<const unsigned char> from) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | from[i];
  return value;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::optional<TraceToken> opened(std::span<const unsigned char> plain) {
  if (plain.size() < fixed_bytes) return std::nullopt;
  TraceToken token;
  token.made_at = base::TimePoint(std::chrono::hours(get(plain)));
  token.recipient_mark = get(plain.subspan(4));
  const std::size_t id_size = plain[8];
  plain = plain.subspan(fixed_bytes);
  if (plain.size() < id_size) return std::nullopt;
  token.id.assign(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(id_size));
  plain = plain.subspan(id_size);
  token.subject.assign(plain.begin(), std::find(plain.begin(), plain.end(), 0));
  return token;
}

}  // namespace

std::string make_trace_token(const base::HashKey& key, const TraceToken& token) {
  if (token.id.size() > 255 || token.subject.empty() || has_control(token.subject) ||
      has_control(token.id)) {
    return {};
  }
  Bytes plain;
  const auto hour = std::chrono::floor<std::chrono::hours>(token.made_at.time_since_epoch());
  put(static_cast<std::uint32_t>(std::max<std::int64_t>(hour.count(), 0)), plain);
  put(token.recipient_mark, plain);
  plain.push_back(static_cast<unsigned char>(token.id.size()));
  plain.insert(plain.end(), token.id.begin(), token.id.end());
  plain.insert(plain.end(), token.subject.begin(), token.subject.end());
  plain.resize((plain.size() + padded_to - 1) / padded_to * padded_to, 0);

  const Keys keys(key);
  Bytes sealed(nonce_bytes + plain.size() + seal_bytes);
  crypto_generichash(sealed.data(), nonce_bytes, plain.data(), plain.size(), keys.nonce.data(),
                     keys.nonce.size());
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + nonce_bytes, &size, plain.data(),
                                             plain.size(), bytes_of(version), version.size(),
                                             nullptr, sealed.data(), keys.seal.data());
  std::string text(sodium_base64_ENCODED_LEN(sealed.size(), base64), '\0');
  sodium_bin2base64(text.data(), text.size(), sealed.data(), sealed.size(), base64);
  text.resize(text.size() - 1);  // the NUL that C wants
  text.insert(0, version);
  return text.size() > trace_token_bytes ? std::string() : text;
}

std::optional<TraceToken> read_trace_token(const base::HashKey& key, std::string_view text) {
  if (text.size() > trace_token_bytes || !text.starts_with(version)) return std::nullopt;
  text.remove_prefix(version.size());
  if (text.size() < nonce_bytes + seal_bytes) return std::nullopt;
  Bytes sealed(text.size());
  std::size_t size = 0;
  if (sodium_base642bin(sealed.data(), sealed.size(), text.data(), text.size(), nullptr, &size,
                        nullptr, base64) != 0) {
    return std::nullopt;
  }
  sealed.resize(size);
  if (sealed.size() < nonce_bytes + seal_bytes) return std::nullopt;
  const Keys keys(key);
  // One more than is needed, so that even an empty text has a place.
  Bytes plain(sealed.size() - nonce_bytes - seal_bytes + 1);
  unsigned long long plain_size = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plain.data(), &plain_size, nullptr, sealed.data() + nonce_bytes,
          sealed.size() - nonce_bytes, bytes_of(version), version.size(), sealed.data(),
          keys.seal.data()) != 0) {
    return std::nullopt;
  }
  return opened({plain.data(), plain_size});
}

std::uint32_t recipient_mark(const base::HashKey& key, std::string_view address,
                             MailDomain domain) {
  const std::string lower = base::ascii_lower(address);
  auto mark = static_cast<std::uint32_t>(base::keyed_hash(key, lower));
  const std::size_t at = lower.rfind('@');
  if (domain == MailDomain::of_one_house && at != std::string::npos) {
    const auto house = static_cast<std::uint32_t>(base::keyed_hash(key, lower.substr(at)));
    mark = (house & 0xFFFF0000U) | (mark & 0xFFFFU);
  }
  return std::max(1U, mark);
}

}  // namespace leumund::wire
