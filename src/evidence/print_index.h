// From the keys of a mail (bands of its sketch, hashes of its facets) to who had them lately: lone
// sightings and clusters, told apart by the caller.
//
// Limits:  buckets of eight places, as many as fit into the bytes given; in a full bucket the entry
//          that was put longest ago goes. An attacker can push entries out, not make it grow.
// Threads: none of its own and no lock.
// Errors:  a key shares 16 bits with about one in eight thousand others: the caller verifies.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace leumund::evidence {

class PrintIndex {
 public:
  using Ref = std::uint32_t;
  static constexpr Ref none = 0;
  static constexpr std::size_t places = 8;

  explicit PrintIndex(std::size_t bytes);

  void put(std::uint64_t key, Ref ref);
  // Moves an entry that is there to the front; false: there is none.
  bool renew(std::uint64_t key, Ref ref);
  // Hands every ref under the key to `visit`, the newest first.
  template <typename Visit>
  void find(std::uint64_t key, Visit&& visit) const {
    const Bucket& bucket = buckets_[key & mask_];
    const auto tag = tag_of(key);
    for (std::size_t i = 0; i < places; ++i) {
      if (bucket.refs[i] != none && bucket.tags[i] == tag) visit(bucket.refs[i]);
    }
  }
  [[nodiscard]] std::size_t bytes() const { return buckets_.size() * sizeof(Bucket); }

 private:
  struct Bucket {
    std::array<Ref, places> refs{};
    std::array<std::uint16_t, places> tags{};
  };
  static std::uint16_t tag_of(std::uint64_t key) { return static_cast<std::uint16_t>(key >> 48); }

  std::vector<Bucket> buckets_;
  std::uint64_t mask_;
};

}  // namespace leumund::evidence
