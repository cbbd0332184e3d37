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
  if (words.size() < shingle_words) return;
  shingles_.resize(words.size() - shingle_words + 1);
  for (std::size_t i = 0; i < shingles_.size(); ++i) {
    shingles_[i] = mix(mix(words[i], words[i + 1] ^ seed_), words[i + 2]);
  }
}

void Sketcher::take_phrases(std::span<const std::uint64_t> words, std::uint64_t salt,
                            std::size_t wanted, model::Fingerprint& print) const {
  std::array<std::uint64_t, model::Fingerprint::phrases_max> lowest;  // sorted
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < shingles_.size(); ++i) {
    const std::uint64_t hash = mix(shingles_[i], words[i + 3] ^ seed_ ^ salt);
    if (count == wanted && hash >= lowest[wanted - 1]) continue;
    auto* const end = lowest.begin() + count;
    auto* const at = std::lower_bound(lowest.begin(), end, hash);
    if (at != end && *at == hash) continue;
    if (count < wanted) ++count;
    std::move_backward(at, lowest.begin() + count - 1, lowest.begin() + count);
    *at = hash;
  }
  // The low half: in the high one all are small.
  for (std::size_t i = 0; i < count; ++i) {
    print.phrases[print.phrase_count + i] = static_cast<std::uint32_t>(lowest[i]);
  }
  auto* const end = print.phrases.begin() + print.phrase_count + count;
  std::sort(print.phrases.begin(), end);
  const auto* const last = std::unique(print.phrases.begin(), end);
  print.phrase_count = static_cast<std::uint8_t>(last - print.phrases.begin());
  std::fill(print.phrases.begin() + print.phrase_count, print.phrases.end(), 0U);
}

void Sketcher::fill_sketch(model::Fingerprint& print) const {
  constexpr auto empty = std::numeric_limits<std::uint64_t>::max();
  std::array<std::uint64_t, places> lowest;
  lowest.fill(empty);
  std::array<bool, places> open;
  open.fill(true);
  std::size_t left = places;
  for (std::size_t round = 0; left > 0; ++round) {
    const std::uint64_t salt = mix(seed_, round + 1);
    for (const std::uint64_t shingle : shingles_) {
      const std::uint64_t hash = mix(shingle, salt);
      // The rounds behind the first `places` fill one place each, so that the end is certain.
      const std::size_t place = round < places ? hash >> place_shift : round - places;
      const std::uint64_t value = hash << (64 - place_shift) | 1U;
      if (open[place]) lowest[place] = std::min(lowest[place], value);
    }
    for (std::size_t i = 0; i < places; ++i) {
      if (!open[i] || lowest[i] == empty) continue;
      open[i] = false;
      --left;
      print.sketch[i] = static_cast<std::uint16_t>(mix(lowest[i], salt) >> 24U);
    }
  }
}

void Sketcher::sketch(std::span<const std::uint64_t> text, std::span<const std::uint64_t> own,
                      std::span<const std::uint64_t> below, model::Fingerprint& print) {
  constexpr std::uint64_t salt_below = 0x62656c6f77ULL;
  constexpr std::size_t all = model::Fingerprint::phrases_max;
  print.phrase_count = 0;
  make_shingles(text);
  if (print.has_sketch() && !shingles_.empty()) fill_sketch(print);
  if (own.data() != text.data()) make_shingles(own);
  take_phrases(own, 0, below.empty() ? all : all - below_phrases, print);
  if (below.empty()) return;
  make_shingles(below);
  take_phrases(below, salt_below, all - print.phrase_count, print);
}

}  // namespace leumund::fingerprint
