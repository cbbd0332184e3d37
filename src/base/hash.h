// Keyed hashing of names and addresses, so that neither a file on disk nor a chosen input tells.
//
// SipHash-2-4 (libsodium crypto_shorthash). The key is made once per installation and kept with
// the state; replay and tests use a fixed one, so that the same input gives the same output.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace leumund::base {

struct HashKey {
  std::array<unsigned char, 16> bytes{};

  // A key from the system's random source.
  [[nodiscard]] static HashKey random();
};

[[nodiscard]] std::uint64_t keyed_hash(const HashKey& key, std::string_view text);

// The same for what comes in pieces, of any length: keyed BLAKE2b (libsodium crypto_generichash).
class ContentHash {
 public:
  explicit ContentHash(const HashKey& key);
  ~ContentHash();
  ContentHash(ContentHash&&) noexcept;
  ContentHash& operator=(ContentHash&&) noexcept;

  void add(std::string_view bytes);
  // Of all that was added; begins anew.
  [[nodiscard]] std::uint64_t finish();

 private:
  struct State;
  HashKey key_;
  std::unique_ptr<State> state_;
};

// Mixes two hashes into one; not commutative.
[[nodiscard]] constexpr std::uint64_t combine_hashes(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2));
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  return x;
}

}  // namespace leumund::base
