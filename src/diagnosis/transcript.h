// The transcript of an SMTP session as a report quotes it ("<<< 550 no"), without what only echoes
// an answer: what the server says next since it has refused all recipients, and the words with
// which sendmail sums a code up ("550 5.1.1 <a@b.example>... User unknown").
//
// Threads: one each.
#pragma once

#include <string>
#include <string_view>

namespace leumund::diagnosis {

// "550 " or "554-": what an answer begins with.
[[nodiscard]] bool answer_at(std::string_view text, std::size_t at);

class Transcript {
 public:
  // Either `text` itself or a copy that lives until the next call.
  [[nodiscard]] std::string_view without_echoes(std::string_view text);

 private:
  std::string kept_;
};

}  // namespace leumund::diagnosis
