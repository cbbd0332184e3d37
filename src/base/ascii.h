// ASCII letters in lower case, whatever the locale: host names, header names, mail addresses and
// login names are compared so (RFC 4343 for names, RFC 5321 section 2.4 for domains; local parts by
// custom). Bytes beyond ASCII stay as they are.
#pragma once

#include <string>
#include <string_view>

namespace leumund::base {

[[nodiscard]] constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

inline void make_ascii_lower(std::string& text) {
  for (char& c : text) c = ascii_lower(c);
}

[[nodiscard]] inline std::string ascii_lower(std::string_view text) {
  std::string out(text);
  make_ascii_lower(out);
  return out;
}

}  // namespace leumund::base
