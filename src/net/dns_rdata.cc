#include "net/dns_rdata.h"

#include <optional>
#include <string>

#include "base/ascii.h"

namespace leumund::net {
namespace {

constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t records_max = 256;

// An uncompressed name, with letters made small. A dot or control character within a label cannot
// stand in a host name: such a name is none.
std::optional<std::string> read_name(std::string_view data) {
  std::string name;
  while (!data.empty()) {
    const auto size = static_cast<unsigned char>(data.front());
    data.remove_prefix(1);
    if (size == 0) return data.empty() ? std::optional(name) : std::nullopt;
    if (size > 63 || size > data.size() || name.size() + size + 1 > name_bytes_max + 1) {
      return std::nullopt;
    }
    if (!name.empty()) name += '.';
    for (const char c : data.substr(0, size)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte <= 0x20 || byte >= 0x7f || c == '.') return std::nullopt;
      name += base::ascii_lower(c);
    }
    data.remove_prefix(size);
  }
  return std::nullopt;  // the root label is missing
}

bool read_text(std::string_view data, DnsAnswer& answer) {
  std::string text;
  while (!data.empty()) {
    const auto size = static_cast<unsigned char>(data.front());
    data.remove_prefix(1);
    if (size > data.size()) return false;
    if (text.size() + size <= text_bytes_max) text += data.substr(0, size);
    data.remove_prefix(size);
  }
  answer.texts.push_back(std::move(text));
  return true;
}

bool read_address(std::string_view data, DnsAnswer& answer) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(data[i]); };
  if (data.size() == 4) {
    answer.addresses.push_back(base::IpAddress::v4(
        static_cast<std::uint32_t>(byte(0)) << 24 | static_cast<std::uint32_t>(byte(1)) << 16 |
        static_cast<std::uint32_t>(byte(2)) << 8 | byte(3)));
    return true;
  }
  if (data.size() != 16) return false;
  std::string text;
  for (std::size_t i = 0; i < 16; i += 2) {
    constexpr std::string_view digits = "0123456789abcdef";
    if (i > 0) text += ':';
    for (const unsigned char part : {byte(i), byte(i + 1)}) {
      text += digits[part >> 4];
      text += digits[part & 0xf];
    }
  }
  const auto address = base::IpAddress::parse(text);
  if (!address) return false;
  answer.addresses.push_back(*address);
  return true;
}

}  // namespace

bool read_rdata(RecordType type, std::string_view data, DnsAnswer& answer) {
  if (answer.addresses.size() + answer.texts.size() + answer.mails.size() >= records_max) {
    return false;
  }
  switch (type) {
    case RecordType::a: return data.size() == 4 && read_address(data, answer);
    case RecordType::aaaa: return data.size() == 16 && read_address(data, answer);
    case RecordType::txt: return read_text(data, answer);
    case RecordType::ptr: {
      const auto name = read_name(data);
      if (name) answer.texts.push_back(*name);
      return name.has_value();
    }
    case RecordType::mx: {
      if (data.size() < 3) return false;
      const auto preference = static_cast<std::uint16_t>(static_cast<unsigned char>(data[0]) << 8 |
                                                         static_cast<unsigned char>(data[1]));
      const auto name = read_name(data.substr(2));
      if (name) answer.mails.emplace_back(preference, *name);
      return name.has_value();
    }
  }
  return false;
}

}  // namespace leumund::net
