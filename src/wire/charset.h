// Text of any charset to UTF-8.
//
// Reads what mail really holds: wrong labels, no labels, undefined bytes. ASCII and UTF-8 pass
// without a converter; Latin-1, Windows-1252 and unknown labels are read as Windows-1252 unless the
// bytes are valid UTF-8; the rest goes through iconv. A label of the ISO-2022 family over 8-bit
// bytes is tried as EUC and as the vendor's 8-bit charset, which is what such mail then holds.
//
// Limits:  only charsets of a fixed list are opened, so that a mail cannot choose what is loaded;
//          at most eight converters are kept. Output is at most four times the input.
// Threads: none of its own; one CharsetReader per thread.
// Errors:  none: what cannot be read becomes U+FFFD.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::wire {

class CharsetReader {
 public:
  CharsetReader();
  ~CharsetReader();
  CharsetReader(CharsetReader&&) noexcept;
  CharsetReader& operator=(CharsetReader&&) noexcept;

  // Appends `bytes` as UTF-8. `label` is the charset as the mail names it, in any case, may be "".
  void append_utf8(std::string_view bytes, std::string_view label, std::string& out);

 private:
  struct Converter;
  [[nodiscard]] bool convert(std::string_view bytes, std::string_view iconv_name, bool strict,
                             std::string& out);
  [[nodiscard]] Converter* converter_for(std::string_view iconv_name);

  std::vector<std::unique_ptr<Converter>> converters_;
};

// Appends one character, at most U+10FFFF.
void append_code_point(std::uint32_t point, std::string& out);

// True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] bool valid_utf8(std::string_view bytes);

// Appends `bytes` with every ill-formed sequence as one U+FFFD.
void append_repaired_utf8(std::string_view bytes, std::string& out);

}  // namespace leumund::wire
