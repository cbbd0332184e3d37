#include "fingerprint/sketch.h"

#include <algorithm>
#include <limits>

namespace leumund::fingerprint {
namespace {

constexpr std::size_t places = model::Fingerprint::sketch_size;
constexpr unsigned place_shift = 58;
static_assert(std::uint64_t{1} << (64 - place_shift) == places);

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xd6e8feb86659fd93ULL);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace

Sketcher::Sketcher(const base::HashKey& key) : seed_(base::keyed_hash(key, "sketch")) {}

void Sketcher::make_shingles(std::span<const std::uint64_t> words) {
  shingles_.clear();
  const std::size_t count = words.size() < shingle_words ? words.size() : words.size() - 2;
  shingles_.reserve(count);
  if (words.size() < shingle_words) {
    for (const std::uint64_t word : words) shingles_.push_back(word);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    shingles_.push_back(mix(mix(words[i], words[i + 1]), words[i + 2] + 1));
  }
}

void Sketcher::sketch(std::span<const std::uint64_t> words,
                      std::array<std::uint16_t, model::Fingerprint::sketch_size>& out) {
  constexpr auto empty = std::numeric_limits<std::uint64_t>::max();
  out.fill(0);
  if (words.empty()) return;
  make_shingles(words);
  std::array<std::uint64_t, places> lowest;
  lowest.fill(empty);
  std::array<bool, places> open;
  open.fill(true);
  std::size_t left = places;
  // The rounds behind the first `places` fill one place each, so that the end is certain.
  for (std::size_t round = 0; left > 0; ++round) {
    const std::uint64_t salt = mix(seed_, round + 1);
    for (const std::uint64_t shingle : shingles_) {
      const std::uint64_t hash = mix(shingle, salt);
      const std::size_t place = round < places ? hash >> place_shift : round - places;
      const std::uint64_t value = hash << (64 - place_shift) | 1U;
      if (open[place]) lowest[place] = std::min(lowest[place], value);
    }
    for (std::size_t i = 0; i < places; ++i) {
      if (!open[i] || lowest[i] == empty) continue;
      open[i] = false;
      --left;
      out[i] = static_cast<std::uint16_t>(mix(lowest[i], salt) >> 24U);
    }
  }
}

}  // namespace leumund::fingerprint
