// What the writer of a mail wrote himself: without quotes, the replied-to mail below, greeting,
// closing and signature, disclaimers and what programs and lists append.
//
// What is taken away may also be used to hide a text: the caller reads `quoted` and `appended`
// apart, and takes them for the text where nearly nothing is left.
//
// Limits:  signatures up to 15 lines, disclaimers up to 30; beyond it is text again.
// Threads: none of its own; keeps scratch memory.
// Errors:  none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace leumund::fingerprint {

class OwnText {
 public:
  // `text` has "\n" line ends. Replaces what was there.
  void split(std::string_view text);

  [[nodiscard]] const std::string& own() const { return own_; }
  [[nodiscard]] const std::string& quoted() const { return quoted_; }
  // What follows a closing ("Regards,"), above what programs and lists put below.
  [[nodiscard]] const std::string& closing() const { return closing_; }
  // Disclaimers and what stands below "-- " or a rule, where programs and lists put it, as far as
  // it is not known word by word.
  [[nodiscard]] const std::string& appended() const { return appended_; }
  // A "forwarded message" line stood above the quoted text.
  [[nodiscard]] bool forwarded() const { return forwarded_; }

 private:
  void read_lines(std::string_view text);
  // Whether the lines from `at` on begin the mail that was replied to or forwarded.
  [[nodiscard]] bool original_begins(std::size_t at);
  [[nodiscard]] bool patch_begins(std::size_t at) const;
  void quote_rest(std::size_t from);
  void take_own_lines();
  // True where a closing began it, and not "-- ".
  [[nodiscard]] bool cut_signature(std::size_t& end) const;
  void cut_footers(std::size_t begin, std::size_t& end);
  void append_rest(std::size_t from, std::size_t end, std::string& to) const;
  [[nodiscard]] std::string_view without_greeting(std::string_view line) const;

  std::vector<std::string_view> lines_;
  std::vector<std::string_view> kept_;
  std::string small_line_;  // in lower case
  std::string own_;
  std::string quoted_;
  std::string closing_;
  std::string appended_;
  bool forwarded_ = false;
};

}  // namespace leumund::fingerprint
