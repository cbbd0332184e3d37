// The header lines of a message or of a part of it.
//
// Limits:  the first 1,000 fields and the first 256 KiB of a header; values that are decoded are
//          cut at 16 KiB.
// Errors:  none: what is no header line is skipped.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/charset.h"

namespace leumund::wire {

inline constexpr std::size_t header_fields_read = 1'000;
inline constexpr std::size_t header_bytes_read = 256UL * 1024;
inline constexpr std::size_t header_value_bytes = 16UL * 1024;

struct HeaderField {
  std::string_view name;
  std::string_view value;  // as sent: folded, encoded, without the first blank and the last newline
};

// Owner: views the bytes given to parse().
class HeaderFields {
 public:
  HeaderFields() = default;
  explicit HeaderFields(std::string_view block) { parse(block); }

  // Reads a block of header lines, with or without the empty line behind it.
  void parse(std::string_view block);

  // The value of the first field of that name (in any case); "" when there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] const std::vector<HeaderField>& all() const { return fields_; }

 private:
  std::vector<HeaderField> fields_;
};

// "Name:" at the front, as a header line has it: the size of the name; 0 when it is no header line.
[[nodiscard]] std::size_t header_name_size(std::string_view line);

// The value on one line: folds become one blank, control characters a blank, ends are trimmed.
[[nodiscard]] std::string unfold_header(std::string_view value);

// Unfolds, and decodes the encoded words of RFC 2047, also where they stand in quotes or are broken
// in the middle of a character; bare 8-bit text is read as CharsetReader does.
[[nodiscard]] std::string decode_header(std::string_view value, CharsetReader& charsets);

// "text/plain" of "Text/Plain; charset=x": as sent, without blanks.
[[nodiscard]] std::string_view header_main_value(std::string_view value);

// A parameter (RFC 2045, 2231: continued and percent-encoded ones are put together), unquoted.
[[nodiscard]] std::optional<std::string> header_parameter(std::string_view value,
                                                          std::string_view name);

// Where a mail address stands in a text. What comes back has an "@" and a domain, and no brackets.
struct AddressPlace {
  std::size_t begin = 0;
  std::size_t size = 0;

  [[nodiscard]] std::string_view in(std::string_view text) const {
    return text.substr(begin, size);
  }
};

// The first address at or behind `from`.
[[nodiscard]] std::optional<AddressPlace> find_address(std::string_view text, std::size_t from = 0);

// The address of "Name <a@b.example>", "a@b.example (Name)", "rfc822; a@b.example"; the one in
// angle brackets is preferred; "" when there is none.
[[nodiscard]] std::string address_of(std::string_view value);

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] bool starts_ignoring_case(std::string_view text, std::string_view prefix);
// `lower` is in lower case.
[[nodiscard]] bool contains_ignoring_case(std::string_view text, std::string_view lower);
[[nodiscard]] std::string_view trim_blanks(std::string_view text);

}  // namespace leumund::wire
