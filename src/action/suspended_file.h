// The plain file of suspended senders, kept true both ways.
//
// Flow:    decisions -> set() -> flush() -> file; a person's edit -> poll() -> FileCommand, which
//          the daemon turns into suspend or release with by="file".
// Time:    poll() about every 250 ms: an edit is taken up when two polls in a row see the same
// file,
//          so that a file that is just being written is not taken for finished. One that would
//          release somebody and does not end in a line feed has to stay the same for two seconds.
// Limits:  `bytes_max`; an edit that would release more than `releases_max` at once is not taken.
// Threads: one (`act`).
// Errors:  a file that is gone, unreadable, too large, blank, or not a file releases nobody: it is
//          told (trouble()), and written anew where that is possible. Lines that cannot be read
//          stay and change nothing.
//
// A text tells by its line "# leumund: as of decision N" which decisions its editor has seen. What
// we decided after N is not undone by saving an old text, nor by a kill between journal and file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "action/atomic_file.h"
#include "action/suspended_text.h"
#include "base/result.h"
#include "base/time.h"
#include "model/decision.h"
#include "model/restriction.h"

namespace leumund::action {

struct FileCommand {
  bool suspend = true;             // else release
  model::Restriction restriction;  // of a release only the subject
};

struct SuspendedFileOptions {
  std::string path;
  std::size_t bytes_max = 64 * 1024 * 1024;
  std::size_t releases_max = 100;
};

class SuspendedFile {
 public:
  explicit SuspendedFile(SuspendedFileOptions options) : options_(std::move(options)) {}

  // Decisions of the journal with a higher number, oldest first; none: there are no more.
  using DecisionsAfter = std::function<std::vector<model::Decision>(std::uint64_t number)>;

  // Takes what stands at start and compares it with the file as it was left: edits made while we
  // were away come back as commands. `last_number` is the newest decision of the journal. A line
  // whose subject was released by a decision that the text does not know yet is no edit.
  [[nodiscard]] std::vector<FileCommand> start(std::span<const model::Restriction> standing,
                                               std::uint64_t last_number, base::TimePoint now,
                                               const DecisionsAfter& decisions_after = {});

  // Looks at the file; what a person changed. A line whose end is over is as if it were not there.
  [[nodiscard]] std::vector<FileCommand> poll(base::TimePoint now);

  // A decision: the subject's restriction now, nothing when it is free.
  void set(const model::Subject& subject, const std::optional<model::Restriction>& restriction,
           std::uint64_t decision_number);

  // Writes what set() changed; does nothing while an edit waits to be taken up by poll().
  [[nodiscard]] base::Status flush();

  // What is wrong with the file now, for people; "" when nothing is.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] std::uint64_t edits() const { return edits_; }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Published {
    model::Subject subject;  // as the decision spells it; the key has it in lower case
    SuspendedEntry entry;
    std::uint64_t number = 0;  // decision that put it here; 0 for a line of a person
  };
  [[nodiscard]] std::vector<FileCommand> take_up(SuspendedText text, base::TimePoint now);
  [[nodiscard]] bool believable(const SuspendedText& text, std::size_t releases);
  void complain(std::string trouble, bool until_written);
  void remember_released(std::uint64_t as_of, const DecisionsAfter& decisions_after);

  SuspendedFileOptions options_;
  std::map<model::Subject, Published> entries_;
  std::map<model::Subject, std::uint64_t> removed_;  // by decisions; for texts saved late
  std::uint64_t last_number_ = 0;
  FileIdentity taken_;  // the file as last read or written
  FileIdentity seen_;   // at the last poll
  int same_polls_ = 0;
  bool dirty_ = false;
  std::string trouble_;
  bool trouble_until_written_ = false;
  std::uint64_t edits_ = 0;
  std::uint64_t writes_ = 0;
};

}  // namespace leumund::action
