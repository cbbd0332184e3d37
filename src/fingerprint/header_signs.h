// The headers of one message as they come, and what they say about it: list mail, automatic mail,
// replies, forwards, the script that made it.
//
// Limits:  1,000 fields and as many bytes as begin() allows; beyond them only the first of each
//          name that somebody reads, 4 KiB of it, so that no fields in front hide it. truncated()
//          is true when any was left out.
// Threads: none of its own; keeps its memory.
// Errors:  none.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "model/fingerprint.h"
#include "wire/charset.h"

namespace leumund::fingerprint {

struct Envelope;
struct MailPrint;

class HeaderSigns {
 public:
  // `also_read` are names in lower case, beside those that this room reads; it outlives the
  // message.
  void begin(std::size_t bytes_max, std::span<const std::string> also_read = {});
  // What is kept of the value; nothing when the field is left out.
  std::optional<std::string_view> add(std::string_view name, std::string_view value);

  // Of the first header of that name (lower case); "" when there is none.
  [[nodiscard]] std::string_view raw(std::string_view name) const;
  [[nodiscard]] std::string decoded(std::string_view name);
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::span<const std::pair<std::string, std::string>> all() const { return fields_; }
  [[nodiscard]] std::size_t count() const { return fields_.size(); }
  [[nodiscard]] bool truncated() const { return truncated_; }
  // Names of the headers that the sender's program wrote, in their order; "" for fewer than four.
  [[nodiscard]] std::string order() const;

  // Sets the signs of `print`, and script and forward rule of `out`.
  void take_signs(const Envelope& envelope, std::span<const std::string> identity_headers,
                  model::Fingerprint& print, MailPrint& out) const;

 private:
  [[nodiscard]] bool is_read(std::string_view lower_name) const;
  [[nodiscard]] bool has_place(const std::string& lower_name);
  void take_forward(const Envelope& envelope, model::Fingerprint& print, MailPrint& out) const;
  void take_script(std::span<const std::string> identity_headers, model::Fingerprint& print,
                   MailPrint& out) const;

  wire::CharsetReader charsets_;
  std::vector<std::pair<std::string, std::string>> fields_;  // names in lower case
  std::span<const std::string> also_read_;
  std::unordered_set<std::string> late_;  // over the limits: names that had their place
  std::size_t bytes_left_ = 0;
  bool truncated_ = false;
};

// "33:contact.php" (X-PHP-Originating-Script) to "uid33:contact.php"; other values with the
// header's name before them. At most 300 bytes, without control characters.
[[nodiscard]] std::string script_name(std::string_view header, std::string_view value);

}  // namespace leumund::fingerprint
