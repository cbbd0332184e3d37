#include "wire/dns_name.h"

#include <fmt/core.h>

namespace leumund::wire {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// One byte of a label at `at`, which moves behind it; -1 for an escape that is none.
int read_byte(std::string_view text, std::size_t& at) {
  const char c = text[at++];
  if (c != '\\') return static_cast<unsigned char>(dns_lower(c));
  if (at == text.size()) return -1;
  if (!digit(text[at])) return static_cast<unsigned char>(dns_lower(text[at++]));
  int number = 0;
  for (int read = 0; read < 3 && at < text.size() && digit(text[at]); ++read) {
    number = number * 10 + (text[at++] - '0');
  }
  return number > 255 ? -1 : static_cast<unsigned char>(dns_lower(static_cast<char>(number)));
}

}  // namespace

std::optional<DnsName> DnsName::parse(std::string_view text) {
  std::string bytes;
  std::string label;
  const auto end_label = [&] {
    if (label.empty()) return true;
    if (label.size() > dns_label_bytes_max) return false;
    bytes += static_cast<char>(label.size());
    bytes += label;
    label.clear();
    return bytes.size() < dns_name_bytes_max;
  };
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '.') {
      ++at;
      if (!end_label()) return std::nullopt;
      continue;
    }
    const int byte = read_byte(text, at);
    if (byte < 0 || label.size() > dns_label_bytes_max) return std::nullopt;
    label += static_cast<char>(byte);
  }
  if (!end_label()) return std::nullopt;
  bytes += '\0';
  return from_wire(bytes);
}

DnsName DnsName::from_wire(std::string_view bytes) {
  DnsName name;
  name.bytes_.assign(bytes);
  return name;
}

std::size_t DnsName::labels() const {
  std::size_t count = 0;
  for (std::size_t at = 0; bytes_[at] != 0;) {
    at += static_cast<unsigned char>(bytes_[at]) + 1U;
    ++count;
  }
  return count;
}

std::string DnsName::to_text() const { return is_root() ? "." : dns_name_text(bytes_); }

std::string dns_name_text(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size() && bytes[at] != 0;) {
    const std::size_t length = static_cast<unsigned char>(bytes[at]);
    if (!text.empty()) text += '.';
    for (const char c : bytes.substr(at + 1, length)) {
      if (c == '.' || c == '\\') {
        text += '\\';
        text += c;
      } else if (c > ' ' && c < 0x7f) {
        text += c;
      } else {
        text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
      }
    }
    at += length + 1;
  }
  return text;
}

}  // namespace leumund::wire
