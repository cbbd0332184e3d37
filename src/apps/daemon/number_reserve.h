// Keeps decision numbers unique in one installation, also when the store is lost: a number that a
// person has read in a notice ("leumund undo 44") must never come to mean another decision.
//
// Flow:    open() at start -> the first number may be first() + 1; keep_ahead() while it runs;
//          settle() at an orderly end.
// Limits:  the file STATE/decision_number holds one number, `block` above the last one given. An
//          unclean end skips at most that many.
// Time:    passed in; where the file cannot be kept, numbers start from the seconds since 1970
//          instead, so that they still rise from run to run.
// Threads: one.
// Errors:  trouble() says why the file cannot be kept.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace leumund::apps {

class NumberReserve {
 public:
  static constexpr std::uint64_t block = 100;

  // `last` is the highest number that the store knows.
  [[nodiscard]] static NumberReserve open(const std::string& folder, std::uint64_t last,
                                          base::TimePoint now);

  // No number up to this one may be given again.
  [[nodiscard]] std::uint64_t first() const { return first_; }
  // Tells the last number given; writes when half of the block is used.
  void keep_ahead(std::uint64_t last);
  // At the end: nothing was skipped.
  void settle(std::uint64_t last);
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void write(std::uint64_t number);

  std::string path_;
  std::uint64_t first_ = 0;
  std::uint64_t reserved_ = 0;
  std::string trouble_;
};

}  // namespace leumund::apps
