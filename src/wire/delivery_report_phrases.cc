#include "wire/delivery_report_phrases.h"

#include <array>
#include <cstdint>
#include <deque>

#include "wire/delivery_report_phrase_words.h"

namespace leumund::wire {
namespace {

struct PhraseEntry {
  Phrase kind;
  std::string_view words;
};

constexpr std::array phrase_kinds = {
    Phrase::failure, Phrase::transcript, Phrase::delay,  Phrase::success, Phrase::returned,
    Phrase::away,    Phrase::automatic,  Phrase::sender, Phrase::list,    Phrase::complaint};

// Classes of bytes: letters of both cases, blanks, other ASCII that occurs in phrases, bytes of
// UTF-8 sequences that occur, and one class for the rest.
class PhraseTable {
 public:
  PhraseTable() {
    for (const Phrase kind : phrase_kinds) {
      for (const std::string_view words : phrase_words(kind)) entries_.push_back({kind, words});
    }
    number_classes();
    grow();
    link();
  }

  template <typename Take>
  void scan(std::string_view text, Take take) const {
    std::uint32_t state = 0;
    bool blank = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const std::uint8_t kind = classes_[static_cast<unsigned char>(text[i])];
      if (kind == blank_class_ && blank) continue;
      blank = kind == blank_class_;
      state = next_[state * class_count_ + kind];
      if (const std::uint32_t kinds = kinds_[state]; kinds != 0) take(kinds, i + 1);
    }
  }

 private:
  void number_classes() {
    classes_.fill(0);
    std::uint8_t next = 1;
    blank_class_ = next++;
    for (const char c : std::string_view(" \t\r\n")) {
      classes_[static_cast<unsigned char>(c)] = blank_class_;
    }
    for (const auto& entry : entries_) {
      for (const char c : entry.words) {
        auto& kind = classes_[static_cast<unsigned char>(c)];
        if (kind != 0) continue;
        kind = next++;
        if (c >= 'a' && c <= 'z') classes_[static_cast<unsigned char>(c) - 0x20] = kind;
      }
    }
    class_count_ = next;
  }

  void grow() {
    next_.assign(class_count_, 0);
    kinds_.assign(1, 0);
    for (const auto& entry : entries_) {
      std::uint32_t state = 0;
      for (const char c : entry.words) {
        const std::size_t place = state * class_count_ + classes_[static_cast<unsigned char>(c)];
        if (next_[place] == 0) {
          next_[place] = static_cast<std::uint16_t>(kinds_.size());
          kinds_.push_back(0);
          next_.resize(next_.size() + class_count_, 0);
        }
        state = next_[place];
      }
      kinds_[state] |= phrase_bit(entry.kind);
    }
  }

  // Aho-Corasick: every missing edge goes where the longest suffix that is a prefix goes.
  void link() {
    std::vector<std::uint16_t> fallback(kinds_.size(), 0);
    std::deque<std::uint16_t> waiting;
    for (std::size_t c = 0; c < class_count_; ++c) {
      if (next_[c] != 0) waiting.push_back(next_[c]);
    }
    while (!waiting.empty()) {
      const std::uint16_t state = waiting.front();
      waiting.pop_front();
      kinds_[state] |= kinds_[fallback[state]];
      for (std::size_t c = 0; c < class_count_; ++c) {
        std::uint16_t& to = next_[state * class_count_ + c];
        const std::uint16_t instead = next_[fallback[state] * class_count_ + c];
        if (to == 0) {
          to = instead;
        } else {
          fallback[to] = instead;
          waiting.push_back(to);
        }
      }
    }
  }

  std::vector<PhraseEntry> entries_;
  std::array<std::uint8_t, 256> classes_{};
  std::uint8_t blank_class_ = 0;
  std::size_t class_count_ = 0;
  std::vector<std::uint16_t> next_;
  std::vector<std::uint32_t> kinds_;
};

// Built once; constant afterwards.
const PhraseTable& phrase_table() {
  static const PhraseTable table;
  return table;
}

}  // namespace

void find_phrases(std::string_view text, std::vector<PhraseHit>& hits) {
  phrase_table().scan(text,
                      [&](std::uint32_t kinds, std::size_t end) { hits.push_back({kinds, end}); });
}

std::uint32_t phrases_in(std::string_view text) {
  std::uint32_t all = 0;
  phrase_table().scan(text, [&](std::uint32_t kinds, std::size_t) { all |= kinds; });
  return all;
}

}  // namespace leumund::wire
