// The text of the file of suspended senders: one a line, for people and programs.
//
//     # comments and empty lines stay as they are
//     a@verein.example
//     b@verein.example  external_only  until=2026-12-01T08:00:00Z  # reason, for people
//     script:uid33      no_sending
//     "account:with space@verein.example"  hold
//     "m\xfcller"  # a name that is no UTF-8
//
// A name alone means no_sending until its line goes. A line that cannot be read is kept, told, and
// changes nothing about the subject it names; where nobody can tell whom it names the text
// releases nobody.
//
// Limits:  a line over 4,096 bytes, one with control characters or invalid UTF-8 cannot be read.
// Errors:  none: a line that cannot be read carries its problem.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/restriction.h"
#include "model/subject.h"

namespace leumund::action {

// What a line asks for; the reason is for people and decides nothing.
struct SuspendedEntry {
  model::Level level = model::Level::no_sending;
  std::optional<base::TimePoint> until;  // whole seconds
  std::string reason;

  [[nodiscard]] bool same_measure(const SuspendedEntry& other) const {
    return level == other.level && until == other.until;
  }
};

struct SuspendedLine {
  std::string_view text;                   // as it stands, without the line feed
  std::optional<model::Subject> subject;   // also of a line with a problem, where it can be told
  std::optional<model::Subject> not_text;  // whom its bytes may name, which are no text
  SuspendedEntry entry;
  std::string problem;  // "" for a comment, an empty line, or a good entry
};

struct SuspendedText {
  std::vector<SuspendedLine> lines;  // views into the text given to parse_suspended()
  // The hardest entry of each subject.
  std::map<model::Subject, SuspendedEntry> entries;
  std::map<model::Subject, std::uint64_t> problem_lines;  // subjects left alone, by line number
  std::uint64_t problems = 0;
  std::uint64_t nameless_problems = 0;  // lines that may have named anybody
  std::string first_problem;            // "line 7: ..."
  // Number of the newest decision that the daemon had written when the text was taken from it.
  std::optional<std::uint64_t> as_of;
  bool ends_with_newline = true;  // also of an empty text
  bool blank = true;              // nothing but white space
};

// Owner: the result holds views into `text`.
[[nodiscard]] SuspendedText parse_suspended(std::string_view text);

// One line without the line feed; parse_suspended() reads it back to the same entry.
[[nodiscard]] std::string suspended_line(const model::Subject& subject,
                                         const SuspendedEntry& entry);

// `text` with exactly the entries wanted: lines that say so already stay byte for byte, as do
// comments and lines that cannot be read; new ones are added at the end. A text without any
// comment gets the explanation at its top.
[[nodiscard]] std::string rewrite_suspended(std::string_view text,
                                            const std::map<model::Subject, SuspendedEntry>& wanted,
                                            std::uint64_t as_of);

}  // namespace leumund::action
