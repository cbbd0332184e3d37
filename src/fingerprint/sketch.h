// MinHash over the shingles of a text: the share of equal places in two sketches estimates how much
// the texts have in common.
//
// The sketch is filled in rounds (Dahlgaard, Knudsen, Thorup, "Fast similarity sketching", 2017):
// each shingle is hashed once where a text is long, and a short text still gets 64 places that are
// as independent as those of 64 permutations.
//
// Threads: none of its own; keeps scratch memory.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/hash.h"
#include "model/fingerprint.h"

namespace leumund::fingerprint {

class Sketcher {
 public:
  explicit Sketcher(const base::HashKey& key);

  // `words` in the order of the text; fewer than shingle_words give a sketch of what there is.
  void sketch(std::span<const std::uint64_t> words,
              std::array<std::uint16_t, model::Fingerprint::sketch_size>& out);

  static constexpr std::size_t shingle_words = 3;

 private:
  void make_shingles(std::span<const std::uint64_t> words);

  std::uint64_t seed_;
  std::vector<std::uint64_t> shingles_;
};

}  // namespace leumund::fingerprint
