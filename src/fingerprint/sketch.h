// MinHash over the shingles of a text: the share of equal places in two sketches estimates how much
// the texts have in common. The phrases (bottom-k of longer runs) find what is left of a text that
// was rewritten.
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

  static constexpr std::size_t shingle_words = 3;
  static constexpr std::size_t phrase_words = 4;

  // Of the phrases, if there is text below the writer's own, so many are of it at least.
  static constexpr std::size_t below_phrases = 6;

  // Fills the phrases, and the sketch where `print` is to have one: that is of `text`, the phrases
  // are of `own` (the same, or a part of it) and of `below` (quotations and signatures). Words in
  // the order of the text. Phrases of `below` are others than those of the same words in somebody's
  // own text: who quotes a mail has not written it.
  void sketch(std::span<const std::uint64_t> text, std::span<const std::uint64_t> own,
              std::span<const std::uint64_t> below, model::Fingerprint& print);

 private:
  void make_shingles(std::span<const std::uint64_t> words);
  void take_phrases(std::span<const std::uint64_t> words, std::uint64_t salt, std::size_t wanted,
                    model::Fingerprint& print) const;
  void fill_sketch(model::Fingerprint& print) const;

  std::uint64_t seed_;
  std::vector<std::uint64_t> shingles_;
};

}  // namespace leumund::fingerprint
