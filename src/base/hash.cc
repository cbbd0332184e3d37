#include "base/hash.h"

#include <sodium.h>

#include <cstring>

namespace leumund::base {

HashKey HashKey::random() {
  HashKey key;
  randombytes_buf(key.bytes.data(), key.bytes.size());
  return key;
}

std::uint64_t keyed_hash(const HashKey& key, std::string_view text) {
  std::array<unsigned char, crypto_shorthash_BYTES> out{};
  crypto_shorthash(out.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                   key.bytes.data());
  std::uint64_t value = 0;
  std::memcpy(&value, out.data(), sizeof value);
  return value;
}

struct ContentHash::State {
  crypto_generichash_state blake;
};

ContentHash::ContentHash(const HashKey& key) : key_(key), state_(std::make_unique<State>()) {
  crypto_generichash_init(&state_->blake, key_.bytes.data(), key_.bytes.size(),
                          crypto_generichash_BYTES_MIN);
}
ContentHash::~ContentHash() = default;
ContentHash::ContentHash(ContentHash&&) noexcept = default;
ContentHash& ContentHash::operator=(ContentHash&&) noexcept = default;

void ContentHash::add(std::string_view bytes) {
  crypto_generichash_update(&state_->blake, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

std::uint64_t ContentHash::finish() {
  std::array<unsigned char, crypto_generichash_BYTES_MIN> out{};
  crypto_generichash_final(&state_->blake, out.data(), out.size());
  crypto_generichash_init(&state_->blake, key_.bytes.data(), key_.bytes.size(),
                          crypto_generichash_BYTES_MIN);
  std::uint64_t value = 0;
  std::memcpy(&value, out.data(), sizeof value);
  return value;
}

}  // namespace leumund::base
