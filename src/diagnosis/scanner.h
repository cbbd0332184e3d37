// All patterns of the registry compiled into one automaton, and each alone for captures.
//
// Flow:    patterns -> Hyperscan database; a scan reports which patterns end where; what decided is
//          then found again by RE2, which also tells where it begins.
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

struct hs_database;
struct hs_scratch;

namespace re2 {
class RE2;
}

namespace leumund::diagnosis {

struct Match {
  std::uint32_t pattern = 0;
  std::uint32_t end = 0;
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
    hs_scratch* handle_ = nullptr;
  };

  struct Input {
    std::string re;
    std::string origin;  // for messages: "unknown-user" or "provider google"
  };

  static base::Result<std::unique_ptr<Scanner>> compile(std::span<const Input> patterns);
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Appends every match in `text`, ordered by end.
  void scan(std::string_view text, Scratch& scratch, std::vector<Match>& out) const;

  // Where the match of one pattern that ends at or after `not_before_end` lies; {0, 0} if nowhere.
  [[nodiscard]] std::pair<std::size_t, std::size_t> locate(std::uint32_t pattern,
                                                           std::string_view text,
                                                           std::size_t not_before_end) const;
  [[nodiscard]] std::size_t pattern_count() const { return patterns_.size(); }

 private:
  Scanner();
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
  hs_database* database_ = nullptr;
};

}  // namespace leumund::diagnosis
