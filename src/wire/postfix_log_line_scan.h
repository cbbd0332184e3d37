// Small steps over a log line: each takes its piece off the front of the text or leaves it alone.
//
// Owner: the pieces point into the text.
#pragma once

#include <charconv>
#include <cstring>
#include <string_view>

namespace leumund::wire::log_scan {

[[nodiscard]] inline bool take(std::string_view& text, std::string_view word) {
  if (text.size() < word.size() || std::memcmp(text.data(), word.data(), word.size()) != 0) {
    return false;
  }
  text.remove_prefix(word.size());
  return true;
}

// The text before `mark`, which is taken too; false and nothing taken without a mark.
[[nodiscard]] inline bool take_until(std::string_view& text, char mark, std::string_view& piece) {
  if (text.empty()) return false;
  const void* at = std::memchr(text.data(), mark, text.size());
  if (at == nullptr) return false;
  const auto length = static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
  piece = text.substr(0, length);
  text.remove_prefix(length + 1);
  return true;
}

[[nodiscard]] inline bool take_until(std::string_view& text, std::string_view mark,
                                     std::string_view& piece) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return false;
  piece = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return true;
}

// A decimal number at the front; absent digits or a value too large for T give false.
template <typename T>
[[nodiscard]] bool take_number(std::string_view& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// "name[address]" with an optional ":port" as smtpd names its client.
[[nodiscard]] inline bool take_peer(std::string_view& text, std::string_view& name,
                                    std::string_view& address) {
  std::string_view rest = text;
  if (!take_until(rest, '[', name) || !take_until(rest, ']', address)) return false;
  if (rest.size() > 1 && rest[0] == ':' && rest[1] >= '0' && rest[1] <= '9') {
    rest.remove_prefix(1);
    while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') rest.remove_prefix(1);
  }
  text = rest;
  return true;
}

// An address in angle brackets whose "<" is already taken, up to its ">". A ">" inside a quoted
// local part does not end it; when the quotes do not match, the first ">" does.
[[nodiscard]] inline bool take_address(std::string_view& text, std::string_view& address) {
  const std::size_t end = text.find('>');
  if (end == std::string_view::npos) return false;
  std::size_t close = end;
  const std::size_t quote = text.find('"');
  if (quote < end) {
    bool quoted = false;
    for (std::size_t i = quote; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        quoted = !quoted;
      } else if (text[i] == '>' && !quoted) {
        close = i;
        break;
      }
    }
  }
  address = text.substr(0, close);
  text.remove_prefix(close + 1);
  return true;
}

}  // namespace leumund::wire::log_scan
