// Makes the fingerprint of one message after the other, from headers and pieces of the body as they
// come by. Nothing of the body outlives the next begin().
//
// Flow:    milter or event -> PrintMaker -> MailPrint -> engine.
// Limits:  PrintSettings::limits; what lies beyond is not read, and the sign `truncated` is set.
// Threads: one PrintMaker per thread; it keeps its memory from message to message.
// Errors:  none: every input has a fingerprint.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "fingerprint/mail_class.h"
#include "model/fingerprint.h"
#include "model/mail_event.h"

namespace leumund::fingerprint {

struct PrintLimits {
  std::size_t header_bytes = 256UL * 1024;
  std::size_t encoded_text_bytes = 2UL * 1024 * 1024;  // of one text part, as sent
  std::size_t text_bytes = 512UL * 1024;               // visible text of the message
  std::size_t mime_parts = 20'000;
  std::size_t mime_depth = 1'000;
  std::size_t attachments_reach = static_cast<std::size_t>(-1);  // how far into the body
};

struct PrintSettings {
  PrintLimits limits;
  // Headers that say which local script made the mail; the value becomes the script subject.
  std::vector<std::string> identity_headers = {"X-PHP-Originating-Script"};
  // Hosts whose links lead somewhere else, beside those known (bit.ly, t.co, ...).
  std::vector<std::string> redirectors;
  ClassRules classes = ClassRules::defaults();
};

// What is known beside the message. Views: they must live until finish() returns.
struct Envelope {
  std::string_view account;  // "" for none
  std::string_view script;   // as the caller knows it; "" for none
  std::string_view helo;
  std::optional<std::string_view> sender;  // nothing: not known; "": the null reverse-path
  std::span<const std::string> recipients;
};

struct MailPrint {
  model::Fingerprint print;
  // From an identity header, as a script subject's name: "uid33:contact.php", else "header:VALUE".
  // Anybody may write such a header: believe it where no account logged in.
  std::string script;
  bool forwarded = false;    // redirected by a rule (Resent-*, SRS, envelope no header names)
  std::string forward_rule;  // the address that redirects, as far as it is known
};

class PrintMaker {
 public:
  PrintMaker(PrintSettings settings, const base::HashKey& key);
  ~PrintMaker();
  PrintMaker(PrintMaker&&) noexcept;
  PrintMaker& operator=(PrintMaker&&) noexcept;

  // Forgets the message before, whether it was finished or not.
  void begin(const Envelope& envelope);
  // In the order of the message; `value` as sent, folded and encoded. What is kept of the value
  // until finish(); nothing when the field is left out (HeaderSigns).
  std::optional<std::string_view> header(std::string_view name, std::string_view value);
  // The next bytes of the body, cut anywhere.
  void body(std::string_view bytes);
  // What became known of the envelope while the message came by: before finish().
  void set_envelope(const Envelope& envelope);
  [[nodiscard]] MailPrint finish();

  // After finish(): what the sketch was made of, for marking a template while a case is open.
  // Valid until the next begin().
  [[nodiscard]] std::string_view own_text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The fingerprint of an event: TextKind::unseen when it has neither headers nor body.
[[nodiscard]] MailPrint print_of(const model::Submission& submission, PrintMaker& maker);

// A whole message as it lies in a file, headers and body.
[[nodiscard]] MailPrint print_of_message(std::string_view raw, const Envelope& envelope,
                                         PrintMaker& maker);

}  // namespace leumund::fingerprint
