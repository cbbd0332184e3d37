// All patterns of the registry compiled into one automaton, and each alone for captures.
//
// Flow:    patterns -> pieces (pattern_split.h); those that stand for few texts are written out
//          (literal_set.h) and found by one automaton, the others by Hyperscan.
//          A pattern with gaps holds when its pieces follow each other in one
//          clause, no further apart than its gaps allow. What decided is found again by RE2, which
//          also tells where it begins.
// Time:    linear in the text, whatever the patterns are.
// Threads: a Scanner is shared and never changes; each thread has a Scratch of its own.
// Errors:  compile() names the pattern that either library refuses.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "diagnosis/text_automaton.h"

struct hs_database;
struct hs_scratch;

namespace re2 {
class RE2;
}

namespace leumund::diagnosis {

struct Match {
  std::uint32_t pattern = 0;
  std::uint32_t end = 0;
  std::uint32_t begin = 0;  // equal to `end` where only locate() can tell
};

class Scanner {
 public:
  class Scratch {
   public:
    explicit Scratch(const Scanner& scanner);
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

   private:
    friend class Scanner;
    // Where the pieces up to this one last followed each other; 0: not yet.
    struct Progress {
      std::uint32_t end = 0;
      std::uint32_t begin = 0;
    };
    hs_scratch* handle_ = nullptr;
    std::vector<Match> text_matches_;
    std::vector<Match> expression_matches_;
    void begin_piece(std::uint32_t piece) {
      if (begun_[piece] == 0) touched_.push_back(piece);
      begun_[piece] = 1;
    }

    std::vector<Progress> progress_;      // per piece of every sequence
    std::vector<std::uint8_t> begun_;     // 1 where there is progress; small enough for the cache
    std::vector<std::uint32_t> touched_;  // those that are not zero
  };

  struct Input {
    std::string re;
    std::string origin;  // for messages: "concept unknown-user" or "provider google"
    std::string sample = {};
    bool masked = false;  // to be matched against the masked text, else the plain one
  };

  static base::Result<std::unique_ptr<Scanner>> compile(std::span<const Input> patterns);
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Appends every match in `text`, ordered by end.
  void scan(std::string_view text, Scratch& scratch, std::vector<Match>& out) const;

  // Where a reported match begins and ends.
  [[nodiscard]] std::pair<std::size_t, std::size_t> locate(const Match& match,
                                                           std::string_view text) const;
  [[nodiscard]] std::size_t pattern_count() const { return patterns_.size(); }
  // Texts that the pieces of all patterns were written out as.
  [[nodiscard]] std::size_t text_count() const { return texts_.size(); }
  // Pieces that could not be written out: with none, a scan is one pass over one table.
  [[nodiscard]] std::size_t expression_count() const { return expressions_.size(); }

 private:
  // What a text or expression of the databases stands for: a pattern, or a piece of a sequence.
  struct Use {
    std::uint32_t pattern = 0;
    std::uint32_t progress = 0;  // 1 + place of this piece in the progress; 0: whole pattern
    std::uint32_t gap_bytes = 0;
    bool first = false;
    bool last = false;
    bool word_begin = false;
    bool word_end = false;
    bool text_begin = false;
    bool text_end = false;
    std::string_view not_in_gap = {};
  };
  struct Uses {  // those of one text or expression
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t least = 0;   // bytes of what matches, at least
    std::uint32_t spread = 0;  // and so many more at most; 0 for a text
  };
  class Builder;
  Scanner();
  void advance(const Use& use, const Uses& form, std::uint32_t end, std::string_view text,
               Scratch& scratch, std::vector<Match>& out) const;

  std::vector<std::unique_ptr<re2::RE2>> patterns_;
  std::vector<Use> uses_;
  // Beside each use the place of the piece before it, or `needs_nothing`: most hits are later
  // pieces of sequences that did not begin, and are passed over without touching the use.
  std::vector<std::uint32_t> piece_before_;
  std::vector<Uses> texts_;        // by index in the automaton
  std::vector<Uses> expressions_;  // by id in the database
  std::vector<std::unique_ptr<std::string>> gap_bytes_sets_;
  std::uint32_t piece_count_ = 0;             // of all sequences
  std::unique_ptr<TextAutomaton> automaton_;  // of texts
  hs_database* database_ = nullptr;           // of expressions; null if there are none
};

}  // namespace leumund::diagnosis
