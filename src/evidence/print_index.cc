#include "evidence/print_index.h"

#include <algorithm>
#include <bit>

namespace leumund::evidence {

PrintIndex::PrintIndex(std::size_t bytes)
    : buckets_(std::bit_floor(std::max<std::size_t>(16, bytes / sizeof(Bucket)))),
      mask_(buckets_.size() - 1) {}

void PrintIndex::put(std::uint64_t key, Ref ref) {
  Bucket& bucket = buckets_[key & mask_];
  const auto tag = tag_of(key);
  std::size_t place = 0;
  // The same entry again only moves to the front.
  while (place + 1 < places && !(bucket.refs[place] == ref && bucket.tags[place] == tag) &&
         bucket.refs[place] != none) {
    ++place;
  }
  std::move_backward(bucket.refs.begin(), bucket.refs.begin() + static_cast<std::ptrdiff_t>(place),
                     bucket.refs.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  std::move_backward(bucket.tags.begin(), bucket.tags.begin() + static_cast<std::ptrdiff_t>(place),
                     bucket.tags.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  bucket.refs.front() = ref;
  bucket.tags.front() = tag;
}

bool PrintIndex::renew(std::uint64_t key, Ref ref) {
  const Bucket& bucket = buckets_[key & mask_];
  const auto tag = tag_of(key);
  for (std::size_t i = 0; i < places; ++i) {
    if (bucket.refs[i] != ref || bucket.tags[i] != tag) continue;
    put(key, ref);
    return true;
  }
  return false;
}

}  // namespace leumund::evidence
