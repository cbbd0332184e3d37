#include "fingerprint/words.h"

#include <algorithm>
#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "wire/lookalikes.h"

namespace leumund::fingerprint {
namespace {

enum Class : std::uint8_t { letter = 1, digit = 2, high = 4, at = 8, slash = 16, blank = 32 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0; c < 256; ++c) {
    if (c <= ' ' || c == 0x7F) classes[c] = blank;
    if ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z') classes[c] = letter;
    if (c >= '0' && c <= '9') classes[c] = digit;
    if (c >= 0x80) classes[c] = high;
  }
  classes['@'] = at;
  classes['/'] = slash;
  return classes;
}
constexpr auto classes = make_classes();

std::uint8_t class_of(char c) { return classes[static_cast<unsigned char>(c)]; }

// A digit or sign that stands for a letter, between letters.
char letter_meant(std::uint32_t c) {
  switch (c) {
    case '0': return 'o';
    case '1': return 'l';
    case '3': return 'e';
    case '4': return 'a';
    case '5': return 's';
    case '7': return 't';
    case '8': return 'b';
    case '@': return 'a';
    case '$': return 's';
    default: return 0;
  }
}

// Written without blanks between words: Thai to Khmer, kana, Han, Hangul apart (it has blanks).
bool stands_alone(std::uint32_t point) {
  return (point >= 0x0E00 && point < 0x0F00) || (point >= 0x1000 && point < 0x10A0) ||
         (point >= 0x1780 && point < 0x1800) || (point >= 0x3040 && point < 0x3100) ||
         (point >= 0x3400 && point < 0xA000) || (point >= 0xF900 && point < 0xFB00) ||
         (point >= 0x20000 && point < 0x32000);
}

// Letters beyond ASCII, roughly: what is punctuation or a picture ends a word.
bool is_letter(std::uint32_t point) {
  if (point < 0xC0) return point == 0xAA || point == 0xB5 || point == 0xBA;
  if (point == 0xD7 || point == 0xF7 || point == 0xFFFD) return false;
  if (point >= 0x2000 && point < 0x2C00) return point >= 0x2C00;
  if (point >= 0x3000 && point < 0x3040) return false;
  return !(point >= 0xFE10 && point < 0xFE70) && !(point >= 0xD800 && point < 0xF900) &&
         !(point >= 0x1F000 && point < 0x20000);
}

// Another alphabet: Greek to Georgian and on, Lisu, fullwidth, mathematical. Not accented Latin.
bool foreign(std::uint32_t point) {
  return (point >= 0x370 && point < 0x1D00) || (point >= 0x2C60 && point < 0xA800) ||
         (point >= 0xAB30 && point < 0xAC00) || (point >= 0xFF00 && point < 0xFFF0) ||
         point >= 0x10000;
}

// Not a combining accent and not the soft hyphen, which honest newsletters use.
bool hides(std::uint32_t point) {
  return (point >= 0x200B && point <= 0x200F) || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2060 && point <= 0x2069) || point == 0xFEFF || point == 0x34F ||
         point == 0x180E || (point >= 0xE0000 && point < 0xE0080);
}

bool is_address(std::string_view token) {
  const std::size_t sign = token.find('@');
  return sign != 0 && sign != std::string_view::npos &&
         token.find('.', sign + 2) != std::string_view::npos;
}

bool is_link(std::string_view token) {
  if (token.find("://") != std::string_view::npos) return true;
  const std::size_t begin = token.find_first_of("wW");
  return begin != std::string_view::npos && begin < 3 && token.size() > begin + 6 &&
         (token[begin + 1] | 0x20) == 'w' && (token[begin + 2] | 0x20) == 'w' &&
         token[begin + 3] == '.';
}

}  // namespace

WordReader::WordReader(const base::HashKey& key)
    : secrets_{base::keyed_hash(key, "words/0") | 1U, base::keyed_hash(key, "words/1"),
               base::keyed_hash(key, "words/2")} {}

// Keyed multiplication folded to 64 bits: SipHash for each word would take most of the time, and
// what is hashed here is compared by its lowest values only.
std::uint64_t WordReader::mix(std::uint64_t a, std::uint64_t b) const {
  const auto product = static_cast<unsigned __int128>(a ^ secrets_[1]) * (b ^ secrets_[2]);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t WordReader::hash_word(const Word& word) const {
  std::uint64_t hash = secrets_[0];
  std::uint64_t pack = 0;
  unsigned filled = 0;
  for (std::size_t i = 0; i < word.size; ++i) {
    const std::uint32_t letter_code = word.letters[i];
    const unsigned bits = letter_code < 0x80 ? 8 : 24;
    if (filled + bits > 64) {
      hash = mix(hash, pack);
      pack = 0;
      filled = 0;
    }
    pack |= static_cast<std::uint64_t>(letter_code) << filled;
    filled += bits;
  }
  return mix(hash, pack ^ static_cast<std::uint64_t>(word.size) << 56U);
}

void WordReader::emit(std::uint64_t hash) {
  if ((names_bits_ >> (hash & 63U) & 1U) != 0 &&
      std::binary_search(names_.begin(), names_.end(), hash)) {
    return;
  }
  if (out_->size() < words_max) out_->push_back(hash);
}

void WordReader::emit_letter(char c) {
  if (spaced_size_ == spaced_.size()) end_spaced();
  spaced_[spaced_size_++] = c;
}

void WordReader::end_spaced() {
  const std::size_t count = spaced_size_;
  spaced_size_ = 0;
  Word word;
  const bool one_word = count >= 3;
  for (std::size_t i = 0; i < count; ++i) {
    word.letters[word.size++] = static_cast<unsigned char>(spaced_[i]);
    if (one_word && i + 1 < count) continue;
    emit(hash_word(word));
    word.size = 0;
  }
}

void WordReader::push_letter(Word& word, std::uint32_t code) const {
  if (word.size < word.letters.size()) word.letters[word.size] = code;
  ++word.size;
}

void WordReader::end_word(Word& word) {
  std::size_t size = word.size;
  // Digits at the end are a number behind a name; few between letters stand for letters.
  while (size > 0 && size <= word_letters_max && word.letters[size - 1] < 0x80 &&
         class_of(static_cast<char>(word.letters[size - 1])) == digit) {
    --size;
    --word.digits;
  }
  word.size = size;
  const bool wanted = size > 0 && size <= word_letters_max &&
                      (word.digits == 0 || (word.digits * 3 < size && size > 2));
  if (wanted) {
    for (std::size_t i = 0; i < size && word.digits > 0; ++i) {
      const char meant = letter_meant(word.letters[i]);
      if (meant != 0) word.letters[i] = static_cast<unsigned char>(meant);
    }
    lookalikes_ = lookalikes_ || (word.lookalike && word.plain);
    invisible_ = invisible_ || (word.invisible && word.plain);
    if (size == 1 && word.letters[0] < 0x80) {
      emit_letter(static_cast<char>(word.letters[0]));
    } else {
      if (spaced_size_ != 0) end_spaced();
      emit(hash_word(word));
    }
  }
  word.size = 0;
  word.digits = 0;
  word.plain = word.lookalike = word.invisible = false;
}

// ASCII letters and signs only: most of most texts. Packs as hash_word() does.
void WordReader::read_plain(std::string_view token) {
  std::uint64_t hash = secrets_[0];
  std::uint64_t pack = 0;
  std::size_t size = 0;
  for (std::size_t i = 0; i <= token.size(); ++i) {
    const char c = i < token.size() ? token[i] : ' ';
    if (class_of(c) == letter) {
      if (size != 0 && size % 8 == 0) {
        hash = mix(hash, pack);
        pack = 0;
      }
      pack |= std::uint64_t{static_cast<unsigned char>(c) | 0x20U} << (size % 8 * 8);
      ++size;
      continue;
    }
    if (c == '\'' && size != 0) continue;
    if (size == 1) {
      emit_letter(static_cast<char>(pack));
    } else if (size != 0) {
      if (spaced_size_ != 0) end_spaced();
      if (size <= word_letters_max) {
        emit(mix(hash, pack ^ static_cast<std::uint64_t>(size) << 56U));
      }
    }
    hash = secrets_[0];
    pack = 0;
    size = 0;
  }
}

void WordReader::read_any(std::string_view token) {
  const wire::Lookalikes& table = wire::Lookalikes::table();
  Word word;
  while (!token.empty()) {
    const std::uint32_t point = wire::take_code_point(token);
    if (point < 0x80) {
      const char c = static_cast<char>(point);
      const std::uint8_t kind = class_of(c);
      if (kind == letter) {
        word.plain = true;
        push_letter(word, point | 0x20U);
      } else if (kind == digit || ((c == '@' || c == '$') && word.size != 0 && !token.empty() &&
                                   class_of(token[0]) == letter)) {
        ++word.digits;
        push_letter(word, point);
      } else if (c != '\'' || word.size == 0) {
        end_word(word);
      }
      continue;
    }
    std::uint32_t to = table.fold(point);
    if (to == wire::Lookalikes::ignored) {
      word.invisible = word.invisible || (word.size != 0 && !token.empty() && hides(point));
    } else if ((to & wire::Lookalikes::ascii) != 0) {
      word.lookalike = word.lookalike || foreign(point);
      for (to &= ~wire::Lookalikes::ascii; to != 0; to >>= 8U) {
        const std::uint32_t c = to & 0xFFU;
        if (class_of(static_cast<char>(c)) == digit) ++word.digits;
        push_letter(word, c);
      }
    } else if (stands_alone(to)) {
      end_word(word);
      push_letter(word, to);
      end_word(word);
    } else if (to == 0x2019 && word.size != 0) {
      continue;  // an apostrophe
    } else if (is_letter(to)) {
      push_letter(word, to);
    } else {
      end_word(word);
    }
  }
  end_word(word);
}

#ifdef __SSE2__
// A word of up to 16 letters with nothing but simple signs behind it, at the front of 16 bytes of
// text: most words of most texts. Returns the size of the token, 0 when it is no such word.
std::size_t WordReader::read_common(const char* text) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const auto mask_of = [](__m128i equal) {
    return static_cast<unsigned>(_mm_movemask_epi8(equal));
  };
  const auto within = [](__m128i value, char first, char span) {
    const __m128i offset = _mm_sub_epi8(value, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(span)), offset);
  };
  const auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  const __m128i small = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
  const unsigned letters = mask_of(within(small, 'a', 25));
  const unsigned blanks = mask_of(within(bytes, 0, ' '));
  if (blanks == 0) return 0;
  const auto token = static_cast<unsigned>(std::countr_zero(blanks));
  const auto size = static_cast<unsigned>(std::countr_one(letters));
  const __m128i signs =
      _mm_or_si128(_mm_or_si128(is('@'), is('/')), _mm_or_si128(is('$'), is('\x7f')));
  const unsigned more = letters | mask_of(signs) | mask_of(within(bytes, '0', 9)) |
                        mask_of(bytes);  // the last: beyond ASCII
  if (size == 0 || (more & ((1U << token) - 1U)) >> size != 0) return 0;
  if (size == 1) {
    emit_letter(static_cast<char>(text[0] | 0x20));
    return token;
  }
  if (spaced_size_ != 0) end_spaced();
  std::array<std::uint64_t, 2> pack;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(pack.data()), small);
  std::uint64_t hash = secrets_[0];
  std::uint64_t last = pack[0];
  if (size > 8) {
    hash = mix(hash, pack[0]);
    last = pack[1];
  }
  last &= ~std::uint64_t{0} >> (8 * ((16 - size) % 8));
  emit(mix(hash, last ^ static_cast<std::uint64_t>(size) << 56U));
  return token;
}
#endif

void WordReader::read(std::string_view text, std::vector<std::uint64_t>& words) {
  out_ = &words;
  const std::size_t size = text.size();
  words.reserve(words.size() + std::min(words_max, size / 4 + 16));
  for (std::size_t i = 0; i < size && words.size() < words_max;) {
    while (i < size && class_of(text[i]) == blank) ++i;
#ifdef __SSE2__
    if (i + 16 <= size) {
      const std::size_t token = read_common(text.data() + i);
      if (token != 0) {
        i += token;
        continue;
      }
    }
#endif
    const std::size_t begin = i;
    std::uint8_t seen = 0;
    for (; i < size; ++i) {
      const std::uint8_t kind = class_of(text[i]);
      if (kind == blank) break;
      seen |= kind;
    }
    if ((seen & (letter | high)) == 0) continue;
    const std::string_view token = text.substr(begin, i - begin);
    if ((seen & at) != 0 && is_address(token)) continue;
    if (token.size() > 6 && is_link(token)) continue;
    if ((seen & (high | digit | at)) == 0 && token.find('$') == std::string_view::npos) {
      read_plain(token);
    } else {
      read_any(token);
    }
  }
  end_spaced();
  out_ = nullptr;
}

void WordReader::add_names(std::string_view text) {
  std::vector<std::uint64_t> known;
  known.swap(names_);
  names_bits_ = 0;
  std::vector<std::uint64_t> more;
  read(text, more);
  names_.swap(known);
  names_.insert(names_.end(), more.begin(), more.end());
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
  for (const std::uint64_t name : names_) names_bits_ |= std::uint64_t{1} << (name & 63U);
}

}  // namespace leumund::fingerprint
