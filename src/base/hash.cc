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

}  // namespace leumund::base
