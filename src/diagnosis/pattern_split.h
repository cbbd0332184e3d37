// Takes a pattern apart at its gaps, so that an automaton needs to look for short pieces only.
//
// "mailbox[^.]{0,40}full|overquota" becomes the plain alternative "overquota" and the sequence
// "mailbox", gap of 40 bytes without a full stop, "full". Many patterns with gaps in one automaton
// multiply its states: compiling them took seconds and a scan ten times as long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::diagnosis {

struct Piece {
  std::string re;
  std::size_t gap_bytes = 0;  // at most so many bytes between the piece before and this one
  std::string not_in_gap;     // bytes that end a clause: the gap must not hold them
};

struct SplitPattern {
  std::string plain;                          // alternatives without gaps, joined; "" if none
  std::vector<std::vector<Piece>> sequences;  // each of two pieces or more, in order
};

// The alternatives at the top level of a pattern.
[[nodiscard]] std::vector<std::string> alternatives_of(std::string_view re);

// Only gaps at the top level of an alternative are taken apart; whatever else stays as it is.
[[nodiscard]] SplitPattern split_pattern(std::string_view re);

}  // namespace leumund::diagnosis
