// A domain name as the DNS carries it: labels with their length before them, a zero at the end.
//
// Limits:  255 bytes, labels of 63. Threads: a plain value.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace leumund::wire {

inline constexpr std::size_t dns_name_bytes_max = 255;
inline constexpr std::size_t dns_label_bytes_max = 63;

class DnsName {
 public:
  DnsName() : bytes_(1, '\0') {}  // the root

  // "bl.example", "bl.example.", with "\." and "\046" for bytes that are none of text. Empty labels
  // are dropped and letters become small, as rbldnsd does with the names in its files.
  [[nodiscard]] static std::optional<DnsName> parse(std::string_view text);
  // The bytes of a name that are known to be right.
  [[nodiscard]] static DnsName from_wire(std::string_view bytes);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] bool is_root() const { return bytes_.size() == 1; }
  [[nodiscard]] std::size_t labels() const;
  // Without the final dot; "." for the root.
  [[nodiscard]] std::string to_text() const;
  // Without the final zero, so that two relative names can be joined.
  [[nodiscard]] std::string_view relative_bytes() const {
    return std::string_view(bytes_).substr(0, bytes_.size() - 1);
  }

  auto operator<=>(const DnsName&) const = default;

 private:
  std::string bytes_;
};

// The text of a name in wire form, without the final dot; stops at the zero or at the end.
[[nodiscard]] std::string dns_name_text(std::string_view bytes);

// The letters A to Z small, every other byte as it is.
[[nodiscard]] inline char dns_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace leumund::wire
