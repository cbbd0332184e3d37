// The words of a text as keyed hashes: in lower case, lookalikes folded, without links, mail
// addresses, numbers, and the names of the people concerned. "V i a g r a" and "v1agra" are
// one word with "viagra"; scripts that put no blanks between words give one word per character.
//
// Limits:  words of over 40 characters are left out; at most `words_max` are read.
// Threads: none of its own; one WordReader per thread.
// Errors:  none: bytes that are no UTF-8 end a word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace leumund::fingerprint {

class WordReader {
 public:
  static constexpr std::size_t words_max = 128UL * 1024;
  static constexpr std::size_t word_letters_max = 40;

  explicit WordReader(const base::HashKey& key);

  // Words that belong to persons, not to the text; they hold until forget_names().
  void add_names(std::string_view text);
  void forget_names() {
    names_.clear();
    names_bits_ = 0;
  }

  // Appends the words of `text` (UTF-8) and remembers what tricks it saw.
  void read(std::string_view text, std::vector<std::uint64_t>& words);

  [[nodiscard]] bool saw_invisible() const { return invisible_; }
  [[nodiscard]] bool saw_lookalikes() const { return lookalikes_; }
  void forget_tricks() { invisible_ = lookalikes_ = false; }

 private:
  struct Word {
    std::array<std::uint32_t, word_letters_max> letters{};
    std::size_t size = 0;  // may exceed the array: then the word is too long
    std::size_t digits = 0;
    bool plain = false;      // has an ASCII letter
    bool lookalike = false;  // has a letter of another alphabet that reads as ASCII
    bool invisible = false;  // has a character that nobody sees, behind a letter
  };

  void read_token(std::string_view token);
  std::size_t read_common(const char* text);
  void read_plain(std::string_view token);
  void read_any(std::string_view token);
  void push_letter(Word& word, std::uint32_t letter) const;
  void end_word(Word& word);
  void emit(std::uint64_t hash);
  void emit_letter(char letter);
  void end_spaced();
  [[nodiscard]] std::uint64_t hash_word(const Word& word) const;
  [[nodiscard]] std::uint64_t mix(std::uint64_t a, std::uint64_t b) const;

  std::array<std::uint64_t, 3> secrets_{};
  std::vector<std::uint64_t> names_;  // sorted
  std::uint64_t names_bits_ = 0;      // the low six bits of each: most words are nobody's name
  std::vector<std::uint64_t>* out_ = nullptr;
  std::array<char, word_letters_max> spaced_{};  // single letters in a row
  std::size_t spaced_size_ = 0;
  bool invisible_ = false;
  bool lookalikes_ = false;
};

}  // namespace leumund::fingerprint
